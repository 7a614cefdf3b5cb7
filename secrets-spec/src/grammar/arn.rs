use alloc::string::String;
use core::{fmt, ops::Range};

use crate::{
    grammar::{
        flaw::{Flaw, FlawKind},
        name::{MAX_NAME_BYTES, find_non_name_byte},
        region::is_region,
        spec_error::SpecError,
    },
    text::bytes::{char_end, find_byte, is_label_byte, matches_at},
};

/// Where the parts of an ARN start: the index after each of its first five colons.
#[derive(Clone, Copy)]
pub(crate) struct ArnLayout {
    pub partition: usize,
    pub service: usize,
    pub region: usize,
    pub account: usize,
    pub resource: usize,
}

/// Splits the ARN of any service and checks its partition, which has the same grammar in all services.
pub(crate) const fn split_arn(bytes: &[u8], malformed: FlawKind) -> Result<ArnLayout, Flaw> {
    if !matches_at(bytes, 0, b"arn:") {
        return Err(if looks_like_arn(bytes) {
            Flaw::new(FlawKind::ArnCase, 0, 3)
        } else {
            Flaw::new(malformed, 0, bytes.len())
        });
    }
    let mut starts = [4; 5];
    let mut i = 1;
    while i < 5 {
        match find_byte(bytes, b':', starts[i - 1], bytes.len()) {
            Some(colon) => starts[i] = colon + 1,
            None => return Err(Flaw::new(malformed, bytes.len(), bytes.len())),
        }
        i += 1;
    }
    let layout = ArnLayout {
        partition: starts[0],
        service: starts[1],
        region: starts[2],
        account: starts[3],
        resource: starts[4],
    };
    let (start, end) = (layout.partition, layout.service - 1);
    if !is_partition(bytes, start, end) {
        return Err(Flaw::new(FlawKind::ArnPartition, start, end));
    }
    Ok(layout)
}

/// Whether a text starts with `arn:` in upper, lower or mixed case.
pub(crate) const fn looks_like_arn(bytes: &[u8]) -> bool {
    bytes.len() >= 4
        && bytes[0].eq_ignore_ascii_case(&b'a')
        && bytes[1].eq_ignore_ascii_case(&b'r')
        && bytes[2].eq_ignore_ascii_case(&b'n')
        && bytes[3] == b':'
}

