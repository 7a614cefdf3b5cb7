//! Points in time, as a person writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Parses a time of RFC 3339 (`2026-11-28T21:30:00Z`), a day (`2026-11-28`, in UTC), or how long ago it was: a number and
/// one of `s`, `m`, `h`, `d`, `w`.
pub fn parse_since(text: &str) -> Result<SystemTime, String> {
    let ago = parse_ago(text).and_then(|ago| SystemTime::now().checked_sub(ago));
    ago.or_else(|| parse_time(text)).ok_or_else(|| {
        "write a time such as 2026-11-28T21:30:00Z, a day such as 2026-11-28, or how long ago it was, such as 2h (s, m, h, d, w)"
            .to_owned()
    })
}

fn parse_ago(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some(Duration::from_secs(parse_digits(number)?.checked_mul(seconds)?))
}

/// Parses a time of RFC 3339, or a day.
pub fn parse_time(text: &str) -> Option<SystemTime> {
    let (day, time) = match text.split_at_checked(10)? {
        (day, "") => (day, "00:00:00Z"),
        (day, time) => (day, time.strip_prefix(['T', 't', ' '])?),
    };
    let [year, month, day] = parse_parts(day, '-', [4, 2, 2])?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    };
    let (time, offset) = split_offset(time)?;
    let (time, nanos) = match time.split_once('.') {
        Some((time, fraction)) => (time, parse_nanos(fraction)?),
        None => (time, 0),
    };
    let [hour, minute, second] = parse_parts(time, ':', [2, 2, 2])?;
    // 60 is a leap second.
    if !(1..=12).contains(&month) || !(1..=last).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    let since = Duration::new(seconds.unsigned_abs(), 0);
    let whole = match seconds < 0 {
        true => UNIX_EPOCH.checked_sub(since),
        false => UNIX_EPOCH.checked_add(since),
    };
    whole?.checked_add(Duration::from_nanos(nanos))
}

/// Splits off the offset from UTC. Returns it in seconds.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let (time, offset) = time.split_at_checked(time.len().checked_sub(6)?)?;
    let (sign, offset) = match offset.split_at_checked(1)? {
        ("+", offset) => (1, offset),
        ("-", offset) => (-1, offset),
        _ => return None,
    };
    let [hours, minutes] = parse_parts(offset, ':', [2, 2])?;
    (hours <= 23 && minutes <= 59).then_some((time, sign * (hours * 3600 + minutes * 60)))
}

/// Parses numbers of these lengths with a sign between them.
fn parse_parts<const N: usize>(text: &str, sign: char, lengths: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(sign);
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let part = parts.next().filter(|part| part.len() == length)?;
        *number = i64::try_from(parse_digits(part)?).ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn parse_digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Parses the digits after the point. What is finer than a nanosecond is cut off.
fn parse_nanos(fraction: &str) -> Option<u64> {
    parse_digits(fraction.get(..fraction.len().min(18))?)?;
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    parse_digits(&digits)
}

/// Returns the days from 1970-01-01 to a day of the Gregorian calendar. This is `days_from_civil` of Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms": years begin in March, and 400 years are one era.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<f64> {
        let time = parse_time(text)?;
        Some(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => after.as_secs_f64(),
            Err(error) => -error.duration().as_secs_f64(),
        })
    }

    #[test]
    fn times_of_rfc_3339_and_days_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("1970-01-01", 0.0),
            ("2000-02-29", 951_782_400.0),
            ("2026-11-28T21:30:00.125Z", 1_795_901_400.125),
            ("2026-11-28t21:30:00z", 1_795_901_400.0),
            ("2026-11-28 21:30:00Z", 1_795_901_400.0),
            ("2026-11-28T22:30:00+01:00", 1_795_901_400.0),
            ("2026-11-28T16:00:00-05:30", 1_795_901_400.0),
            ("2100-03-01", 4_107_542_400.0),
            ("1969-12-31T23:59:59.5Z", -0.5),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "2026",
            "2026-1-1",
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-11-31",
            "2026-11-28T21:30",
            "2026-11-28T21:30:00",
            "2026-11-28T24:00:00Z",
            "2026-11-28T21:60:00Z",
            "2026-11-28T21:30:00.Z",
            "2026-11-28T21:30:00+1:00",
            "2026-11-28T21:30:00+24:00",
            "2026-11-28TZ",
            "+026-11-28",
            "2026-11-28é",
            "éééééé",
            "h",
            "2",
            "-2h",
            "2.5h",
            "2y",
            "99999999999999999999h",
            "18446744073709551615w",
        ] {
            assert!(parse_since(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_with_a_unit_is_that_long_ago() {
        for (text, ago) in [("90s", 90), ("0m", 0), ("2h", 7200), ("3d", 259_200), ("1w", 604_800)]
        {
            let now = SystemTime::now();
            let found = now.duration_since(parse_since(text).unwrap()).unwrap_or_default();
            assert!(found <= Duration::from_secs(ago), "{text}");
            assert!(found + Duration::from_secs(60) >= Duration::from_secs(ago), "{text}");
        }
    }
}
