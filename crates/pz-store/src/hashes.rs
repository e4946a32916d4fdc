//! The checksums that every blob has, computed together while its bytes pass.

use sha2::{Digest, Sha256};

use crate::blobs::hex;
use crate::staged::PartDigest;

/// SHA-256 and CRC-32 of the bytes so far.
#[derive(Debug, Default)]
pub(crate) struct Hashes {
    sha256: Sha256,
    crc32: crc32fast::Hasher,
}

impl Hashes {
    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.crc32.update(bytes);
    }

    /// The checksums of all bytes added.
    pub(crate) fn finish(self) -> PartDigest {
        PartDigest {
            sha256: hex(&self.sha256.finalize()),
            crc32: self.crc32.finalize(),
        }
    }
}
