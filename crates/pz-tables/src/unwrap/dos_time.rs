//! Times of files as zip archives have them: to two seconds, from 1980 on, of no time zone (taken as UTC here).

/// Date and time as MS-DOS wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct DosTime {
    pub(super) time: u16,
    pub(super) date: u16,
}

impl DosTime {
    /// Seconds since 1970, the time taken as UTC. None when there is none, or one that does not exist.
    pub(super) fn unix_seconds(self) -> Option<i64> {
        let (year, month, day) = (
            i64::from(self.date >> 9) + 1980,
            i64::from(self.date >> 5 & 15),
            i64::from(self.date & 31),
        );
        let (hour, minute, second) = (
            i64::from(self.time >> 11),
            i64::from(self.time >> 5 & 63),
            i64::from(self.time & 31) * 2,
        );
        if !(1..=12).contains(&month) || day == 0 || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
    }

    /// The nearest to so many seconds since 1970, between 1980 and 2107.
    pub(super) fn of_unix_seconds(seconds: i64) -> Self {
        let seconds = seconds.clamp(315_532_800, 4_354_819_198);
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        Self {
            time: ((second / 3_600) << 11 | (second / 60 % 60) << 5 | ((second % 60) / 2)) as u16,
            date: ((year - 1980) << 9 | month << 5 | day) as u16,
        }
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
/// algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = (shifted + 2) % 12 + 1;
    (
        era * 400 + year_of_era + i64::from(month <= 2),
        month,
        day_of_year - (153 * shifted + 2) / 5 + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_there_and_back() {
        for seconds in [
            315_532_800,
            951_782_400,
            1_709_164_800,
            1_764_000_000,
            4_354_819_198,
        ] {
            assert_eq!(DosTime::of_unix_seconds(seconds).unix_seconds(), Some(seconds));
        }
        assert_eq!(
            DosTime {
                time: 0,
                date: 0x5959
            }
            .unix_seconds(),
            Some(1_729_814_400)
        );
        assert_eq!(DosTime::default().unix_seconds(), None);
        assert_eq!(DosTime::of_unix_seconds(0).unix_seconds(), Some(315_532_800));
    }
}
