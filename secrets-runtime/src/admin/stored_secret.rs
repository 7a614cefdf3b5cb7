use std::{collections::HashMap, mem};

use secrets_spec::Options;
use zeroize::Zeroizing;

use crate::{
    admin::stored_field::StoredField,
    backend::{
        Backend, Fetched, MAX_VALUE_BYTES, content::Content, fetch_request::FetchRequest,
        lease::Lease, payload::Payload,
    },
    cache::answer::no_answer,
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::{
        decode, dotenv,
        json::{self, form::Form},
    },
    rt::block_on::block_on,
};

/// A whole secret as its backend stores it: for tools that show it, change it and write it back.
///
/// A set of fields keeps the JSON it was written with: a number stays a number, and a member that is `null`
/// stays `null`, although steps do not see it as a field.
///
/// ```
/// use secrets_runtime::{Error, admin::StoredSecret};
///
/// let mut secret = StoredSecret::from_json(r#"{"user": "app", "port": 5432}"#)?;
/// secret.set("password", "x")?;
/// assert!(secret.remove("user"));
/// let payload = secret.payload();
/// assert_eq!(payload.value().expose_str()?, r#"{"port": 5432, "password": "x"}"#);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct StoredSecret {
    content: StoredContent,
    fields: Vec<StoredField>,
    version: Option<String>,
    lease: Option<Lease>,
}

#[derive(Debug, Clone)]
enum StoredContent {
    /// The members as JSON texts, in order, `null` included.
    Members(Vec<(String, SecretValue)>),
    Text(SecretValue),
    Binary(SecretValue),
}

impl StoredSecret {
    /// Reads a secret by the name that its backend has for it, at this version stage (`None` is the current
    /// one).
    ///
    /// A manager that stores texts does not say which of them are JSON, so a text that does not start like a
    /// JSON object is read as one plain value.
    ///
    /// # Errors
    /// The backend's own errors, and [`ErrorKind::Undecodable`] if the payload does not have the form that
    /// the backend says it has.
    pub async fn read(
        backend: &dyn Backend,
        id: &str,
        version_stage: Option<&str>,
    ) -> Result<Self, Error> {
        let mut options = Options::default();
        options.version_stage = version_stage.map(str::to_owned);
        let requests = [FetchRequest::new(id, &options)];
        let answer = backend.fetch(&requests).await.pop().unwrap_or_else(|| Err(no_answer()));
        let lease = answer.as_ref().ok().and_then(|fetched| fetched.lease.clone());
        let made = answer.and_then(|fetched| Self::of(decode::plain_if_no_object(fetched), id));
        if let (Err(_), Some(lease)) = (&made, lease) {
            // Nobody else knows of it, and it ends by itself otherwise.
            let _ = backend.revoke(&lease).await;
        }
        made.map_err(|error| error.about(id, Some(backend.kind())))
    }

