//! The bytes of one HDF5 file and where its addresses are counted from. Holds the only open file of the reader:
//! must never open another one, and must never allocate by a number of the file that the file itself cannot fill.

use std::cell::Cell;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;

use rust_hdf5::format::btree_v1::BTreeV1Config;
use rust_hdf5::format::messages::superblock_ext::BtreeKMessage;
use rust_hdf5::format::messages::{MSG_BTREE_K, MSG_SHARED_MESSAGE_TABLE};
use rust_hdf5::format::superblock::{SuperblockV0V1, SuperblockV2V3, detect_superblock_version};
use rust_hdf5::format::{BlockReader, FormatContext, FormatError, FormatResult, UNDEF_ADDR};

use super::fault::Fault;
use super::header;

/// Most bytes of one piece of metadata (an object header, a node of an index, a block of a heap).
pub(super) const MAX_PIECE: usize = 16 << 20;

/// Most bytes that one walk through linked metadata may read. A walk that needs more goes in circles.
const MAX_WALK: usize = 64 << 20;

/// Deepest tree of version 2. Real ones have three levels.
const MAX_TREE_DEPTH: u16 = 16;

const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// An open file with the widths of its addresses.
#[derive(Debug)]
pub(super) struct Source {
    file: fs_err::File,
    /// Where the superblock stands; all addresses are relative to it.
    base: u64,
    length: u64,
    pub(super) context: FormatContext,
    pub(super) trees: BTreeV1Config,
    /// Address of the root group's object header, and of its symbol table when the superblock holds it.
    pub(super) root: u64,
    pub(super) root_table: Option<(u64, u64)>,
}

