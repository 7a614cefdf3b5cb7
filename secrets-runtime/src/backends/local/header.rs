use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::{
    backend::payload::Payload, backends::local::key::MAX_KID_BYTES, core::secret_value::SecretValue,
};

/// The protected header of a store file: exactly `alg`, `enc`, `kid`, `cty`, `secret` and `version`.
///
/// It is authenticated together with the value, so a file that is moved to another secret's name, or whose
/// version is changed, does not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JweHeader {
    /// The `kid` of the key. `None` if the key has none, and in files of the first format.
    pub(super) kid: Option<String>,
    pub(super) content: ContentType,
    /// The secret's name.
    pub(super) secret: String,
    pub(super) version: String,
}

const ALG: &str = "dir";
const ENC: &str = "A256GCM";
const NAMES: [&str; 6] = ["alg", "enc", "kid", "cty", "secret", "version"];

impl JweHeader {
    pub(super) fn to_json(&self) -> String {
        let text = |text: &str| Value::from(text).to_string();
        let (content, secret, version) =
            (self.content.as_str(), text(&self.secret), text(&self.version));
        let kid = self.kid.as_ref().map(|kid| format!(r#""kid":{},"#, text(kid)));
        let kid = kid.unwrap_or_default();
        format!(
            r#"{{"alg":"{ALG}","enc":"{ENC}",{kid}"cty":"{content}","secret":{secret},"version":{version}}}"#
        )
    }

    /// Reads a header; the error says in a few words what is wrong with it.
    pub(super) fn parse(json: &[u8]) -> Result<Self, &'static str> {
        let members =
            serde_json::from_slice::<Members>(json).map_err(|_| "is not a JSON object of texts")?.0;
        for (index, (name, _)) in members.iter().enumerate() {
            if !NAMES.contains(&name.as_str()) {
                return Err(
                    "has a member other than `alg`, `enc`, `kid`, `cty`, `secret`, `version`",
                );
            }
            if members[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err("has a member twice");
            }
        }
        let find = |name: &str| {
            let member = members.iter().find(|(found, _)| found == name);
            member.map(|(_, text)| text.as_str())
        };
        let get = |name: &str| {
            find(name).ok_or("lacks one of its members `alg`, `enc`, `cty`, `secret`, `version`")
        };
        if get("alg")? != ALG {
            return Err("has an `alg` other than `dir`");
        }
        if get("enc")? != ENC {
            return Err("has an `enc` other than `A256GCM`");
        }
        let content = ContentType::parse(get("cty")?)
            .ok_or("has a `cty` other than `json`, `text`, `binary`")?;
        let (secret, version) = (get("secret")?, get("version")?);
        if secrets_spec::check_id(Some(crate::backends::local::KIND), secret).is_some() {
            return Err("has a `secret` that cannot be the name of one");
        }
        if secrets_spec::check_selector(version).is_some() {
            return Err("has an empty or over-long `version`");
        }
        let kid = find("kid");
        if kid.is_some_and(|kid| !(1..=MAX_KID_BYTES).contains(&kid.len())) {
            return Err("has an empty or over-long `kid`");
        }
        Ok(Self {
            kid: kid.map(str::to_owned),
            content,
            secret: secret.to_owned(),
            version: version.to_owned(),
        })
    }
}

/// How a stored value is read: the header's `cty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentType {
    Json,
    Text,
    Binary,
}

impl ContentType {
    pub(super) fn of(payload: &Payload) -> Self {
        match payload {
            Payload::Json(_) => Self::Json,
            Payload::Text(_) => Self::Text,
            Payload::Binary(_) => Self::Binary,
        }
    }

    pub(super) fn payload(self, value: SecretValue) -> Payload {
        match self {
            Self::Json => Payload::Json(value),
            Self::Text => Payload::Text(value),
            Self::Binary => Payload::Binary(value),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Json, Self::Text, Self::Binary].into_iter().find(|it| it.as_str() == text)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

/// The members as they stand, repeated ones too: a map would keep the last and hide the others.
struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::with_capacity(NAMES.len());
        while let Some(member) = map.next_entry()? {
            if members.len() == NAMES.len() * 2 {
                return Err(de::Error::custom("too many members"));
            }
            members.push(member);
        }
        Ok(Members(members))
    }
}
