use crate::{
    grammar::{
        arn::{check_secret_arn, looks_like_arn, split_arn},
        backend_type::BuiltIn,
        flaw::{Flaw, FlawKind},
        name::{check_length_and_characters, check_name},
        parameter::check_parameter,
    },
    text::bytes::{char_end, find_byte, find_parent_component, matches_at},
};

/// Checks an id by the grammar of its backend type. An id without a type is a name or the ARN of a secret.
///
/// | type | id |
/// |---|---|
/// | none, `aws-secrets-manager` | a name, or a full or partial ARN |
/// | `file`, `flyte` | a relative path without `..` |
/// | `vault` | a mount and a path below it, without what the API adds (`v1/`, `data/`) |
/// | `kubernetes` | a Secret's name, or a namespace, `/` and the name |
/// | `ssm` | a parameter's name or ARN, either with `:VERSION` or `:LABEL`, or a path and `/*` |
/// | `env` | the name of an environment variable, or what several begin with and `*` |
/// | any other | any text of 1 to 512 bytes without control characters |
///
/// ```
/// use secrets_spec::check_id;
///
/// assert!(check_id(Some("local"), "my secret").is_none());
/// assert!(check_id(None, "my secret").is_some());
/// assert!(check_id(Some("file"), "../secret").is_some());
/// ```
#[must_use]
pub const fn check_id(backend: Option<&str>, id: &str) -> Option<Flaw> {
    match backend {
        None => check_untyped_id(id),
        Some(name) => check_id_of_type(BuiltIn::parse(name), id),
    }
}

pub(crate) const fn check_id_of_type(built_in: Option<BuiltIn>, id: &str) -> Option<Flaw> {
    match built_in {
        Some(BuiltIn::AwsSecretsManager) => check_untyped_id(id),
        Some(BuiltIn::File | BuiltIn::Flyte) => check_path(id),
        Some(BuiltIn::Env) => check_environment_name(id),
        Some(BuiltIn::Vault) => check_vault_path(id),
        Some(BuiltIn::Kubernetes) => check_kubernetes_name(id),
        Some(BuiltIn::Ssm) => check_parameter(id),
        _ => check_text(id),
    }
}

pub(crate) const fn check_untyped_id(id: &str) -> Option<Flaw> {
    if looks_like_arn(id.as_bytes()) { check_untyped_arn(id) } else { check_name(id) }
}

/// Checks the ARN of a secret. That of a parameter needs its type.
const fn check_untyped_arn(id: &str) -> Option<Flaw> {
    let bytes = id.as_bytes();
    if let Ok(layout) = split_arn(bytes, FlawKind::ArnParts)
        && matches_at(bytes, layout.service, b"ssm:")
    {
        return Some(Flaw::new(FlawKind::ParameterUntyped, layout.service, layout.region - 1));
    }
    check_secret_arn(id)
}

const fn check_text(id: &str) -> Option<Flaw> {
    if id.is_empty() {
        return Some(Flaw::new(FlawKind::NameEmpty, 0, 0));
    }
    check_length_and_characters(id, FlawKind::NameLong)
}

const fn check_environment_name(id: &str) -> Option<Flaw> {
    let bytes = id.as_bytes();
    if bytes.is_empty() {
        return Some(Flaw::new(FlawKind::EnvNameEmpty, 0, 0));
    }
    if let Some(at) = find_byte(bytes, b'=', 0, bytes.len()) {
        return Some(Flaw::new(FlawKind::EnvNameCharacter, at, at + 1));
    }
    if let Some(at) = find_byte(bytes, b'*', 0, bytes.len())
        && (at == 0 || at + 1 < bytes.len())
    {
        return Some(Flaw::new(FlawKind::EnvNameStar, at, at + 1));
    }
    check_text(id)
}

/// Checks `NAME` or `NAMESPACE/NAME`, by RFC 1123 as Kubernetes applies it.
const fn check_kubernetes_name(id: &str) -> Option<Flaw> {
    let bytes = id.as_bytes();
    let slash = find_byte(bytes, b'/', 0, bytes.len());
    let start = match slash {
        Some(slash) => {
            if let Some(flaw) = check_dns_name(bytes, 0, slash, 63, false) {
                return Some(flaw);
            }
            slash + 1
        }
        None => 0,
    };
    check_dns_name(bytes, start, bytes.len(), 253, true)
}