impl Source {
    /// Opens the file, without any lock, and reads its superblock.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let file = fs_err::File::open(path).map_err(Fault::Io)?;
        let length = file.metadata().map_err(Fault::Io)?.len();
        let mut source = Self {
            file,
            base: 0,
            length,
            context: FormatContext::default_v3(),
            trees: BTreeV1Config::default(),
            root: UNDEF_ADDR,
            root_table: None,
        };
        source.base = source.find_superblock()?;
        source.read_superblock()?;
        Ok(source)
    }

    /// Size of the whole file.
    pub(super) fn file_bytes(&self) -> u64 {
        self.length
    }

    /// A block of the user's own may stand in front: the superblock is at 0, 512, 1024, 2048, …
    fn find_superblock(&self) -> Result<u64, Fault> {
        let mut at = 0;
        while at < self.length {
            if self.read_upto(at, SIGNATURE.len())? == SIGNATURE {
                return Ok(at);
            }
            at = if at == 0 { 512 } else { at * 2 };
        }
        Err(Fault::broken("it has no HDF5 signature"))
    }

    fn read_superblock(&mut self) -> Result<(), Fault> {
        let bytes = self.read_upto(0, 1024)?;
        let extension = match detect_superblock_version(&bytes)? {
            0 | 1 => {
                let block = SuperblockV0V1::decode(&bytes)?;
                self.context = FormatContext {
                    sizeof_addr: block.sizeof_offsets,
                    sizeof_size: block.sizeof_lengths,
                };
                self.trees = BTreeV1Config {
                    sym_leaf_k: block.sym_leaf_k,
                    snode_internal_k: block.btree_internal_k,
                    chunk_internal_k: block.indexed_storage_k.unwrap_or(self.trees.chunk_internal_k),
                };
                self.root = block.root_symbol_table_entry.obj_header_addr;
                self.root_table = block.root_symbol_table_entry.cached_symbol_table();
                block.superblock_extension_address
            }
            2 | 3 => {
                let block = SuperblockV2V3::decode(&bytes)?;
                self.context = FormatContext {
                    sizeof_addr: block.sizeof_offsets,
                    sizeof_size: block.sizeof_lengths,
                };
                self.root = block.root_group_object_header_address;
                block.superblock_extension_address
            }
            version => {
                return Err(Fault::broken(format!(
                    "its superblock has the unknown version {version}"
                )));
            }
        };
        if extension != UNDEF_ADDR && extension != 0 && extension < self.length {
            for message in header::read(self, extension)? {
                match message.msg_type {
                    MSG_BTREE_K => {
                        let ranks = BtreeKMessage::decode(&message.data)?;
                        self.trees = BTreeV1Config {
                            sym_leaf_k: ranks.sym_leaf_k,
                            snode_internal_k: ranks.snode_internal_k,
                            chunk_internal_k: ranks.chunk_internal_k,
                        };
                    }
                    MSG_SHARED_MESSAGE_TABLE => {
                        return Err(Fault::unsupported(
                            "a table of shared header messages",
                            "Write the file without shared messages (the default).",
                        ));
                    }
                    _ => {}
                }
            }
        }
        let trees = &self.trees;
        if trees.sym_leaf_k == 0 || trees.snode_internal_k == 0 || trees.chunk_internal_k == 0 {
            return Err(Fault::broken("its superblock gives nodes without entries"));
        }
        Ok(())
    }

    /// The bytes at `address`, `length` of them or as many as the file has.
    pub(super) fn read_upto(&self, address: u64, length: usize) -> Result<Vec<u8>, Fault> {
        let start = self.base.saturating_add(address);
        let left = self.length.saturating_sub(start);
        let length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut bytes = vec![0; length];
        self.file
            .file()
            .read_exact_at(&mut bytes, start)
            .map_err(Fault::Io)?;
        Ok(bytes)
    }

    /// Exactly `length` bytes at `address`.
    pub(super) fn read(&self, address: u64, length: usize) -> Result<Vec<u8>, Fault> {
        self.check(address, length as u64)?;
        self.read_upto(address, length)
    }

    /// Fills `bytes` from `address` on.
    pub(super) fn read_into(&self, address: u64, bytes: &mut [u8]) -> Result<(), Fault> {
        self.check(address, bytes.len() as u64)?;
        let start = self.base.saturating_add(address);
        self.file.file().read_exact_at(bytes, start).map_err(Fault::Io)
    }

    /// That this range lies in the file.
    pub(super) fn check(&self, address: u64, length: u64) -> Result<(), Fault> {
        let end = self
            .base
            .checked_add(address)
            .and_then(|start| start.checked_add(length));
        if address != UNDEF_ADDR && end.is_some_and(|end| end <= self.length) {
            return Ok(());
        }
        Err(Fault::broken(format!(
            "{length} bytes at {address} lie outside the file of {} bytes",
            self.length
        )))
    }

    /// A reader for the crate's own walkers through linked metadata.
    pub(super) fn blocks(&self) -> Blocks<'_> {
        Blocks {
            source: self,
            left: Rc::new(Cell::new(MAX_WALK)),
        }
    }
}

/// Reads blocks of metadata within a budget, so that no circle of addresses goes on for ever.
pub(super) struct Blocks<'a> {
    source: &'a Source,
    left: Rc<Cell<usize>>,
}

impl BlockReader for Blocks<'_> {
    fn read_block(&mut self, offset: u64, length: usize) -> FormatResult<Vec<u8>> {
        let refuse = |reason: String| FormatError::InvalidData(reason);
        if length > MAX_PIECE {
            return Err(refuse(format!("a metadata block of {length} bytes at {offset}")));
        }
        // An empty block would cost nothing and could be asked for without end.
        let cost = length.max(64);
        let left = self
            .left
            .get()
            .checked_sub(cost)
            .ok_or_else(|| refuse("its metadata are larger than any table needs".to_owned()))?;
        self.left.set(left);
        let block = self
            .source
            .read_upto(offset, length)
            .map_err(|fault| refuse(fault.to_string()))?;
        // The depth of a tree is that of the crate's recursion.
        if let (Some(b"BTHD"), Some([low, high])) = (block.get(..4), block.get(12..14)) {
            let depth = u16::from_le_bytes([*low, *high]);
            if depth > MAX_TREE_DEPTH {
                return Err(refuse(format!("a tree of {depth} levels")));
            }
        }
        Ok(block)
    }
}

/// An unsigned little-endian integer of up to eight bytes.
pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .rev()
        .fold(0, |value, byte| (value << 8) | u64::from(*byte))
}
