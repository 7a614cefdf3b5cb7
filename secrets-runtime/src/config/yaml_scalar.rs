//! Reads plain scalars by the core schema of YAML 1.2: <https://yaml.org/spec/1.2.2/#103-core-schema>.

use std::borrow::Cow;

use crate::config::tree::NodeKind;

pub(super) fn of(text: Cow<'_, str>) -> NodeKind {
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        word => match integer(word).or_else(|| float(word)) {
            Some(number) => NodeKind::Number(number),
            None => NodeKind::Text(text.into_owned()),
        },
    }
}

/// Reads an integer and returns it in decimal, the only form in JSON.
fn integer(word: &str) -> Option<String> {
    if let Some(digits) = word.strip_prefix("0x") {
        return based(digits, 16);
    }
    if let Some(digits) = word.strip_prefix("0o") {
        return based(digits, 8);
    }
    let (sign, digits) = signed(word);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(format!("{sign}{}", if digits.is_empty() { "0" } else { digits }))
}

fn based(digits: &str, radix: u32) -> Option<String> {
    let plain = digits.bytes().all(|b| b.is_ascii_alphanumeric());
    u128::from_str_radix(digits, radix).ok().filter(|_| plain).map(|number| number.to_string())
}

/// Reads a number with a point or an exponent, and keeps its form if JSON allows it. Infinity and NaN stay
/// texts, which a field of a floating-point type can read.
fn float(word: &str) -> Option<String> {
    let (sign, rest) = signed(word);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => rest.split_at_checked(at).unwrap_or((rest, "")),
        None => (rest, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let power = exponent.get(1..).map(signed).map(|(_, power)| power);
    let good = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && power.is_none_or(|power| !power.is_empty() && digits(power));
    if !good {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}{exponent}"))
}

/// Splits a number into its minus and the part after the sign.
fn signed(word: &str) -> (&'static str, &str) {
    match word.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", word.strip_prefix('+').unwrap_or(word)),
    }
}