/// Whether `bytes[start..end]` is `aws`, or `aws` followed by more words, each after a hyphen. There is no fixed
/// list, since AWS adds partitions.
const fn is_partition(bytes: &[u8], start: usize, end: usize) -> bool {
    if end - start < 3 || !matches_at(bytes, start, b"aws") {
        return false;
    }
    let mut i = start + 3;
    while i < end {
        let word = bytes[i] != b'-' && is_label_byte(bytes[i]);
        let hyphen = bytes[i] == b'-' && i + 1 < end && bytes[i + 1] != b'-';
        // `aws` itself must be a whole word.
        if !(hyphen || (word && i > start + 3)) {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether `bytes[start..end]` is an account: 12 digits.
pub(crate) const fn is_account(bytes: &[u8], start: usize, end: usize) -> bool {
    let mut i = start;
    while i < end {
        if !bytes[i].is_ascii_digit() {
            return false;
        }
        i += 1;
    }
    end - start == 12
}

/// Splits the ARN of a secret and checks everything before the resource: partition, service, region and account.
pub(crate) const fn parse_secret_arn_head(bytes: &[u8]) -> Result<ArnLayout, Flaw> {
    let layout = match split_arn(bytes, FlawKind::ArnParts) {
        Ok(layout) => layout,
        Err(flaw) => return Err(flaw),
    };
    let service = layout.region - 1 - layout.service;
    if !(service == 14 && matches_at(bytes, layout.service, b"secretsmanager")) {
        return Err(Flaw::new(FlawKind::ArnService, layout.service, layout.region - 1));
    }
    if !is_region(bytes, layout.region, layout.account - 1) {
        return Err(Flaw::new(FlawKind::ArnRegion, layout.region, layout.account - 1));
    }
    if !is_account(bytes, layout.account, layout.resource - 1) {
        return Err(Flaw::new(FlawKind::ArnAccount, layout.account, layout.resource - 1));
    }
    Ok(layout)
}

/// Whether `bytes[start..]` is what ECS adds to an ARN: a key, a stage and a version, each after a colon, and any of
/// them empty
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html>).
const fn is_ecs_suffix(bytes: &[u8], start: usize) -> bool {
    let (mut colons, mut i) = (0, start);
    while i < bytes.len() {
        if bytes[i] == b':' {
            colons += 1;
        }
        i += 1;
    }
    bytes[start] == b':' && colons == 3
}

/// Checks the full or partial ARN of a secret in any partition.
///
/// ```
/// use secrets_spec::check_secret_arn;
///
/// const _: () = assert!(check_secret_arn("arn:aws:secretsmanager:us-west-2:001234556000:secret:db").is_none());
/// assert!(check_secret_arn("arn:aws:ssm:us-west-2:001234556000:parameter/db").is_some());
/// ```
#[must_use]
pub const fn check_secret_arn(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    let layout = match parse_secret_arn_head(bytes) {
        Ok(layout) => layout,
        Err(flaw) => return Some(flaw),
    };
    if !matches_at(bytes, layout.resource, b"secret:") {
        return Some(Flaw::new(FlawKind::ArnResource, layout.resource, bytes.len()));
    }
    let name = layout.resource + 7;
    if let Some(at) = find_non_name_byte(bytes, name) {
        if at > name && is_ecs_suffix(bytes, at) {
            return Some(Flaw::new(FlawKind::ArnSuffix, at, bytes.len()));
        }
        return Some(Flaw::new(FlawKind::ArnName, at, char_end(bytes, at)));
    }
    if name == bytes.len() {
        return Some(Flaw::new(FlawKind::ArnNameEmpty, name, name));
    }
    // The longest name, then the hyphen and six characters that a full ARN has after it.
    let end = name + MAX_NAME_BYTES + 7;
    if bytes.len() > end {
        return Some(Flaw::new(FlawKind::ArnNameLong, end, bytes.len()));
    }
    None
}

/// The ARN of a secret: `arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME`, full (with the hyphen and
/// six characters that AWS appends) or partial.
///
/// Source: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html>.
///
/// ```
/// let arn = secrets_spec::SecretArn::parse("arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db-AbCdEf")?;
/// assert_eq!((arn.partition(), arn.region(), arn.account()), ("aws-cn", "cn-north-1", "123456789012"));
/// assert_eq!((arn.resource_name(), arn.name(), arn.looks_full()), ("db-AbCdEf", "db", true));
/// # Ok::<(), secrets_spec::SpecError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SecretArn {
    text: String,
    partition: Range<usize>,
    region: Range<usize>,
    account: Range<usize>,
    name: usize,
}

impl SecretArn {
    /// Parses a full or partial ARN.
    ///
    /// # Errors
    /// If a part is missing or malformed, or the ARN belongs to another service.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        if let Some(flaw) = check_secret_arn(text) {
            return Err(flaw.explain(text));
        }
        match parse_secret_arn_head(text.as_bytes()) {
            Err(flaw) => Err(flaw.explain(text)),
            Ok(layout) => Ok(Self {
                text: String::from(text),
                partition: layout.partition..layout.service - 1,
                region: layout.region..layout.account - 1,
                account: layout.account..layout.resource - 1,
                name: layout.resource + 7,
            }),
        }
    }

    /// Returns the whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the partition, such as `aws` or `aws-us-gov`.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.text[self.partition.clone()]
    }

    /// Returns the region, such as `us-west-2`.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.text[self.region.clone()]
    }

    /// Returns the account: 12 digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.text[self.account.clone()]
    }

    /// Returns everything after `secret:`.
    #[must_use]
    pub fn resource_name(&self) -> &str {
        &self.text[self.name..]
    }

    /// Returns the secret's name: the text after `secret:`, without a trailing hyphen and six letters or digits.
    ///
    /// This also shortens the partial ARN of a secret whose own name has such an ending, since an ARN does not say
    /// whether it is full.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.resource_name();
        if self.looks_full() { &name[..name.len() - 7] } else { name }
    }

    /// Whether the ARN ends with a hyphen and six letters or digits, as a full ARN does.
    #[must_use]
    pub fn looks_full(&self) -> bool {
        let name = self.resource_name().as_bytes();
        name.len() > 7
            && name[name.len() - 7] == b'-'
            && name[name.len() - 6..].iter().all(u8::is_ascii_alphanumeric)
    }
}

impl fmt::Display for SecretArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SecretArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretArn({})", self.text)
    }
}
