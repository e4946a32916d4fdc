//! The file and the walk over its header and data units (FITS standard 4.0, sections 3 and 4.4). Must never read
//! beyond the end, nor believe a size before it is compared with the file's.

use std::os::unix::fs::FileExt;
use std::path::Path;

use super::card::{CARD, Header, Value, is_end};
use super::{BLOCK, broken};
use crate::error::TableError;
use crate::reader::ReadOptions;

/// Longest header accepted: 999 columns of a dozen cards each have 1 MB.
const MAX_HEADER: u64 = 16 * 1024 * 1024;

/// Names of tables listed in a message.
const LISTED: usize = 50;

/// A FITS file open for reading.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) file_name: String,
    file: fs_err::File,
    pub(super) length: u64,
}

impl SourceFile {
    pub(super) fn open(path: &Path, file_name: &str) -> Result<Self, TableError> {
        let io = |source| TableError::io(file_name, source);
        let file = fs_err::File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        Ok(Self {
            file_name: file_name.to_owned(),
            file,
            length,
        })
    }

    /// Fills `buffer` from offset `start`.
    pub(super) fn read(&self, start: u64, buffer: &mut [u8]) -> Result<(), TableError> {
        self.file
            .file()
            .read_exact_at(buffer, start)
            .map_err(|source| TableError::io(&self.file_name, source))
    }

    pub(super) fn broken(&self, reason: impl std::fmt::Display) -> TableError {
        broken(&self.file_name, None, reason)
    }
}

/// What an HDU holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An image, random groups, or an extension of an unknown kind.
    Image,
    /// A binary table.
    Binary,
    /// An ASCII table.
    Ascii,
}

/// One header and data unit.
#[derive(Debug)]
pub(super) struct Hdu {
    pub(super) number: u64,
    pub(super) kind: Kind,
    pub(super) header: Header,
    pub(super) header_start: u64,
    pub(super) data_start: u64,
    /// Offset behind the data, without padding.
    pub(super) data_end: u64,
}

impl Hdu {
    /// Reads the header at `header_start`; none when no header starts there.
    pub(super) fn read(
        source: &SourceFile,
        number: u64,
        header_start: u64,
    ) -> Result<Option<Self>, TableError> {
        let first: &[u8] = if number == 0 { b"SIMPLE  =" } else { b"XTENSION=" };
        let Some((bytes, data_start)) = header_bytes(source, header_start, first)? else {
            return Ok(None);
        };
        let header = Header::parse(&bytes);
        let in_hdu = |reason: String| source.broken(format!("in the header of HDU {number} {reason}"));
        let kind = kind(number, &header);
        let size = data_bytes(&header).map_err(in_hdu)?;
        let data_end = data_start
            .checked_add(size)
            .filter(|end| end.checked_add(BLOCK).is_some())
            .ok_or_else(|| in_hdu(format!("the data have {size} bytes, more than any file")))?;
        Ok(Some(Self {
            number,
            kind,
            header,
            header_start,
            data_start,
            data_end,
        }))
    }

    /// The name, or the number of an HDU without one.
    fn name(&self) -> String {
        match self.header.text("EXTNAME") {
            Some(name) => name.trim().to_owned(),
            None => self.number.to_string(),
        }
    }

    pub(super) fn is_table(&self) -> bool {
        self.kind != Kind::Image
    }

    /// All its data are in the file.
    fn check_complete(&self, source: &SourceFile) -> Result<(), TableError> {
        if self.data_end <= source.length {
            return Ok(());
        }
        Err(source.broken(format!(
            "HDU {} ends at byte {} and the file at byte {}, so it was cut off",
            self.number, self.data_end, source.length
        )))
    }
}

/// The cards before END and the offset of the data; none when another card than `first` comes first.
fn header_bytes(source: &SourceFile, start: u64, first: &[u8]) -> Result<Option<(Vec<u8>, u64)>, TableError> {
    let mut bytes = Vec::new();
    let mut block = [0u8; BLOCK as usize];
    let mut at = start;
    loop {
        // The last block of a file may lack its padding.
        let length = source.length.saturating_sub(at).min(BLOCK) as usize;
        let part = block.get_mut(..length).unwrap_or_default();
        source.read(at, part)?;
        if at == start && !part.starts_with(first) {
            return Ok(None);
        }
        for card in part.chunks(CARD) {
            if is_end(card) {
                return Ok(Some((bytes, at + BLOCK)));
            }
            bytes.extend_from_slice(card);
        }
        at += BLOCK;
        if at >= source.length {
            return Err(source.broken(format!(
                "the header that starts at byte {start} has no END, so the file was cut off at byte {}",
                source.length
            )));
        }
        if at - start > MAX_HEADER {
            return Err(source.broken(format!(
                "the header that starts at byte {start} has no END within {MAX_HEADER} bytes"
            )));
        }
    }
}

fn kind(number: u64, header: &Header) -> Kind {
    match header.text("XTENSION") {
        // A compressed image comes as a table of its tiles.
        Some("BINTABLE" | "A3DTABLE") if number > 0 && !header.is_true("ZIMAGE") => Kind::Binary,
        Some("TABLE") if number > 0 => Kind::Ascii,
        _ => Kind::Image,
    }
}

/// A size or a count: not negative and within 64 bits.
pub(super) fn size(header: &Header, keyword: &str) -> Result<Option<u64>, String> {
    let Some(number) = header.integer(keyword)? else {
        return Ok(None);
    };
    u64::try_from(number)
        .map(Some)
        .map_err(|_| format!("{keyword} = {number} is not a size"))
}

