//! Quantities of Kubernetes, such as `500m` and `1Gi`.

/// The suffixes, and by how much each multiplies.
const SUFFIXES: &[(&str, f64)] = &[
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// Whether Kubernetes accepts this quantity, and it is not negative.
pub fn is_quantity(text: &str) -> bool {
    value(text).is_some()
}

/// Returns the larger of two quantities, as it is written.
pub fn larger<'a>(one: &'a str, other: &'a str) -> &'a str {
    if value(other) > value(one) { other } else { one }
}

fn value(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || number.matches('.').count() > 1 {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    if suffix.is_empty() {
        return Some(number);
    }
    if let Some((_, factor)) = SUFFIXES.iter().find(|(known, _)| *known == suffix) {
        return Some(number * factor);
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok()?;
    Some(number * 10_f64.powi(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_those_of_kubernetes() {
        for text in ["0", "1", "0.5", ".5", "5.", "500m", "1Gi", "1e3", "1E-3", "12E", "100k"] {
            assert!(is_quantity(text), "{text}");
        }
        for text in
            ["", ".", "m", "1 Gi", "1gi", "1GB", "-1", "+1", "1.2.3", "1e", "1K", "0x1", "١"]
        {
            assert!(!is_quantity(text), "{text}");
        }
    }

    #[test]
    fn the_larger_one_is_found_whatever_the_units() {
        assert_eq!(larger("500m", "1"), "1");
        assert_eq!(larger("1Gi", "1000M"), "1Gi");
    }
}