    /// Blocking version of [`read`](Self::read): parks this thread; works inside and outside any runtime.
    ///
    /// ```
    /// use secrets_runtime::{Error, Payload, Store, admin::StoredSecret, backends::Local};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path();
    /// let local = Local::new(folder.join("store"), folder.join("keys/key.jwk"));
    /// local.put_blocking("db", Payload::Json(r#"{"user": "app"}"#.into()))?;
    /// let secret = StoredSecret::read_blocking(&local, "db", None)?;
    /// assert_eq!(secret.fields()[0].key(), "user");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_blocking(
        backend: &dyn Backend,
        id: &str,
        version_stage: Option<&str>,
    ) -> Result<Self, Error> {
        block_on(Self::read(backend, id, version_stage))
    }

    /// Creates a set of fields from the text of a JSON object.
    ///
    /// # Errors
    /// [`ErrorKind::Undecodable`] if the text is not a JSON object or has a key twice;
    /// [`ErrorKind::InvalidValue`] if it is too long.
    pub fn from_json(text: impl Into<SecretValue>) -> Result<Self, Error> {
        Self::of(Fetched::json(text), "")
    }

    /// Creates a set of fields from the text of a dotenv file, as the option `format = "dotenv"` reads it.
    ///
    /// # Errors
    /// [`ErrorKind::Undecodable`] for each malformed line, with its number, and for each name that occurs twice.
    pub fn from_dotenv(text: impl Into<SecretValue>) -> Result<Self, Error> {
        Self::of(Fetched::fields(dotenv::read(&text.into())?), "")
    }

    /// Creates a secret that is one plain text. Its field is named after the secret, `id`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if the text is too long.
    pub fn from_text(text: impl Into<SecretValue>, id: &str) -> Result<Self, Error> {
        Self::of(Fetched::text(text), id)
    }

    /// Creates a secret that is bytes. Their field is named after the secret, `id`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if there are too many bytes.
    pub fn from_binary(bytes: impl Into<SecretValue>, id: &str) -> Result<Self, Error> {
        Self::of(Fetched::binary(bytes), id)
    }

    /// Reads a JSON object that contains many secrets and returns its members, each as it is written there.
    /// Tools that read an export use it. The length of the whole text is not limited.
    ///
    /// # Errors
    /// [`ErrorKind::Undecodable`] if the text is not a JSON object or has a key twice.
    pub fn many_from_json(text: &SecretValue) -> Result<Vec<StoredField>, Error> {
        let field = |(key, json): (String, json::Json)| StoredField {
            key,
            value: json.value,
            is_binary: false,
            is_text: json.form == Form::Text,
        };
        Ok(read(text)?.into_iter().map(field).collect())
    }

    /// Returns the fields, as a step gets them.
    #[must_use]
    pub fn fields(&self) -> &[StoredField] {
        &self.fields
    }

    /// Returns whether this is a set of fields, and not one plain value.
    #[must_use]
    pub fn is_set(&self) -> bool {
        matches!(self.content, StoredContent::Members(_))
    }

    /// Returns the lease, if the secret has one. The caller revokes it with
    /// [`Backend::revoke`](crate::Backend::revoke), or leaves it to its time.
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Returns the version, if the backend reported one.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Adds or replaces a field with this text.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if the value is not UTF-8, or if the secret is one plain value.
    pub fn set(&mut self, key: &str, value: impl Into<SecretValue>) -> Result<(), Error> {
        let value = value.into();
        let StoredContent::Members(_) = &self.content else {
            return Err(Error::new(ErrorKind::InvalidValue, "one plain value has no fields"));
        };
        let Some(json) = json_string(&value) else {
            return Err(Error::new(
                ErrorKind::InvalidValue,
                "the value is not UTF-8, which JSON requires",
            ));
        };
        let field = StoredField { key: key.to_owned(), value, is_binary: false, is_text: true };
        self.put(key, json, field);
        Ok(())
    }

    /// Copies every field of another secret into this one, as it is written there.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if one of the two secrets is one plain value.
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        let (StoredContent::Members(_), StoredContent::Members(theirs)) =
            (&self.content, other.content)
        else {
            return Err(Error::new(ErrorKind::InvalidValue, "one plain value has no fields"));
        };
        for (key, json) in theirs {
            match other.fields.iter().find(|field| field.key == key) {
                Some(field) => self.put(&key, json, field.clone()),
                // The member is `null`.
                None => {
                    self.remove(&key);
                    if let StoredContent::Members(members) = &mut self.content {
                        members.push((key, json));
                    }
                }
            }
        }
        Ok(())
    }

    /// Removes a field and returns whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        let StoredContent::Members(members) = &mut self.content else { return false };
        let before = members.len();
        members.retain(|(known, _)| known != key);
        self.fields.retain(|field| field.key != key);
        members.len() < before
    }

    /// Returns the payload that a store writes.
    #[must_use]
    pub fn payload(&self) -> Payload {
        match &self.content {
            StoredContent::Text(text) => Payload::Text(text.clone()),
            StoredContent::Binary(bytes) => Payload::Binary(bytes.clone()),
            StoredContent::Members(members) => Payload::Json(object(members)),
        }
    }

    /// Checks that the secret is not longer than a value may be.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if it is too long.
    pub fn check(&self) -> Result<(), Error> {
        let length = self.payload().value().len();
        if length <= MAX_VALUE_BYTES {
            return Ok(());
        }
        let message =
            format!("the secret has {length} bytes, and at most {MAX_VALUE_BYTES} are allowed");
        Err(Error::new(ErrorKind::InvalidValue, message)
            .with_help("keep large data elsewhere, and its key or address here"))
    }

    fn of(fetched: Fetched, id: &str) -> Result<Self, Error> {
        let (version, lease) = (fetched.version.clone(), fetched.lease.clone());
        let content = match &fetched.content {
            Content::Text(text) => StoredContent::Text(text.clone()),
            Content::Binary(bytes) => StoredContent::Binary(bytes.clone()),
            Content::Fields(fields) => StoredContent::Members(
                fields.iter().filter_map(|(key, v)| Some((key.clone(), json_string(v)?))).collect(),
            ),
            Content::Json(text) => StoredContent::Members(members(text)?),
        };
        let texts: HashMap<String, bool> = match &fetched.content {
            Content::Json(text) => {
                read(text)?.into_iter().map(|(key, json)| (key, json.form == Form::Text)).collect()
            }
            _ => HashMap::new(),
        };
        let fields = decode::source_fields(&fetched, &Options::default(), id, None)?;
        let field = |(key, field): (&str, &crate::payload::fields::Field)| StoredField {
            key: key.to_owned(),
            value: field.value.clone(),
            is_binary: field.binary,
            is_text: texts.get(key).copied().unwrap_or(true),
        };
        Ok(Self { content, fields: fields.iter().map(field).collect(), version, lease })
    }

    pub(super) fn members(&self) -> Option<&[(String, SecretValue)]> {
        match &self.content {
            StoredContent::Members(members) => Some(members),
            _ => None,
        }
    }

    fn put(&mut self, key: &str, json: SecretValue, field: StoredField) {
        let StoredContent::Members(members) = &mut self.content else { return };
        match members.iter_mut().find(|(known, _)| known == key) {
            Some(member) => member.1 = json,
            None => members.push((key.to_owned(), json)),
        }
        match self.fields.iter_mut().find(|known| known.key == key) {
            Some(known) => *known = field,
            None => self.fields.push(field),
        }
    }
}

