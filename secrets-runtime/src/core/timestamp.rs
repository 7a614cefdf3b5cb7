use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::ser::{Serialize, Serializer};

const SECONDS_OF_A_DAY: i64 = 86_400;

/// A time as RFC 3339 writes it, in UTC and with milliseconds: `2026-11-28T21:30:00.123Z`.
///
/// What is finer than a millisecond is cut off, also before 1970, so that texts sort as times do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timestamp(pub SystemTime);

impl Timestamp {
    /// Returns the seconds since 1970, rounded down, and the milliseconds after them.
    fn parts(self) -> (i64, u32) {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        match self.0.duration_since(UNIX_EPOCH) {
            Ok(after) => (seconds(after), after.subsec_millis()),
            Err(error) => {
                let before = error.duration();
                match before.subsec_nanos() {
                    0 => (-seconds(before), 0),
                    nanos => (-seconds(before) - 1, (1_000_000_000 - nanos) / 1_000_000),
                }
            }
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = self.parts();
        let (year, month, day) = date(seconds.div_euclid(SECONDS_OF_A_DAY));
        let second = seconds.rem_euclid(SECONDS_OF_A_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Returns the year, the month and the day of a number of days since 1970-01-01, in the Gregorian calendar. This is
/// `civil_from_days` of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so that
/// the day that leap years have is the last one, and 400 years are one era.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seconds: u64, nanos: u32) -> String {
        Timestamp(UNIX_EPOCH + Duration::new(seconds, nanos)).to_string()
    }

    #[test]
    fn times_are_written_as_rfc_3339_in_utc() {
        // The texts are those of `date --utc --rfc-3339=ns`.
        assert_eq!(text(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(951_782_399, 999_999_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(text(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(text(951_868_800, 1_000_000), "2000-03-01T00:00:00.001Z");
        assert_eq!(text(1_709_164_800, 0), "2024-02-29T00:00:00.000Z");
        assert_eq!(text(1_735_689_599, 123_456_789), "2024-12-31T23:59:59.123Z");
        assert_eq!(text(1_795_901_400, 123_000_000), "2026-11-28T21:30:00.123Z");
        assert_eq!(text(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
        assert_eq!(text(253_402_300_799, 0), "9999-12-31T23:59:59.000Z");
    }

    #[test]
    fn times_before_1970_are_rounded_down() {
        let before = |nanos| Timestamp(UNIX_EPOCH - Duration::from_nanos(nanos)).to_string();
        assert_eq!(before(1), "1969-12-31T23:59:59.999Z");
        assert_eq!(before(1_000_000), "1969-12-31T23:59:59.999Z");
        assert_eq!(before(1_000_000_000), "1969-12-31T23:59:59.000Z");
    }

    #[test]
    fn each_day_follows_the_one_before_it() {
        let days_of = |year: i64, month| match month {
            4 | 6 | 9 | 11 => 30,
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            _ => 31,
        };
        let mut expected = (1600, 1, 1);
        for days in -135_140..146_097 {
            assert_eq!(date(days), expected);
            let (year, month, day) = expected;
            expected = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                (_, day) if day == days_of(year, month) => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }
}
