use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads a time as Vault writes it: RFC 3339, with up to nine digits of a second, at 1970 or later.
pub(super) fn parse_time(text: &str) -> Option<SystemTime> {
    let (date, rest) = text.split_once('T')?;
    let (clock, offset) = split_offset(rest)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
    let seconds = days(year, month, day)? * 86_400 + hour * 3600 + minute * 60 + second - offset;
    let since = Duration::new(u64::try_from(seconds).ok()?, nanos);
    UNIX_EPOCH.checked_add(since)
}

/// Splits the offset from UTC, in seconds, from the end of a time.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let (clock, offset) = text.split_at(text.rfind(['+', '-'])?);
    let [hours, minutes] = numbers(&offset[1..], ':')?;
    let seconds = hours * 3600 + minutes * 60;
    Some((clock, if offset.starts_with('-') { -seconds } else { seconds }))
}

fn numbers<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let parts: Vec<i64> = text
        .split(separator)
        .map(|part| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?)
        .collect::<Option<_>>()?;
    parts.try_into().ok()
}

/// Returns the days since 1970-01-01: the inverse of the one in `core/timestamp.rs`.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::timestamp::Timestamp;

    #[test]
    fn times_are_read_as_vault_writes_them() {
        for (text, wanted) in [
            ("2026-11-28T21:30:00.123456789Z", "2026-11-28T21:30:00.123Z"),
            ("2026-11-28T21:30:00Z", "2026-11-28T21:30:00.000Z"),
            ("2000-02-29T23:59:59.9Z", "2000-02-29T23:59:59.900Z"),
            ("2026-11-28T21:30:00+02:00", "2026-11-28T19:30:00.000Z"),
            ("2026-11-28T21:30:00.5-00:30", "2026-11-28T22:00:00.500Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ] {
            let time = parse_time(text).expect("it is a time");
            assert_eq!(Timestamp(time).to_string(), wanted, "{text}");
        }
        for text in ["", "soon", "2026-11-28", "2026-13-01T00:00:00Z", "2026-11-28T21:30Z"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
