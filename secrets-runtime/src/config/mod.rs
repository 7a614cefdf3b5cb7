//! Configuration with references to secrets: `{{name.key}}` in any text of it, as in ZenML.
//!
//! ```
//! use secrets_runtime::{SecretValue, Error, config::{self, Format}, testing};
//!
//! #[derive(serde::Deserialize)]
//! struct Settings { host: String, database: Database }
//!
//! #[derive(serde::Deserialize)]
//! struct Database { url: SecretValue, port: u16 }
//!
//! let text = r#"
//!     host = "localhost"
//!     [database]
//!     url = "postgres://{{db.user | url}}:{{db.password | url}}@localhost"
//!     port = "{{db.port}}"
//! "#;
//! let given = [("db", "user", "app"), ("db", "password", "a/b"), ("db", "port", "5432")];
//! let settings: Settings =
//!     testing::with_secrets(given, || config::resolve_blocking(text, Format::Toml))?;
//! assert_eq!(settings.database.url.expose_str()?, "postgres://app:a%2Fb@localhost");
//! assert_eq!((settings.host.as_str(), settings.database.port), ("localhost", 5432));
//! # Ok::<(), Error>(())
//! ```
//!
//! A reference names a secret of the default backend, or what a `[sources.NAME]` of `secrets.toml` maps, and a
//! field of it; filters say how the value is written into the text around it (`Secrets::render` has them).
//! Each secret is fetched once, all together. References stand in texts only, wherever they are nested; the
//! names of fields are left alone. `\{{` is a literal `{{`, and whatever is nearly a reference is an error
//! with its line and column.

mod fill;
mod format;
mod json;
mod json_text;
mod reference;
#[cfg(test)]
mod tests;
mod toml;
mod tree;
mod yaml;
mod yaml_scalar;

pub use crate::config::{format::Format, reference::Reference};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    config::{
        fill::Filling,
        tree::{Kind, Tree},
    },
    core::error::Error,
    declaration::{Declaration, DeclarationBuilder},
    payload::de,
    resolver::{Resolver, report::Report},
    rt::block_on::block_on,
    settings::validation_level::ValidationLevel,
};

/// Reads a configuration into a type of the caller's, with its references filled in.
///
/// Fields for secrets are best [`SecretValue`](crate::SecretValue)s, which are not printed. A number or a
/// boolean may be a reference too.
///
/// Where the configuration does not fit its type, `T`'s `Deserialize` runs several times and gets placeholders
/// for fields that are missing: [`Secrets::get_as`](crate::Secrets::get_as) says how often and which. Its fields
/// are here those at the top of the document; of what is wrong inside one of them (`[database]`), the first
/// problem is reported.
///
/// # Errors
/// All at once: [`ErrorKind::InvalidSource`](crate::ErrorKind::InvalidSource) for each text that is nearly a
/// reference, with its line and column; else what resolving the secrets fails with; else
/// [`ErrorKind::Undecodable`](crate::ErrorKind::Undecodable) and
/// [`ErrorKind::KeyNotFound`](crate::ErrorKind::KeyNotFound) for each field that is not of its type or missing.
/// No message shows a value.
pub async fn resolve<T: DeserializeOwned>(text: &str, format: Format) -> Result<T, Error> {
    let tree = format.read(text)?;
    Resolver::current()?.fill_in(tree, Some(text)).await.and_then(|tree| read(&tree))
}

/// Blocking version of [`resolve`]: parks this thread; works inside and outside any runtime.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_blocking<T: DeserializeOwned>(text: &str, format: Format) -> Result<T, Error> {
    block_on(resolve(text, format))
}

/// Fills in the references of a JSON value, in place: for programs that read their configuration by
/// themselves. What is filled in is plain text from then on, which can be printed.
///
/// ```
/// use secrets_runtime::{Error, config, testing};
///
/// let mut value = serde_json::json!({ "servers": [{ "token": "Bearer {{api.token}}" }] });
/// testing::with_secrets([("api", "token", "abc")], || config::resolve_value_blocking(&mut value))?;
/// assert_eq!(value["servers"][0]["token"], "Bearer abc");
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// As [`resolve`]; nothing is filled in then.
pub async fn resolve_value(value: &mut Value) -> Result<(), Error> {
    let tree = Resolver::current()?.fill_in(Tree::of_value(value), None).await?;
    tree.write_to(value)
}