/// Bytes of the data: |BITPIX| / 8 × GCOUNT × (PCOUNT + NAXIS1 × NAXIS2 × …), section 4.4.1.2 and for random
/// groups, whose NAXIS1 is 0, section 6.1.2.
fn data_bytes(header: &Header) -> Result<u64, String> {
    let bits = header.integer("BITPIX")?.ok_or("there is no BITPIX")?;
    if ![8, 16, 32, 64, -32, -64].contains(&bits) {
        return Err(format!("BITPIX = {bits} is none of 8, 16, 32, 64, -32, -64"));
    }
    let axes = size(header, "NAXIS")?.ok_or("there is no NAXIS")?;
    if axes > 999 {
        return Err(format!("NAXIS = {axes} is above 999"));
    }
    let groups = header.is_true("GROUPS") && header.integer("NAXIS1")? == Some(0);
    let mut elements = u64::from(axes > 0);
    for axis in 1..=axes {
        let keyword = format!("NAXIS{axis}");
        let length = size(header, &keyword)?.ok_or_else(|| format!("there is no {keyword}"))?;
        if !(groups && axis == 1) {
            elements = elements.checked_mul(length).ok_or("the axes are too long")?;
        }
    }
    let parameters = size(header, "PCOUNT")?.unwrap_or(0);
    let count = size(header, "GCOUNT")?.unwrap_or(1);
    elements
        .checked_add(parameters)
        .and_then(|elements| elements.checked_mul(count))
        .and_then(|elements| elements.checked_mul(bits.unsigned_abs() as u64 / 8))
        .ok_or_else(|| "the data have more bytes than any file".to_owned())
}

/// The table that `options` asks for: by name, else by the number of the HDU, else the first.
pub(super) fn find_table(source: &SourceFile, options: &ReadOptions) -> Result<Hdu, TableError> {
    let (mut number, mut start) = (0, 0);
    let mut names: Vec<String> = Vec::new();
    let mut tables = 0usize;
    let mut by_number = None;
    loop {
        let Some(hdu) = Hdu::read(source, number, start)? else {
            if number == 0 {
                return Err(source.broken("it does not start with the card 'SIMPLE  ='"));
            }
            // Special records may follow the last HDU (section 3.5); so may anything else.
            break;
        };
        let padded = hdu.data_end.div_ceil(BLOCK) * BLOCK;
        if hdu.is_table() {
            tables += 1;
            match &options.table {
                None => return wanted(source, hdu),
                Some(name) if hdu.name().eq_ignore_ascii_case(name.trim()) => return wanted(source, hdu),
                Some(name) => {
                    if names.len() < LISTED {
                        names.push(hdu.name());
                    }
                    if name.trim() == number.to_string() {
                        by_number = Some(hdu);
                    }
                }
            }
        } else {
            hdu.check_complete(source)?;
        }
        number += 1;
        start = padded;
        if start >= source.length {
            break;
        }
    }
    match (by_number, &options.table) {
        (Some(hdu), _) => wanted(source, hdu),
        (None, Some(table)) if tables > 0 => {
            let more = tables.saturating_sub(names.len());
            let mut tables = names.join(", ");
            if more > 0 {
                tables.push_str(&format!(" and {more} more"));
            }
            Err(TableError::NoSuchTable {
                file: source.file_name.clone(),
                table: table.clone(),
                tables,
            })
        }
        _ => Err(TableError::NotATable {
            file: source.file_name.clone(),
            reason: match number {
                1 => "it is a FITS file with an image only, or with nothing but a header".to_owned(),
                count => format!("it is a FITS file of {count} HDUs, none of which is a table"),
            },
            line: None,
            byte: None,
        }),
    }
}

/// The table found, when it can be read.
fn wanted(source: &SourceFile, hdu: Hdu) -> Result<Hdu, TableError> {
    if hdu.header.is_true("ZTABLE") {
        return Err(TableError::NotATable {
            file: source.file_name.clone(),
            reason: format!(
                "the table in HDU {} is tile-compressed (ZTABLE = T), which is not read. Decompress it with \
                 funpack and use the result",
                hdu.number
            ),
            line: None,
            byte: Some(hdu.header_start),
        });
    }
    hdu.check_complete(source)?;
    Ok(hdu)
}

/// The table that a layout points to.
pub(super) fn table_at(source: &SourceFile, layout: &super::FitsLayout) -> Result<Hdu, TableError> {
    let stale = |reason: &str| TableError::StaleLayout {
        file: source.file_name.clone(),
        reason: reason.to_owned(),
    };
    if layout.file_bytes != source.length {
        return Err(TableError::stale_size(
            &source.file_name,
            layout.file_bytes,
            source.length,
        ));
    }
    let elsewhere = "its table is not where it was";
    if layout.hdu == 0 || layout.header_start >= source.length || !layout.header_start.is_multiple_of(BLOCK) {
        return Err(stale(elsewhere));
    }
    match Hdu::read(source, layout.hdu, layout.header_start)? {
        Some(hdu) if hdu.is_table() && hdu.data_start == layout.data_start => wanted(source, hdu),
        _ => Err(stale(elsewhere)),
    }
}

/// The string of a keyword, also a blank one.
pub(super) fn any_text<'a>(header: &'a Header, keyword: &str) -> Option<&'a str> {
    match header.value(keyword)? {
        Value::Text(text) => Some(text),
        Value::Word(word) => Some(word),
    }
}
