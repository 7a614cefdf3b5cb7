//! Schedules, as Kubernetes and Argo read them.

/// When a flow runs.
#[derive(Debug)]
pub struct CronSchedule {
    pub cron: String,
    pub timezone: Option<String>,
}

/// The longest name of an object with a schedule: the time of a run is added to it.
pub const MAX_NAME: usize = 52;

/// A field: its name, its smallest and largest number, and the names of its numbers.
type Field = (&'static str, u32, u32, &'static [&'static str]);

const FIELDS: [Field; 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    (
        "month",
        1,
        12,
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ),
    ("day of the week", 0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// Checks a schedule: five fields.
///
/// # Errors
/// The mistake, and what to write instead.
pub fn check(cron: &str) -> Result<(), String> {
    let fields: Vec<&str> = cron.split(' ').filter(|field| !field.is_empty()).collect();
    if fields.len() != FIELDS.len() || cron.contains(char::is_control) {
        return Err(format!(
            "{cron:?} does not have the five fields of cron: write minute, hour, day of the month, month and day of the week, such as '0 2 * * *'"
        ));
    }
    for (text, field) in fields.iter().zip(&FIELDS) {
        if !text.split(',').all(|range| is_range(range, field)) {
            let (name, min, max, _) = field;
            return Err(format!(
                "{text:?} is not a {name}: write `*`, a number from {min} to {max}, a range such as {min}-{max}, or `*/{}`",
                max.div_ceil(4)
            ));
        }
    }
    Ok(())
}

/// Whether this is `*`, a number, a range, or one of these with a step.
fn is_range(text: &str, field: &Field) -> bool {
    let (_, min, max, names) = field;
    let (range, step) = match text.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = |text: &str| -> Option<u32> {
        if digits(text) {
            return text.parse().ok().filter(|number| (min..=max).contains(&number));
        }
        let place = names.iter().position(|name| text.eq_ignore_ascii_case(name))?;
        Some(min + u32::try_from(place).ok()?)
    };
    let is_step = |text: &str| digits(text) && text.parse().is_ok_and(|step: u32| step > 0);
    if !step.is_none_or(is_step) {
        return false;
    }
    match range.split_once('-') {
        _ if range == "*" || range == "?" => true,
        Some((first, last)) => match (number(first), number(last)) {
            (Some(first), Some(last)) => first <= last,
            _ => false,
        },
        None => number(range).is_some(),
    }
}

/// Checks the form of a time zone's name. Kubernetes knows which ones there are.
///
/// # Errors
/// The mistake, and what to write instead.
pub fn check_timezone(zone: &str) -> Result<(), String> {
    let is_part = |part: &str| {
        let is_inner = |b: u8| b.is_ascii_alphanumeric() || b"_+-".contains(&b);
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(is_inner)
    };
    match zone.split('/').all(is_part) && !zone.eq_ignore_ascii_case("local") {
        true => Ok(()),
        false => {
            Err(format!("{zone:?} is not the name of a time zone: write one such as Europe/Berlin"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_have_five_valid_fields() {
        for cron in [
            "0 2 * * *",
            "*/5 * * * *",
            "0,30 8-18 1-31/2 jan-MAR mon,FRI",
            "59 23 31 12 6",
            "? ? ? ? ?",
            "5/15 * * * *",
            "0  2 * * *",
        ] {
            assert_eq!(check(cron), Ok(()), "{cron}");
        }
        for cron in [
            "",
            "@daily",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "a * * * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "1- * * * *",
            "-1 * * * *",
            ", * * * *",
            "1,,2 * * * *",
            "*/ * * * *",
            "0 2 * * *\n",
            "+1 * * * *",
            "TZ=UTC 0 2 * * *",
        ] {
            assert!(check(cron).is_err(), "{cron}");
        }
    }

    #[test]
    fn time_zones_have_the_form_of_the_database() {
        for zone in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+1"] {
            assert_eq!(check_timezone(zone), Ok(()), "{zone}");
        }
        for zone in ["", "Local", "Europe/", "/x", "Europe/Ber lin", "../etc", "+1"] {
            assert!(check_timezone(zone).is_err(), "{zone}");
        }
    }
}
