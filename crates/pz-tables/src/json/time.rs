//! Dates and times as text (ISO 8601, proleptic Gregorian calendar). Must never fail on a far-away year.

use arrow::datatypes::{DataType as ArrowType, TimeUnit};

const DAY_SECONDS: i64 = 86_400;

/// Parts of a second in a second.
fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// Whole milliseconds, rounded down.
pub(crate) fn milliseconds(count: i64, unit: TimeUnit) -> i128 {
    (i128::from(count) * 1_000).div_euclid(i128::from(per_second(unit)))
}

/// The text of a date, time, timestamp or duration counted as `data_type` counts; none for other types.
pub(crate) fn moment_text(data_type: &ArrowType, count: i64) -> Option<String> {
    let mut text = String::new();
    write_moment(data_type, count, &mut text).then_some(text)
}

/// Appends the text of a date, time, timestamp or duration counted as `data_type` counts; false for other types.
pub(crate) fn write_moment(data_type: &ArrowType, count: i64, out: &mut String) -> bool {
    match data_type {
        ArrowType::Date32 => write_date(count, out),
        ArrowType::Date64 => write_date(count.div_euclid(DAY_SECONDS * 1_000), out),
        ArrowType::Time32(unit) | ArrowType::Time64(unit) => {
            let parts = per_second(*unit);
            write_time(count.div_euclid(parts), count.rem_euclid(parts), parts, out);
        }
        ArrowType::Timestamp(unit, zone) => {
            let parts = per_second(*unit);
            let seconds = count.div_euclid(parts);
            write_date(seconds.div_euclid(DAY_SECONDS), out);
            out.push('T');
            write_time(
                seconds.rem_euclid(DAY_SECONDS),
                count.rem_euclid(parts),
                parts,
                out,
            );
            // With a time zone the count is in UTC.
            if zone.is_some() {
                out.push('Z');
            }
        }
        ArrowType::Duration(unit) => {
            let word = match unit {
                TimeUnit::Second => " s",
                TimeUnit::Millisecond => " ms",
                TimeUnit::Microsecond => " us",
                TimeUnit::Nanosecond => " ns",
            };
            out.push_str(itoa::Buffer::new().format(count));
            out.push_str(word);
        }
        _ => return false,
    }
    true
}

/// `2025-12-31` from days since 1970-01-01, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`.
fn write_date(days: i64, out: &mut String) {
    let shifted = i128::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    if (0..=9_999).contains(&year) {
        push(out, format_args!("{year:04}-{month:02}-{day:02}"));
    } else {
        push(out, format_args!("{year:+}-{month:02}-{day:02}"));
    }
}

/// `23:59:59.5` from seconds of the day and `fraction` of `parts` parts of a second.
fn write_time(seconds: i64, fraction: i64, parts: i64, out: &mut String) {
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    push(out, format_args!("{hours:02}:{minutes:02}:{:02}", seconds % 60));
    if fraction == 0 {
        return;
    }
    let width = parts.ilog10() as usize;
    push(out, format_args!(".{fraction:0width$}"));
    out.truncate(out.trim_end_matches('0').len());
}

/// Appends to a text, which cannot fail.
fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = std::fmt::Write::write_fmt(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (20_453, "2025-12-31"),
            (-719_528, "0000-01-01"),
            (-719_529, "-1-12-31"),
            (2_932_897, "+10000-01-01"),
        ] {
            let mut text = String::new();
            write_date(days, &mut text);
            assert_eq!(text, expected);
        }
        let mut text = String::new();
        write_date(i64::MIN, &mut text);
        write_date(i64::MAX, &mut text);
    }

    #[test]
    fn times() {
        let stamp = |unit, zone: Option<&str>| ArrowType::Timestamp(unit, zone.map(Into::into));
        let text = |data_type, count| moment_text(&data_type, count).unwrap();
        assert_eq!(
            text(stamp(TimeUnit::Millisecond, None), -1),
            "1969-12-31T23:59:59.999"
        );
        assert_eq!(
            text(stamp(TimeUnit::Nanosecond, Some("UTC")), 1_500_000_000),
            "1970-01-01T00:00:01.5Z"
        );
        assert_eq!(
            text(ArrowType::Time64(TimeUnit::Microsecond), 86_399_000_001),
            "23:59:59.000001"
        );
        assert_eq!(text(ArrowType::Date64, -1), "1969-12-31");
        assert_eq!(milliseconds(-1, TimeUnit::Nanosecond), -1);
        assert_eq!(
            milliseconds(i64::MAX, TimeUnit::Second),
            i128::from(i64::MAX) * 1_000
        );
    }
}
