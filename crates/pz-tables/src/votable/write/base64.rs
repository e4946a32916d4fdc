//! Base64 in lines. Must never hold more than a line beyond what it is given.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes in a line of 76 characters.
const LINE: usize = 57;

/// Bytes that become base64 in lines of 76 characters.
#[derive(Debug)]
pub(super) struct Base64Lines<W> {
    out: W,
    /// The start of a line.
    held: Vec<u8>,
}

impl<W: Write> Base64Lines<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            held: Vec::with_capacity(LINE),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let missing = (LINE - self.held.len()).min(bytes.len());
        let (start, rest) = bytes.split_at_checked(missing).unwrap_or_default();
        self.held.extend_from_slice(start);
        if self.held.len() < LINE {
            return Ok(());
        }
        line(&mut self.out, &self.held)?;
        self.held.clear();
        let mut lines = rest.chunks_exact(LINE);
        for bytes in &mut lines {
            line(&mut self.out, bytes)?;
        }
        self.held.extend_from_slice(lines.remainder());
        Ok(())
    }

    /// Writes the last line.
    pub(super) fn finish(mut self) -> io::Result<W> {
        if !self.held.is_empty() {
            line(&mut self.out, &self.held)?;
        }
        Ok(self.out)
    }
}

fn line(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let mut text = [b'\n'; LINE / 3 * 4 + 1];
    let len = STANDARD
        .encode_slice(bytes, &mut text)
        .map_err(io::Error::other)?;
    // The line end is there already.
    out.write_all(text.get(..=len).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_one_text() {
        let bytes: Vec<u8> = (0..1000u32).map(|value| (value * 7 % 256) as u8).collect();
        for size in [1, 2, 3, 56, 57, 58, 114, 1000] {
            let mut lines = Base64Lines::new(Vec::new());
            bytes.chunks(size).for_each(|piece| lines.write(piece).unwrap());
            let text = String::from_utf8(lines.finish().unwrap()).unwrap();
            assert!(text.lines().rev().skip(1).all(|line| line.len() == 76), "{size}");
            assert_eq!(STANDARD.decode(text.replace('\n', "")).unwrap(), bytes, "{size}");
        }
    }
}
