//! Streams of compressed bytes as streams of their content. Must never stop at the first of several members, nor
//! let a decoder's panic out.

use std::io::{self, BufRead, BufReader, Read};

use super::budget::{Source, carried};
use crate::error::TableError;
use crate::guard::guarded;
use crate::recognise::Format;

/// Memory that an XZ stream may ask for, in KiB: four times what `xz -9` needs.
const XZ_MEMORY_KIB: u32 = 256 * 1024;

/// Bytes read at once.
const BUFFER: usize = 64 * 1024;

/// The content of `source`, which is compressed as `format` says.
pub(super) fn decoder(file_name: &str, format: Format, source: Source) -> Result<Box<dyn Read>, TableError> {
    let source = BufReader::with_capacity(BUFFER, source);
    let inner: Box<dyn Read> = match format {
        Format::Gzip => Box::new(Gzip::new(source)),
        Format::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(source)),
        Format::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(source, true, XZ_MEMORY_KIB)),
        Format::Zstd => Box::new(
            zstd::Decoder::with_buffer(source)
                .map_err(|error| super::budget::told(file_name, format, error))?,
        ),
        _ => Box::new(source),
    };
    Ok(Box::new(Guarded::new(file_name, format, inner)))
}

/// The content of raw deflated data.
pub(super) fn inflated(file_name: &str, source: Source) -> Box<dyn Read> {
    let source = BufReader::with_capacity(BUFFER, source);
    let inner = Box::new(flate2::bufread::DeflateDecoder::new(source));
    Box::new(Guarded::new(file_name, Format::Zip, inner))
}

/// A decoder of which a panic is an error. After an error there is nothing more to read.
struct Guarded {
    file_name: String,
    format: Format,
    inner: Option<Box<dyn Read>>,
}

impl Guarded {
    fn new(file_name: &str, format: Format, inner: Box<dyn Read>) -> Self {
        Self {
            file_name: file_name.to_owned(),
            format,
            inner: Some(inner),
        }
    }
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(inner) = self.inner.as_mut() else {
            return Err(io::Error::other("it failed before"));
        };
        let read = guarded(&self.file_name, self.format, None, || Ok(inner.read(buffer)))
            .unwrap_or_else(|error| Err(carried(error)));
        if matches!(&read, Err(error) if error.kind() != io::ErrorKind::Interrupted) {
            self.inner = None;
        }
        read
    }
}

/// Gzip members one after the other, and the zeros that tapes put behind them.
struct Gzip<R> {
    state: State<R>,
}

enum State<R> {
    Between(R),
    Within(Box<flate2::bufread::GzDecoder<R>>),
    End,
}

impl<R: BufRead> Gzip<R> {
    fn new(reader: R) -> Self {
        Self {
            state: State::Within(Box::new(flate2::bufread::GzDecoder::new(reader))),
        }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::End) {
                State::Within(mut decoder) => {
                    let count = decoder.read(buffer);
                    if matches!(count, Ok(0)) {
                        self.state = State::Between(decoder.into_inner());
                        continue;
                    }
                    self.state = State::Within(decoder);
                    return count;
                }
                State::Between(mut reader) => match reader.fill_buf()?.first() {
                    None => return Ok(0),
                    Some(0x1f) => {
                        self.state = State::Within(Box::new(flate2::bufread::GzDecoder::new(reader)));
                    }
                    Some(0) => {
                        let count = reader.fill_buf()?.iter().take_while(|byte| **byte == 0).count();
                        reader.consume(count);
                        self.state = State::Between(reader);
                    }
                    Some(_) => return Err(io::Error::other("there is something else behind its end")),
                },
                State::End => return Ok(0),
            }
        }
    }
}