fn read(text: &SecretValue) -> Result<Vec<(String, json::Json)>, Error> {
    json::object(text).map_err(|fault| Error::from_problems(vec![fault.into_problem()]))
}

/// Returns the members, each with its value as JSON text.
fn members(text: &SecretValue) -> Result<Vec<(String, SecretValue)>, Error> {
    let member = |(key, json): (String, json::Json)| {
        let written = match json.form {
            Form::Text => json_string(&json.value).unwrap_or(json.value),
            _ => json.value,
        };
        (key, written)
    };
    Ok(read(text)?.into_iter().map(member).collect())
}

/// Returns a text as a JSON string, or `None` if it is not UTF-8.
fn json_string(value: &SecretValue) -> Option<SecretValue> {
    // Written as JSON for the store, into a buffer that is wiped.
    let text = value.expose_str().ok()?;
    let mut json = Zeroizing::new(Vec::with_capacity(room(text)));
    write_string(&mut json, text);
    Some(SecretValue::from(mem::take(&mut *json)))
}

fn object(members: &[(String, SecretValue)]) -> SecretValue {
    let room: usize = members.iter().map(|(key, json)| room(key) + json.len() + 4).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(room + 2));
    text.push(b'{');
    for (index, (key, json)) in members.iter().enumerate() {
        if index > 0 {
            text.extend_from_slice(b", ");
        }
        write_string(&mut text, key);
        text.extend_from_slice(b": ");
        // Copied into the payload, which is a secret value too.
        text.extend_from_slice(json.expose_bytes());
    }
    text.push(b'}');
    SecretValue::from(mem::take(&mut *text))
}

/// Returns the longest that a text can be as a JSON string. With that capacity no buffer grows, so none
/// leaves a copy behind.
fn room(text: &str) -> usize {
    text.len() * 6 + 2
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    // Writing a string into memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unchanged_members_keep_their_json() {
        let text = r#"{"n": 1.50, "gone": null, "b": true, "o": {"x": [1, 2]}, "s": "\u00e9\n"}"#;
        let mut secret = StoredSecret::from_json(text).unwrap();
        assert_eq!(secret.fields().len(), 4);
        assert!(!secret.fields()[0].is_text() && secret.fields()[3].is_text());
        secret.set("s", "\"SeNtInEl\"").unwrap();
        let payload = secret.payload();
        assert_eq!(
            payload.value().expose_str().unwrap(),
            r#"{"n": 1.50, "gone": null, "b": true, "o": {"x": [1, 2]}, "s": "\"SeNtInEl\""}"#
        );
    }

    #[test]
    fn a_merge_copies_every_member() {
        let mut secret = StoredSecret::from_json(r#"{"a": 1, "b": "x"}"#).unwrap();
        secret.merge(StoredSecret::from_json(r#"{"a": null, "c": 2}"#).unwrap()).unwrap();
        assert_eq!(
            secret.payload().value().expose_str().unwrap(),
            r#"{"b": "x", "a": null, "c": 2}"#
        );
        let keys: Vec<_> = secret.fields().iter().map(StoredField::key).collect();
        assert_eq!(keys, ["b", "c"]);
    }

    #[test]
    fn a_plain_value_has_one_field_that_cannot_change() {
        let mut secret = StoredSecret::from_text("SeNtInEl", "my-token").unwrap();
        assert_eq!(secret.fields()[0].key(), "my_token");
        assert_eq!(secret.set("a", "b").unwrap_err().kind(), ErrorKind::InvalidValue);
        assert!(!secret.remove("my_token"));
    }
}
