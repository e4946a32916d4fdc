//! Column formats: TFORM of binary tables (FITS standard 4.0, section 7.3.1 and appendix C.2) and of ASCII tables
//! (section 7.2.1), and TDIM. Must never accept a format that it does not understand.

/// The type of the elements of a binary table's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// `L`
    Logical,
    /// `X`
    Bit,
    /// `B`
    Byte,
    /// `I`
    Short,
    /// `J`
    Int,
    /// `K`
    Long,
    /// `A`
    Character,
    /// `E`
    Float,
    /// `D`
    Double,
    /// `C`
    Complex,
    /// `M`
    DoubleComplex,
}

impl Code {
    fn of_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'L' => Self::Logical,
            b'X' => Self::Bit,
            b'B' => Self::Byte,
            b'I' => Self::Short,
            b'J' => Self::Int,
            b'K' => Self::Long,
            b'A' => Self::Character,
            b'E' => Self::Float,
            b'D' => Self::Double,
            b'C' => Self::Complex,
            b'M' => Self::DoubleComplex,
            _ => return None,
        })
    }

    /// Bytes of `count` elements; none beyond 64 bits.
    pub(super) fn bytes(self, count: u64) -> Option<u64> {
        match self {
            Self::Bit => Some(count.div_ceil(8)),
            Self::Logical | Self::Byte | Self::Character => Some(count),
            Self::Short => count.checked_mul(2),
            Self::Int | Self::Float => count.checked_mul(4),
            Self::Long | Self::Double | Self::Complex => count.checked_mul(8),
            Self::DoubleComplex => count.checked_mul(16),
        }
    }

    /// Bytes of a decoded element, roughly.
    pub(super) fn decoded_bytes(self, scaled: bool) -> u64 {
        match self {
            Self::DoubleComplex => 16,
            Self::Complex if scaled => 16,
            Self::Complex | Self::Long | Self::Double => 8,
            _ if scaled => 8,
            Self::Int | Self::Float => 4,
            Self::Short => 2,
            Self::Bit | Self::Logical | Self::Byte | Self::Character => 1,
        }
    }
}

/// Substrings in a character field (appendix C.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Substrings {
    /// Each so many characters wide, at least 1.
    Width(u64),
    /// With this character between them.
    Delimiter(u8),
}

/// A TFORM of a binary table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BinaryForm {
    /// Elements in the row; descriptors, 0 or 1, when `descriptor` is there.
    pub(super) repeat: u64,
    /// Type of the elements.
    pub(super) code: Code,
    /// The elements are in the heap.
    pub(super) descriptor: Option<Descriptor>,
    /// Characters are several strings.
    pub(super) substrings: Option<Substrings>,
}

/// Width of an array descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Descriptor {
    /// `P`: two 32-bit integers.
    Narrow,
    /// `Q`: two 64-bit integers.
    Wide,
}

impl Descriptor {
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Narrow => 8,
            Self::Wide => 16,
        }
    }
}

impl BinaryForm {
    /// None when it is no format of a binary table.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().as_bytes();
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (repeat, rest) = text.split_at(digits);
        // `A7` for `7A` is a common slip, and means it in astropy and CFITSIO too.
        if let (true, Some(width)) = (repeat.is_empty(), rest.strip_prefix(b"A").and_then(number)) {
            return Some(Self {
                repeat: width,
                code: Code::Character,
                descriptor: None,
                substrings: None,
            });
        }
        let repeat = if repeat.is_empty() { 1 } else { number(repeat)? };
        let (letter, rest) = rest.split_first()?;
        let descriptor = match letter {
            b'P' => Descriptor::Narrow,
            b'Q' => Descriptor::Wide,
            letter => {
                let code = Code::of_letter(*letter)?;
                return Some(Self {
                    repeat,
                    code,
                    descriptor: None,
                    substrings: if code == Code::Character {
                        substrings(rest)
                    } else {
                        None
                    },
                });
            }
        };
        let (letter, rest) = rest.split_first()?;
        let code = Code::of_letter(*letter)?;
        // Behind the type the longest array may be named, `(e)`: a hint that nobody needs.
        let rest = match memchr::memchr(b')', rest) {
            Some(close) if rest.starts_with(b"(") => rest.get(close + 1..).unwrap_or_default(),
            _ => rest,
        };
        (repeat <= 1).then_some(Self {
            repeat,
            code,
            descriptor: Some(descriptor),
            substrings: if code == Code::Character {
                substrings(rest)
            } else {
                None
            },
        })
    }

    /// Bytes in the row; none beyond 64 bits.
    pub(super) fn row_bytes(&self) -> Option<u64> {
        match self.descriptor {
            Some(descriptor) => self.repeat.checked_mul(descriptor.bytes()),
            None => self.code.bytes(self.repeat),
        }
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `w` (as in `60A12`), `:SSTRw` or `:SSTRw/nnn` with the code of the delimiter. Other characters behind the type
/// are "additional and undefined" by the standard and count for nothing.
fn substrings(rest: &[u8]) -> Option<Substrings> {
    let width = |digits: &[u8]| number(digits).filter(|width| *width > 0).map(Substrings::Width);
    match rest.strip_prefix(b":SSTR") {
        None => width(rest),
        Some(rest) => match memchr::memchr(b'/', rest) {
            None => width(rest),
            Some(slash) => {
                let code = number(rest.get(slash + 1..)?)?;
                let code = u8::try_from(code).ok().filter(|code| (32..127).contains(code))?;
                Some(Substrings::Delimiter(code))
            }
        },
    }
}

/// The axes of TDIM, fastest first, as in `(3,2)`; none when it is not of that form.
pub(super) fn dimensions(text: &str) -> Option<Vec<u64>> {
    let inside = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    let axes: Option<Vec<u64>> = inside
        .split(',')
        .map(|axis| number(axis.trim().as_bytes()))
        .collect();
    axes.filter(|axes| !axes.is_empty() && axes.len() <= MAX_AXES)
}

/// More axes than numpy has.
const MAX_AXES: usize = 64;

/// A TFORM of an ASCII table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AsciiForm {
    /// `Aw`
    Text {
        /// Characters.
        width: u64,
    },
    /// `Iw`
    Integer {
        /// Characters.
        width: u64,
    },
    /// `Fw.d`, `Ew.d`, `Dw.d`
    Real {
        /// Characters.
        width: u64,
        /// Digits behind the decimal point where none is written.
        decimals: u32,
    },
}

