//! Names that Kubernetes accepts.

/// Whether a flow or a step may have this name.
pub fn is_identifier(name: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(is_inner)
        && !name.ends_with('-')
}

/// Says how a name is written that a flow or a step cannot have.
pub fn identifier_help(name: &str) -> String {
    let rule = "lower-case letters, digits and `-`, with a letter first and no `-` at the end";
    let lower = name.to_lowercase();
    let valid: String =
        lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let valid = valid.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches('-');
    match valid {
        "" => format!("write {rule}"),
        valid => format!("write `{valid}` ({rule})"),
    }
}

/// What a name belongs to.
#[derive(Debug, Clone, Copy)]
pub enum NameKind {
    ServiceAccount,
    Secret,
    Namespace,
    Object,
}

impl NameKind {
    /// Checks a name.
    ///
    /// # Errors
    /// The mistake, and what to write instead.
    pub fn check(self, name: &str) -> Result<(), String> {
        let (what, with_dots, max) = match self {
            Self::ServiceAccount => ("a service account", true, 253),
            Self::Secret => ("a Secret", true, 253),
            Self::Namespace => ("a namespace", false, 63),
            Self::Object => ("an object", false, 63),
        };
        let is_label = |label: &str| {
            let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            let is_edge = |b: Option<u8>| b.is_some_and(|b| b != b'-');
            label.bytes().all(is_inner)
                && is_edge(label.bytes().next())
                && is_edge(label.bytes().last())
        };
        let is_valid = match with_dots {
            true => name.split('.').all(is_label),
            false => is_label(name),
        };
        if is_valid && name.len() <= max {
            return Ok(());
        }
        let signs = if with_dots { "digits, `-` and `.`" } else { "digits and `-`" };
        Err(format!(
            "Kubernetes accepts no {} named {name:?}: write lower-case letters, {signs}, at most {max}, with a letter or digit at both ends",
            what.trim_start_matches("an ").trim_start_matches("a ")
        ))
    }
}

/// Checks the name of a variable.
///
/// # Errors
/// The mistake, and what to write instead.
pub fn check_variable(name: &str) -> Result<(), String> {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let is_valid = name.bytes().all(is_inner)
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
        && !name.starts_with("..")
        && name != ".";
    match is_valid {
        true => Ok(()),
        false => Err(format!(
            "Kubernetes accepts no variable named {name:?}: write letters, digits and `_`, not beginning with a digit"
        )),
    }
}

/// Checks the key of a Secret.
///
/// # Errors
/// The mistake, and what to write instead.
pub fn check_key(key: &str) -> Result<(), String> {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let is_valid = !key.is_empty() && key.len() <= 253 && key.bytes().all(is_inner);
    match is_valid && key != "." && !key.starts_with("..") {
        true => Ok(()),
        false => Err(format!(
            "a Secret has no key named {key:?}: write letters, digits, `-`, `_` and `.`"
        )),
    }
}

/// Checks an image. The registry knows which one there is; this finds what no registry can have.
///
/// # Errors
/// The mistake, and what to write instead.
pub fn check_image(image: &str) -> Result<(), String> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    match image.is_empty() || image.contains(is_odd) || image.starts_with('-') {
        false => Ok(()),
        true => Err(format!(
            "{image:?} is not an image: write `registry.example/name:tag`, without blanks"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_has_a_valid_spelling() {
        for (name, valid) in
            [("DbFlow", "`dbflow`"), ("db flow", "`db-flow`"), ("1a_", "`a`"), ("-é.b", "`b`")]
        {
            assert!(identifier_help(name).contains(valid), "{name}: {}", identifier_help(name));
            assert!(is_identifier(valid.trim_matches('`')));
        }
        assert!(identifier_help("123").starts_with("write lower-case"));
    }

    #[test]
    fn names_are_those_of_kubernetes() {
        for name in ["a", "0a", "a.b-c", &"a".repeat(253)] {
            assert!(NameKind::ServiceAccount.check(name).is_ok(), "{name}");
        }
        for name in ["", "A", "a..b", "-a", "a-", "a b", "a_b", &"a".repeat(254)] {
            assert!(NameKind::Secret.check(name).is_err(), "{name}");
        }
        assert!(NameKind::Namespace.check("a.b").is_err() && NameKind::Object.check("a").is_ok());
        for name in ["A", "a.b", "_A1", ".a", "A-B"] {
            assert!(check_variable(name).is_ok(), "{name}");
        }
        for name in ["", "1A", "A B", "A=B", "..", ".", "..a", "Ä"] {
            assert!(check_variable(name).is_err(), "{name}");
        }
        assert!(check_key("tls.crt").is_ok() && check_key("..").is_err() && check_key("").is_err());
        assert!(check_image("a:1").is_ok() && check_image(" a").is_err());
    }
}
