//! What is within the archive that a main file was uploaded as. Must never use a name from the archive as a
//! path: what comes out is a blob, under a key made here.

use std::io::Read;
use std::path::Path;

use pz_model::file_name;
use pz_store::entities::product_files;
use pz_store::registration::{ContainerMember, UnwrappedFile};
use pz_tables::unwrap::{Container, Member, UnwrapLimits, Unwrapped};
use pz_tables::{HEAD_BYTES, TableError, child};

use super::registry::child_limits;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Longest name kept, in bytes: a path within an archive.
const NAME_MAX_BYTES: usize = 1024;

/// What a main file is.
pub(super) enum Found {
    /// No archive, or a directory that was unwrapped before.
    AsItIs,
    /// An archive of one table or one catalog: this is what was in it, as a new blob.
    Unwrapped(Box<UnwrappedFile>),
}

/// Unwraps a main file that is an archive or compressed. The archive stays as it is.
///
/// # Errors
/// When storage fails. The inner error says why an archive cannot be unwrapped, or that it cannot be read.
pub(super) async fn main_file(
    state: &AppState,
    file: &product_files::Model,
) -> ApiResult<Result<Found, TableError>> {
    // A directory is a container of ours already.
    if file.is_directory {
        return Ok(Ok(Found::AsItIs));
    }
    match is_wrapping(state, file).await? {
        Ok(true) => {}
        Ok(false) => return Ok(Ok(Found::AsItIs)),
        Err(source) => {
            let file = file.name.clone();
            return Ok(Err(TableError::Io { file, source }));
        }
    }
    let staged = state.store.blobs.stage()?;
    let program = state.tables_program.clone();
    let path = state.store.blobs.local_path(&file.blob_key);
    let name = file.name.clone();
    let limits = child_limits(state);
    let unwrap_limits = UnwrapLimits {
        max_total_bytes: state.settings.unwrap_max_bytes,
        max_ratio: state.settings.unwrap_max_ratio,
        ..UnwrapLimits::default()
    };
    let (staged, result) = tokio::task::spawn_blocking(move || {
        let result = child::unwrap(&program, &path, &name, staged.path(), limits, &unwrap_limits)
            .and_then(|unwrapped| Ok((members(&unwrapped, staged.path(), &name)?, unwrapped)));
        (staged, result)
    })
    .await
    .map_err(ApiError::internal)?;
    let (members, unwrapped) = match result {
        Ok(found) => found,
        Err(reason) => return Ok(Err(reason)),
    };
    let refused = |reason: String| {
        Ok(Err(TableError::NotATable {
            file: file.name.clone(),
            reason,
            line: None,
            byte: None,
        }))
    };
    match unwrapped {
        Unwrapped::Plain => Ok(Ok(Found::AsItIs)),
        Unwrapped::Other { reason } => refused(reason),
        Unwrapped::Table { name, .. } | Unwrapped::Hats { name, .. } if !is_usable(&name) => {
            refused("the name of what is in it cannot be used; give it a shorter, plain one".to_owned())
        }
        Unwrapped::Hats { .. } if members.iter().any(|member| !is_relative(&member.name)) => {
            refused("a name in it leads out of it; pack it again with relative names".to_owned())
        }
        Unwrapped::Table { name, .. } => {
            let (blob, _) = state.store.blobs.adopt(staged, Vec::new()).await?;
            Ok(Ok(Found::Unwrapped(Box::new(UnwrappedFile {
                extension: file_name::stored_extension(&name),
                name,
                size_bytes: blob.size_bytes,
                blob,
                members: None,
            }))))
        }
        Unwrapped::Hats { name, .. } => {
            let parts = members
                .iter()
                .map(|member| member.offset..member.offset.saturating_add(member.bytes))
                .collect();
            let (blob, digests) = state.store.blobs.adopt(staged, parts).await?;
            if members
                .iter()
                .zip(&digests)
                .any(|(member, digest)| member.crc32 != digest.crc32)
            {
                state.store.blobs.remove(&blob.key).await?;
                return Err(ApiError::internal(
                    "an unwrapped catalog was not stored as it was written",
                ));
            }
            let members: Vec<ContainerMember> = members
                .into_iter()
                .zip(digests)
                .map(|(member, digest)| ContainerMember {
                    name: member.name,
                    offset: member.offset,
                    bytes: member.bytes,
                    crc32: member.crc32,
                    sha256: digest.sha256,
                })
                .collect();
            Ok(Ok(Found::Unwrapped(Box::new(UnwrappedFile {
                name,
                extension: String::new(),
                size_bytes: members.iter().map(|member| member.bytes).sum(),
                blob,
                members: Some(members),
            }))))
        }
    }
}

/// The members of a catalog that was unwrapped, in the order of its bytes.
fn members(unwrapped: &Unwrapped, path: &Path, file_name: &str) -> Result<Vec<Member>, TableError> {
    if !matches!(unwrapped, Unwrapped::Hats { .. }) {
        return Ok(Vec::new());
    }
    let mut members = Container::open_as(path, file_name)?.members().to_vec();
    members.sort_by_key(|member| member.offset);
    Ok(members)
}

/// Whether a file may be an archive or compressed, by its first bytes: nearly all are not, and need no process.
async fn is_wrapping(state: &AppState, file: &product_files::Model) -> ApiResult<std::io::Result<bool>> {
    let path = state.store.blobs.local_path(&file.blob_key);
    let name = file.name.clone();
    tokio::task::spawn_blocking(move || {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        fs_err::File::open(path)?
            .take(HEAD_BYTES as u64)
            .read_to_end(&mut head)?;
        // What has no known first bytes may still be a very old tar archive.
        Ok(pz_tables::recognise(&head, &name)
            .known(&name)
            .map_or(true, pz_tables::Format::is_wrapping))
    })
    .await
    .map_err(ApiError::internal)
}

/// A name that can be kept: a relative path of reasonable length.
fn is_usable(name: &str) -> bool {
    name.len() <= NAME_MAX_BYTES && is_relative(name)
}

/// A path that leads downwards only, without anything that an archive or a list of files could trip over.
fn is_relative(name: &str) -> bool {
    !name.contains(|c: char| c.is_control() || c == '\\')
        && name
            .split('/')
            .all(|component| !matches!(component, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_downwards() {
        for good in ["a", "a/b.csv", "dataset/Norder=0/Dir=0/Npix=1.parquet", "ünï cat"] {
            assert!(is_usable(good), "{good}");
        }
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            "./a",
            "a\\b",
            "a\nb",
            &"x".repeat(2000),
        ] {
            assert!(!is_usable(bad), "{bad}");
        }
    }
}