/// Blocking version of [`resolve_value`]: parks this thread; works inside and outside any runtime.
///
/// # Errors
/// As [`resolve_value`].
pub fn resolve_value_blocking(value: &mut Value) -> Result<(), Error> {
    block_on(resolve_value(value))
}

/// Returns the references of a configuration, in the order of the text.
///
/// # Errors
/// As [`resolve`], for everything that the text alone shows.
pub fn references(text: &str, format: Format) -> Result<Vec<Reference>, Error> {
    Ok(Filling::of(format.read(text)?, Some(text))?.references())
}

impl Resolver {
    /// Fills in the references of a configuration and reads it, as [`resolve`], with this resolver.
    ///
    /// # Errors
    /// As [`resolve`].
    pub async fn resolve_config<T: DeserializeOwned>(
        &self,
        text: &str,
        format: Format,
    ) -> Result<T, Error> {
        let tree = self.fill_in(format.read(text)?, Some(text)).await?;
        read(&tree)
    }

    /// Blocking version of [`resolve_config`](Self::resolve_config): parks this thread; works inside and outside any
    /// runtime.
    ///
    /// # Errors
    /// As [`resolve`].
    pub fn resolve_config_blocking<T: DeserializeOwned>(
        &self,
        text: &str,
        format: Format,
    ) -> Result<T, Error> {
        block_on(self.resolve_config(text, format))
    }

    /// Checks that what a configuration refers to is there: the secrets, and at
    /// [`ValidationLevel::SecretAndKeyExists`] their fields. Each secret is looked at once.
    ///
    /// # Errors
    /// As [`references`].
    pub async fn validate_config(
        &self,
        level: ValidationLevel,
        text: &str,
        format: Format,
    ) -> Result<Report, Error> {
        let builder = Declaration::builder("configuration").config(text, format)?;
        Ok(self.validate(level, &builder.build()).await)
    }

    /// Blocking version of [`validate_config`](Self::validate_config): parks this thread; works inside and outside any
    /// runtime.
    ///
    /// # Errors
    /// As [`references`].
    pub fn validate_config_blocking(
        &self,
        level: ValidationLevel,
        text: &str,
        format: Format,
    ) -> Result<Report, Error> {
        block_on(self.validate_config(level, text, format))
    }

    async fn fill_in(&self, tree: Tree, source: Option<&str>) -> Result<Tree, Error> {
        let filling = Filling::of(tree, source)?;
        let mut declaration = Declaration::empty(None);
        filling.declare(&mut declaration)?;
        // Without references there is nothing to resolve, and nothing to attach at launch either.
        if declaration.is_empty() {
            return filling.literal();
        }
        let secrets = self.resolve(&declaration).await?.secrets;
        filling.with(&secrets)
    }
}

impl DeclarationBuilder {
    /// Adds the secrets that a configuration refers to, and the fields that a validation looks for.
    ///
    /// ```
    /// use secrets_runtime::{Declaration, Error, config::Format};
    ///
    /// let declaration = Declaration::builder("check").config("a = '{{db.user}}'", Format::Toml)?.build();
    /// assert!(!declaration.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`references`].
    pub fn config(mut self, text: &str, format: Format) -> Result<Self, Error> {
        Filling::of(format.read(text)?, Some(text))?.declare(&mut self.declaration)?;
        Ok(self)
    }
}

/// Reads what is filled in by our own deserialiser: its errors come all at once, and show no value.
fn read<T: DeserializeOwned>(tree: &Tree) -> Result<T, Error> {
    let read = match &tree.kind {
        Kind::Filled(value) => de::from_value("config", value),
        Kind::Text(text) => de::from_value("config", &text.as_str().into()),
        _ => de::from_json("config", &json_text::of(tree)),
    };
    read.map_err(Error::from_problems)
}