impl AsciiForm {
    /// None when it is no format of an ASCII table.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (letter, rest) = text.trim().as_bytes().split_first()?;
        let (width, decimals) = match memchr::memchr(b'.', rest) {
            None => (number(rest)?, 0),
            Some(point) => {
                let (width, decimals) = rest.split_at(point);
                (number(width)?, u32::try_from(number(decimals.get(1..)?)?).ok()?)
            }
        };
        match letter {
            b'A' => Some(Self::Text { width }),
            b'I' => Some(Self::Integer { width }),
            b'F' | b'E' | b'D' => Some(Self::Real { width, decimals }),
            _ => None,
        }
    }

    pub(super) fn width(self) -> u64 {
        match self {
            Self::Text { width } | Self::Integer { width } | Self::Real { width, .. } => width,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_forms() {
        let form = |text| BinaryForm::parse(text).unwrap();
        assert_eq!((form("J").repeat, form("12J ").row_bytes()), (1, Some(48)));
        assert_eq!(
            (form("0D").row_bytes(), form("17X").row_bytes()),
            (Some(0), Some(3))
        );
        assert_eq!(form("60A12").substrings, Some(Substrings::Width(12)));
        assert_eq!((form("A7").row_bytes(), form("A7").substrings), (Some(7), None));
        assert_eq!(form("60A:SSTR12").substrings, Some(Substrings::Width(12)));
        assert_eq!(
            form("60A:SSTR12/044").substrings,
            Some(Substrings::Delimiter(b','))
        );
        let variable = form("1PE(300)");
        assert_eq!((variable.code, variable.row_bytes()), (Code::Float, Some(8)));
        assert_eq!(form("QA(7):SSTR3").substrings, Some(Substrings::Width(3)));
        assert_eq!(
            (form("0PJ").row_bytes(), form("QJ()").row_bytes()),
            (Some(0), Some(16))
        );
        for wrong in [
            "",
            "12",
            "Z",
            "1P",
            "2PE",
            "PP",
            "99999999999999999999999J",
            "-1J",
            "é",
        ] {
            assert_eq!(BinaryForm::parse(wrong), None, "{wrong}");
        }
        assert_eq!(form("18446744073709551615M").row_bytes(), None);
    }

    #[test]
    fn ascii_forms() {
        assert_eq!(AsciiForm::parse("A10"), Some(AsciiForm::Text { width: 10 }));
        assert_eq!(
            AsciiForm::parse("E15.7"),
            Some(AsciiForm::Real {
                width: 15,
                decimals: 7
            })
        );
        assert!(
            ["", "A", "I", "X4", "F5.", "F.5", "I-1"]
                .iter()
                .all(|text| AsciiForm::parse(text).is_none())
        );
    }

    #[test]
    fn axes() {
        assert_eq!(dimensions("(3,2)"), Some(vec![3, 2]));
        assert_eq!(dimensions(" ( 3 , 2 ) "), Some(vec![3, 2]));
        assert!(
            ["", "()", "(3", "3,2", "(3,)", "(-1)"]
                .iter()
                .all(|text| dimensions(text).is_none())
        );
    }
}
