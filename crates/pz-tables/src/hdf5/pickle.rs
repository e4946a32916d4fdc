//! The lists of names that pandas leaves in attributes: Python pickles of protocol 0, of which texts, integers,
//! None, lists, tuples and dictionaries are understood. Anything else, above all whatever would call something,
//! makes the whole unreadable. Must never be more than this.

/// A value in a pickle.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    None,
    Int(i64),
    Text(String),
    /// A list or a tuple.
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
}

impl Value {
    pub(super) fn list(&self) -> Option<&[Value]> {
        match self {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    /// Text, or an integer as one: the name of a column.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Int(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Dict(entries) => entries
                .iter()
                .find(|(name, _)| matches!(name, Value::Text(name) if name == key))
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

enum Slot {
    Mark,
    Value(Value),
}

/// The value in `text`; none when it is anything but plain data.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut stack: Vec<Slot> = Vec::new();
    let mut memo: Vec<(String, Value)> = Vec::new();
    let mut rest = text;
    loop {
        let code = rest.chars().next()?;
        rest = rest.get(code.len_utf8()..)?;
        match code {
            '.' => {
                return match (stack.pop()?, stack.is_empty()) {
                    (Slot::Value(value), true) => Some(value),
                    _ => None,
                };
            }
            '(' => stack.push(Slot::Mark),
            'N' => stack.push(Slot::Value(Value::None)),
            'l' | 't' => {
                let values = to_mark(&mut stack)?;
                stack.push(Slot::Value(Value::List(values)));
            }
            'd' => {
                let entries = pairs(to_mark(&mut stack)?)?;
                stack.push(Slot::Value(Value::Dict(entries)));
            }
            'a' => {
                let value = pop(&mut stack)?;
                match stack.last_mut()? {
                    Slot::Value(Value::List(values)) => values.push(value),
                    _ => return None,
                }
            }
            's' => {
                let value = pop(&mut stack)?;
                let key = pop(&mut stack)?;
                match stack.last_mut()? {
                    Slot::Value(Value::Dict(entries)) => entries.push((key, value)),
                    _ => return None,
                }
            }
            'V' | 'S' | 'I' | 'L' | 'p' | 'g' => {
                let (line, tail) = rest.split_once('\n')?;
                rest = tail;
                match code {
                    'V' => stack.push(Slot::Value(Value::Text(unescaped(line)?))),
                    'S' => stack.push(Slot::Value(Value::Text(quoted(line)?))),
                    'I' | 'L' => {
                        let number = line.trim_end_matches('L').parse().ok()?;
                        stack.push(Slot::Value(Value::Int(number)));
                    }
                    // Only texts and numbers are met again; a copy of a list would not grow with it.
                    'p' => {
                        if let Some(Slot::Value(value @ (Value::Text(_) | Value::Int(_)))) = stack.last() {
                            memo.push((line.to_owned(), value.clone()));
                        }
                    }
                    _ => {
                        let (_, value) = memo.iter().rev().find(|(name, _)| name == line)?;
                        stack.push(Slot::Value(value.clone()));
                    }
                }
            }
            _ => return None,
        }
    }
}

fn pop(stack: &mut Vec<Slot>) -> Option<Value> {
    match stack.pop()? {
        Slot::Value(value) => Some(value),
        Slot::Mark => None,
    }
}

fn to_mark(stack: &mut Vec<Slot>) -> Option<Vec<Value>> {
    let mark = stack.iter().rposition(|slot| matches!(slot, Slot::Mark))?;
    let values = stack.split_off(mark);
    values
        .into_iter()
        .skip(1)
        .map(|slot| match slot {
            Slot::Value(value) => Some(value),
            Slot::Mark => None,
        })
        .collect()
}

fn pairs(values: Vec<Value>) -> Option<Vec<(Value, Value)>> {
    let mut values = values.into_iter();
    let mut entries = Vec::new();
    while let Some(key) = values.next() {
        entries.push((key, values.next()?));
    }
    Some(entries)
}

/// `V` lines escape `\`, line ends and what is beyond Latin-1 as `\u` and four or `\U` and eight hexadecimal digits.
fn unescaped(line: &str) -> Option<String> {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let digits = match after.chars().next()? {
            'u' => 4,
            'U' => 8,
            _ => {
                text.push('\\');
                rest = after;
                continue;
            }
        };
        let code = u32::from_str_radix(after.get(1..=digits)?, 16).ok()?;
        text.push(char::from_u32(code)?);
        rest = after.get(digits + 1..)?;
    }
    text.push_str(rest);
    Some(text)
}

/// `S` lines are Python literals; those with escapes are left alone.
fn quoted(line: &str) -> Option<String> {
    let inner = line
        .strip_prefix('\'')
        .and_then(|line| line.strip_suffix('\''))
        .or_else(|| line.strip_prefix('"')?.strip_suffix('"'))?;
    (!inner.contains('\\')).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pandas() {
        let names =
            |text: &str| -> Option<Vec<String>> { parse(text)?.list()?.iter().map(Value::name).collect() };
        assert_eq!(names("(lp0\nVra\np1\naVdec\np2\na.").unwrap(), ["ra", "dec"]);
        assert_eq!(names("(lp0\nI0\naI1\na.").unwrap(), ["0", "1"]);
        assert_eq!(
            names("(lp0\nVa\\u005cb \\u03b1\np1\nag1\na.").unwrap(),
            ["a\\b α", "a\\b α"]
        );
        assert_eq!(names("(lp0\n.").unwrap(), Vec::<String>::new());
        let axes = parse("(lp0\n(I1\n(lp1\nVra\np2\natp3\na.").unwrap();
        let [Value::List(axis)] = axes.list().unwrap() else {
            panic!("one axis")
        };
        assert_eq!(axis[0], Value::Int(1));
        let info = parse(
            "(dp0\nI1\n(dp1\nVtype\np4\nVIndex\np5\nssVindex\np6\n(dp7\nVindex_name\np8\nVname\np9\nss.",
        );
        assert_eq!(
            info.unwrap()
                .get("index")
                .and_then(|index| index.get("index_name")),
            Some(&Value::Text("name".to_owned()))
        );
    }

    #[test]
    fn anything_that_calls_is_not_read() {
        assert_eq!(parse("cos\nsystem\n(Vid\ntR."), None);
        for text in [
            "",
            ".",
            "(",
            "(l",
            "a.",
            "(dp0\ns.",
            "Vx",
            "I99999999999999999999\n.",
            "g0\n.",
            "((((",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
