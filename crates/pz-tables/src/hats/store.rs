//! Where the files of a catalog are: in a directory, or within a container. Must never leave either, whatever name
//! is asked for.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::TableError;
use crate::parquet::ParquetReader;
use crate::recognise::Format;
use crate::statistics::shown;
use crate::unwrap::{OpenContainer, cleaned, is_litter};

/// Most files of a directory, and most directories within each other.
const MAX_FILES: usize = 1_000_000;
const MAX_DEPTH: usize = 32;

/// Files by names relative to one place.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) file_name: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Directory(PathBuf),
    Container(OpenContainer),
}

/// A file: its name and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredFile {
    pub(super) name: String,
    pub(super) bytes: u64,
}

impl Store {
    pub(super) fn directory(path: &Path, file_name: &str) -> Self {
        Self {
            file_name: file_name.to_owned(),
            place: Place::Directory(path.to_owned()),
        }
    }

    pub(super) fn container(container: OpenContainer, file_name: &str) -> Self {
        Self {
            file_name: file_name.to_owned(),
            place: Place::Container(container),
        }
    }

    pub(super) fn broken(&self, reason: impl std::fmt::Display) -> TableError {
        TableError::broken(&self.file_name, Format::Hats, None, reason)
    }

    /// All files, sorted by name, litter left out.
    pub(super) fn list(&self) -> Result<Vec<StoredFile>, TableError> {
        let mut files = match &self.place {
            Place::Directory(path) => self.list_directory(path)?,
            Place::Container(OpenContainer { root, container, .. }) => {
                let below = |name: &str| name.strip_prefix(root.as_str()).map(str::to_owned);
                let files = container.members().iter().filter_map(|member| {
                    let name = below(&member.name)?;
                    Some(StoredFile {
                        name,
                        bytes: member.bytes,
                    })
                });
                files.collect()
            }
        };
        files.retain(|file| !is_litter(&file.name));
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    fn list_directory(&self, top: &Path) -> Result<Vec<StoredFile>, TableError> {
        let io = |source| TableError::io(&self.file_name, source);
        let mut files = Vec::new();
        let mut open = vec![(top.to_owned(), String::new(), 0)];
        while let Some((path, prefix, depth)) = open.pop() {
            for entry in fs_err::read_dir(path).map_err(io)? {
                let entry = entry.map_err(io)?;
                let Ok(name) = entry.file_name().into_string() else {
                    return Err(self.broken("the name of one of its files is not UTF-8"));
                };
                let name = format!("{prefix}{name}");
                let kind = entry.file_type().map_err(io)?;
                if kind.is_dir() {
                    if depth == MAX_DEPTH {
                        let what = "the number of directories within each other";
                        return Err(TableError::limit(&self.file_name, what, MAX_DEPTH.to_string()));
                    }
                    open.push((entry.path(), format!("{name}/"), depth + 1));
                } else if kind.is_file() {
                    let bytes = entry.metadata().map_err(io)?.len();
                    files.push(StoredFile { name, bytes });
                } else if !is_litter(&name) {
                    return Err(self.link(&name));
                }
                if files.len() + open.len() > MAX_FILES {
                    return Err(TableError::limit(
                        &self.file_name,
                        "the number of its files",
                        MAX_FILES.to_string(),
                    ));
                }
            }
        }
        Ok(files)
    }

    fn link(&self, name: &str) -> TableError {
        TableError::OutsideReference {
            file: self.file_name.clone(),
            what: format!("its '{}' is a link or a device", shown(name)),
            remedy: "Put the files themselves there.",
        }
    }

    /// The file called `name`: what it is in, where it begins there, and its size. None when there is none.
    fn find(&self, name: &str) -> Result<Option<(Arc<fs_err::File>, u64, u64)>, TableError> {
        match &self.place {
            Place::Container(OpenContainer {
                file,
                root,
                container,
            }) => {
                let member = container.member(&format!("{root}{name}"));
                Ok(member.map(|member| (file.clone(), member.offset, member.bytes)))
            }
            Place::Directory(top) => {
                let io = |source| TableError::io(&self.file_name, source);
                let mut path = top.clone();
                for part in cleaned(&self.file_name, name)?.split('/') {
                    path.push(part);
                    match fs_err::symlink_metadata(&path) {
                        Ok(metadata) if metadata.is_file() || metadata.is_dir() => {}
                        Ok(_) => return Err(self.link(name)),
                        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                        Err(error) => return Err(io(error)),
                    }
                }
                let file = fs_err::File::open(path).map_err(io)?;
                let bytes = file.metadata().map_err(io)?.len();
                Ok(Some((Arc::new(file), 0, bytes)))
            }
        }
    }

    /// The content of a small file.
    pub(super) fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, TableError> {
        let (file, start, bytes) = self.find(name)?.ok_or_else(|| self.missing(name))?;
        if bytes > most {
            let what = format!("the size of its {}", shown(name));
            return Err(TableError::limit(&self.file_name, &what, format!("{most} bytes")));
        }
        let mut content = vec![0; usize::try_from(bytes).unwrap_or_default()];
        file.file()
            .read_exact_at(&mut content, start)
            .map_err(|source| TableError::io(&self.file_name, source))?;
        Ok(content)
    }

    /// Opens a Parquet file; gives its size, too.
    pub(super) fn parquet(&self, name: &str) -> Result<(ParquetReader, u64), TableError> {
        let (file, start, bytes) = self.find(name)?.ok_or_else(|| self.missing(name))?;
        let label = format!("{}: {}", self.file_name, shown(name));
        Ok((ParquetReader::within(file, start, bytes, &label)?, bytes))
    }

    fn missing(&self, name: &str) -> TableError {
        TableError::StaleLayout {
            file: self.file_name.clone(),
            reason: format!("it has no file {} any more", shown(name)),
        }
    }
}