/// Checks labels of lower-case letters, digits and hyphens within, with dots between them if there may be several.
const fn check_dns_name(
    bytes: &[u8],
    start: usize,
    end: usize,
    longest: usize,
    has_dots: bool,
) -> Option<Flaw> {
    if start == end {
        return Some(Flaw::new(FlawKind::KubernetesNameEmpty, start, end));
    }
    let mut i = start;
    while i < end {
        let is_inner = i > start && i + 1 < end;
        let is_beside_dot =
            (i > start && bytes[i - 1] == b'.') || (i + 1 < end && bytes[i + 1] == b'.');
        let is_good = match bytes[i] {
            b'a'..=b'z' | b'0'..=b'9' => true,
            b'-' => is_inner && !is_beside_dot,
            b'.' => has_dots && is_inner && !is_beside_dot,
            _ => false,
        };
        if !is_good {
            let end = char_end(bytes, i);
            return Some(Flaw::new(FlawKind::KubernetesNameCharacter, i, end));
        }
        i += 1;
    }
    if end - start > longest {
        return Some(Flaw::new(FlawKind::KubernetesNameLong, start + longest, end));
    }
    None
}

/// Checks a path in Vault: the mount and a path below it. What the API adds is refused, since a path with it would be
/// read as another secret's.
const fn check_vault_path(id: &str) -> Option<Flaw> {
    let bytes = id.as_bytes();
    if bytes.is_empty() {
        return Some(Flaw::new(FlawKind::VaultPathEmpty, 0, 0));
    }
    if bytes[0] == b'/' {
        return Some(Flaw::new(FlawKind::VaultPathSlash, 0, 1));
    }
    if matches_at(bytes, 0, b"v1/") {
        return Some(Flaw::new(FlawKind::VaultPathApi, 0, 3));
    }
    let (mut start, mut segments, mut i) = (0, 0, 0);
    while i <= bytes.len() {
        if i == bytes.len() || bytes[i] == b'/' {
            let length = i - start;
            let is_dots = matches_at(bytes, start, b".") && length == 1
                || matches_at(bytes, start, b"..") && length == 2;
            if length == 0 || is_dots {
                return Some(Flaw::new(FlawKind::VaultPathSegment, start, i));
            }
            segments += 1;
            if segments == 2 && length == 4 && matches_at(bytes, start, b"data") {
                return Some(Flaw::new(FlawKind::VaultPathData, start, i));
            }
            start = i + 1;
        } else if bytes[i] == b'?' || bytes[i] == b'#' {
            return Some(Flaw::new(FlawKind::VaultPathCharacter, i, i + 1));
        }
        i += 1;
    }
    if segments < 2 {
        return Some(Flaw::new(FlawKind::VaultPathMount, bytes.len(), bytes.len()));
    }
    check_text(id)
}

/// Checks an id that becomes an argument of a program: 1 to 512 bytes without control characters, which do not begin with
/// a hyphen and have no part `..`.
///
/// The types of these backends are known when a program runs, so their ids are checked then.
///
/// ```
/// use secrets_spec::check_exec_id;
///
/// assert!(check_exec_id("Private/GitHub token").is_none());
/// assert!(check_exec_id("--help").is_some());
/// assert!(check_exec_id("a/../b").is_some());
/// ```
#[must_use]
pub const fn check_exec_id(id: &str) -> Option<Flaw> {
    let bytes = id.as_bytes();
    if let Some(flaw) = check_text(id) {
        return Some(flaw);
    }
    if bytes[0] == b'-' {
        return Some(Flaw::new(FlawKind::ExecIdHyphen, 0, 1));
    }
    match find_parent_component(bytes, 0, bytes.len()) {
        Some(at) => Some(Flaw::new(FlawKind::ExecIdParent, at, at + 2)),
        None => None,
    }
}

const fn check_path(id: &str) -> Option<Flaw> {
    let bytes = id.as_bytes();
    if bytes.is_empty() {
        return Some(Flaw::new(FlawKind::PathEmpty, 0, 0));
    }
    if bytes[0] == b'/' || bytes[0] == b'\\' {
        return Some(Flaw::new(FlawKind::PathAbsolute, 0, 1));
    }
    // A Windows drive, such as `C:`.
    if bytes[0].is_ascii_alphabetic() && bytes.len() > 1 && bytes[1] == b':' {
        return Some(Flaw::new(FlawKind::PathAbsolute, 0, 2));
    }
    if let Some(at) = find_parent_component(bytes, 0, bytes.len()) {
        return Some(Flaw::new(FlawKind::PathParent, at, at + 2));
    }
    let mut start = 0;
    let mut i = 0;
    while i <= bytes.len() {
        if i == bytes.len() || bytes[i] == b'/' {
            if i == start || (i - start == 1 && matches_at(bytes, start, b".")) {
                return Some(Flaw::new(FlawKind::PathComponent, start, i));
            }
            start = i + 1;
        }
        i += 1;
    }
    check_text(id)
}
