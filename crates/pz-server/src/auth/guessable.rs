//! Passwords that are long enough and still among the first that a guesser tries: made of common words, names, rows of
//! keys, dates and repetitions, and of little else.
//!
//! A list of whole passwords would miss most of them: at twelve characters and more, the common ones are such pieces
//! put together. So it is counted in how few pieces a password can be said. No rule asks for kinds of characters.

use std::collections::HashSet;
use std::sync::LazyLock;

/// A password must be worth this many characters that nothing predicts.
const ENOUGH: usize = 8;
/// What a piece is worth that a guesser has in a list, however long it is.
const PIECE: usize = 2;
/// Shorter pieces are taken for chance.
const PIECE_MIN_CHARS: usize = 3;

static WORDS: LazyLock<HashSet<Vec<char>>> = LazyLock::new(|| {
    include_str!("guessable_words.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(|word| word.chars().map(fold).collect())
        .collect()
});

/// What fingers and alphabets run along; backwards, too.
const WALKS: [&str; 19] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "!@#$%^&*()",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "zaq12wsxcde34rfvbgt56yhnmju78ik",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "147258369",
    "qweasdzxc",
    "159357",
];

/// Whether a password is easy to guess; `names` are those that a guesser tries for this account first.
pub(super) fn is_guessable(password: &str, names: &[&str]) -> bool {
    let lower: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    let names: HashSet<Vec<char>> = names
        .iter()
        // As a whole and in parts.
        .flat_map(|name| name.split(|c: char| !c.is_alphanumeric()).chain([*name]))
        .map(|name| name.chars().flat_map(char::to_lowercase).map(fold).collect())
        .filter(|name: &Vec<char>| name.len() >= PIECE_MIN_CHARS)
        .collect();
    let whole = worth(&lower, &names);
    // The same over and over is worth it once.
    let once = period(&lower).map_or(whole, |period| worth(&lower[..period], &names) + PIECE);
    whole.min(once) < ENOUGH
}

/// Characters and pieces, in the cheapest way to put the text together from them.
fn worth(text: &[char], names: &HashSet<Vec<char>>) -> usize {
    let folded: Vec<char> = text.iter().copied().map(fold).collect();
    let longest = WORDS.iter().chain(names).map(Vec::len).max().unwrap_or(0);
    // Of the text from each place on; the last place is its end.
    let mut least = vec![0; text.len() + 1];
    for start in (0..text.len()).rev() {
        let mut best = least[start + 1] + 1;
        let word_end = text.len().min(start + longest);
        for end in start + PIECE_MIN_CHARS..=word_end {
            let piece = &folded[start..end];
            if WORDS.contains(piece) || names.contains(piece) {
                best = best.min(least[end] + PIECE);
            }
        }
        let run = run(&text[start..]);
        if run >= PIECE_MIN_CHARS {
            let after = least[start + PIECE_MIN_CHARS..=start + run].iter().min();
            best = best.min(after.copied().unwrap_or(0) + PIECE);
        }
        least[start] = best;
    }
    least[0]
}

/// How long the text goes on as a repetition, along a walk, or as a year.
fn run(text: &[char]) -> usize {
    let same = text.iter().take_while(|c| text.first() == Some(c)).count();
    let walk = WALKS
        .iter()
        .flat_map(|walk| {
            let forwards: Vec<char> = walk.chars().collect();
            let backwards: Vec<char> = walk.chars().rev().collect();
            [along(text, &forwards), along(text, &backwards)]
        })
        .max();
    let is_year = matches!(text, ['1', '9', a, b, ..] | ['2', '0', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit());
    same.max(walk.unwrap_or(0)).max(if is_year { 4 } else { 0 })
}

fn along(text: &[char], walk: &[char]) -> usize {
    let from = |start: usize| {
        let pairs = text.iter().zip(&walk[start..]);
        pairs.take_while(|(here, there)| here == there).count()
    };
    (0..walk.len()).map(from).max().unwrap_or(0)
}

/// After how many characters the text begins again, up to its end.
fn period(text: &[char]) -> Option<usize> {
    (1..=text.len() / 2).find(|period| text[*period..] == text[..text.len() - period])
}

/// Characters that are written for each other count as one.
fn fold(c: char) -> char {
    match c {
        'l' | '1' | '!' | '|' => 'i',
        '0' => 'o',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guessers_try_first_is_refused() {
        for password in [
            "password1234",
            "P@ssw0rd2024!",
            "passwordpassword",
            "iloveyou1234",
            "qwertyuiop123",
            "1qaz2wsx3edc",
            "zaq12wsxcde3",
            "123456789012",
            "987654321098",
            "aaaaaaaaaaaa",
            "abababababab",
            "xk7xk7xk7xk7",
            "abcdefghijkl",
            "administrator",
            "Welcome2026!!",
            "summer2025summer",
            "jesuschrist1",
            "dragonmonkey12",
            "Carlos19851985",
            "Senha12345678",
            "alice.alice.1",
            "Photo-z Server1",
        ] {
            assert!(is_guessable(password, &["alice", "Photo-z Server"]), "{password}");
        }
    }

    #[test]
    fn what_nobody_expects_is_taken_whatever_it_is_made_of() {
        for password in [
            "correct horse battery staple",
            "alice has a long password",
            "a password for bench",
            "another password",
            "Tr0ub4dor&3x!",
            "kZ7fq0pWm2xR",
            "vesuvius umbrella tango",
            "zwölf boxkämpfer jagen",
            "我的望远镜在山顶上看星星",
            "8391047265183",
        ] {
            assert!(!is_guessable(password, &["bob", "Photo-z Server"]), "{password}");
        }
    }

    #[test]
    fn names_of_the_account_are_worth_no_more_than_common_words() {
        assert!(!is_guessable("kowalczyk4711x", &[]));
        assert!(is_guessable("kowalczyk4711x", &["Kowalczyk"]));
    }

    #[test]
    fn the_longest_password_takes_no_time() {
        let started = std::time::Instant::now();
        assert!(is_guessable(&"a".repeat(1024), &[]));
        assert!(started.elapsed() < std::time::Duration::from_secs(2));
    }
}
