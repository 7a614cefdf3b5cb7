//! Configuration with references to secrets: `{{name.key}}` in any of its texts, as in ZenML.
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
//! A reference names a secret and one of its fields. The secret is one of the default backend, or the one to
//! which a `[sources.NAME]` of `secrets.toml` maps the name. A filter says how the value is written; see
//! [`Secrets::render`](crate::Secrets::render). All secrets are fetched together, each once.
//!
//! A [`Document`] stays a text when it is filled in, with its comments and its layout.
//!
//! References are read in texts only, however deeply nested; the names of fields are not changed. `\{{` is a
//! literal `{{`. A text that looks like a reference but does not parse is an error with its line and column.

mod document;
#[cfg(test)]
mod document_tests;
mod fill;
mod format;
mod json;
mod json_text;
mod layout;
mod reference;
#[cfg(test)]
mod tests;
mod toml;
mod tree;
mod yaml;
mod yaml_scalar;

pub use crate::config::{document::Document, format::Format, reference::Reference};
pub use secrets_spec::Delimiters;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    config::{
        fill::ReferencedTree,
        tree::{NodeKind, Tree},
    },
    core::{error::Error, secret_value::SecretValue},
    declaration::{Declaration, DeclarationBuilder},
    payload::de,
    resolver::{Resolver, report::Report},
    rt::block_on::block_on,
    settings::validation_level::ValidationLevel,
};

/// The origin of a problem that is not inside a text of a configuration.
const WHOLE: &str = "the configuration";

/// Reads a configuration into a type, with its references filled in.
///
/// For fields that are secrets, [`SecretValue`] is the best type, since it is not
/// printed. A number or a boolean may be a reference too.
///
/// If the configuration does not fit its type, `T`'s `Deserialize` runs several times and gets placeholders
/// for missing fields; [`Secrets::get_as`](crate::Secrets::get_as) says how often, and which. The fields are
/// here those at the top of the document; inside one of them (`[database]`) only the first problem is
/// reported.
///
/// # Errors
/// Each of these groups is reported at once, and the next one only if there is none of the group before. No
/// message shows a value.
///
/// 1. [`ErrorKind::InvalidSource`](crate::ErrorKind::InvalidSource) for each text that looks like a reference
///    but does not parse, with its line and column.
/// 2. Every error of resolving the secrets, and every reference to a field that does not exist, each with its line
///    and column.
/// 3. [`ErrorKind::Undecodable`](crate::ErrorKind::Undecodable) for each field that does not fit its type,
///    and [`ErrorKind::KeyNotFound`](crate::ErrorKind::KeyNotFound) for each missing field.
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

/// Fills in the references of a JSON value in place, for programs that read their configuration themselves.
/// The filled-in values are plain text from then on, and can be printed.
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
/// As [`resolve`]; the value is not changed then.
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
/// Those of [`resolve`] that the text alone shows.
pub fn references(text: &str, format: Format) -> Result<Vec<Reference>, Error> {
    let filling = ReferencedTree::of(format.read(text)?, Some(text), Delimiters::default(), WHOLE)?;
    Ok(filling.references())
}

impl Resolver {
    /// Reads a configuration with its references filled in, as [`resolve`] does, with this resolver.
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

    /// Checks that the secrets to which a configuration refers exist, and at
    /// [`ValidationLevel::SecretAndKeyExists`] that they have the fields. Each secret is checked once.
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

    /// Fills in several templates at once, each with a name by which its problems are reported. Every secret is fetched
    /// once. Returns the texts, in order.
    ///
    /// ```
    /// use secrets_runtime::{Error, Resolver, testing};
    ///
    /// let templates = [("URL", "postgres://{{db.user}}@h"), ("USER", "{{db.user}}")];
    /// let texts = testing::with_secrets([("db", "user", "app")], || {
    ///     Resolver::current()?.fill_texts_blocking(&templates)
    /// })?;
    /// assert_eq!(texts[0].expose_str()?, "postgres://app@h");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`resolve`].
    pub async fn fill_texts(&self, templates: &[(&str, &str)]) -> Result<Vec<SecretValue>, Error> {
        self.fill_texts_with(&Declaration::empty(None), templates).await
    }

    /// Blocking version of [`fill_texts`](Self::fill_texts): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// As [`resolve`].
    pub fn fill_texts_blocking(
        &self,
        templates: &[(&str, &str)],
    ) -> Result<Vec<SecretValue>, Error> {
        block_on(self.fill_texts(templates))
    }

    /// Fills in several templates as [`fill_texts`](Self::fill_texts) does. A reference may also name the group of a source
    /// that is declared: that source counts before a secret of this name. A source without a reference is not
    /// resolved. The declaration's role applies to all of them.
    ///
    /// ```
    /// use secrets_runtime::{Declaration, Error, Resolver, testing};
    ///
    /// let declaration =
    ///     Declaration::builder("step").source(r#"{"id": "prod-db", "group": "db"}"#)?.build();
    /// let texts = testing::with_secrets([("db", "user", "app"), ("api", "key", "k")], || {
    ///     let templates = [("BOTH", "{{db.user}} {{api.key}}")];
    ///     Resolver::current()?.fill_texts_with_blocking(&declaration, &templates)
    /// })?;
    /// assert_eq!(texts[0].expose_str()?, "app k");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`resolve`].
    pub async fn fill_texts_with(
        &self,
        declaration: &Declaration,
        templates: &[(&str, &str)],
    ) -> Result<Vec<SecretValue>, Error> {
        let text = |text: &str| Tree { kind: NodeKind::Text(text.to_owned()), at: 0..0 };
        let members = templates.iter().map(|(name, template)| ((*name).to_owned(), text(template)));
        let tree = Tree { kind: NodeKind::Map(members.collect()), at: 0..0 };
        let filling = ReferencedTree::of(tree, None, Delimiters::default(), WHOLE)?;
        let secrets = filling.resolve_beside(declaration.clone(), self, None).await?;
        let NodeKind::Map(filled) = filling.with(secrets.as_ref())?.kind else {
            return Ok(Vec::new());
        };
        let value = |(_, tree): (String, Tree)| match tree.kind {
            NodeKind::Filled(value) => Some(value),
            NodeKind::Text(text) => Some(text.into()),
            _ => None,
        };
        Ok(filled.into_iter().filter_map(value).collect())
    }

    /// Blocking version of [`fill_texts_with`](Self::fill_texts_with): parks this thread; works inside and outside any
    /// runtime.
    ///
    /// # Errors
    /// As [`resolve`].
    pub fn fill_texts_with_blocking(
        &self,
        declaration: &Declaration,
        templates: &[(&str, &str)],
    ) -> Result<Vec<SecretValue>, Error> {
        block_on(self.fill_texts_with(declaration, templates))
    }

    async fn fill_in(&self, tree: Tree, source: Option<&str>) -> Result<Tree, Error> {
        let filling = ReferencedTree::of(tree, source, Delimiters::default(), WHOLE)?;
        let secrets = filling.resolve(self, None).await?;
        filling.with(secrets.as_ref())
    }
}

impl DeclarationBuilder {
    /// Adds the secrets to which a configuration refers, and the fields that a validation looks for.
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
        let filling =
            ReferencedTree::of(format.read(text)?, Some(text), Delimiters::default(), WHOLE)?;
        filling.declare(&mut self.declaration, None)?;
        Ok(self)
    }

    /// Adds what a configuration refers to, as [`config`](Self::config) does, and removes everything else. A reference to
    /// the group of a declared source keeps that source.
    ///
    /// # Errors
    /// As [`references`].
    pub fn only_config(mut self, text: &str, format: Format) -> Result<Self, Error> {
        let filling =
            ReferencedTree::of(format.read(text)?, Some(text), Delimiters::default(), WHOLE)?;
        filling.retain(&mut self.declaration);
        filling.declare(&mut self.declaration, None)?;
        Ok(self)
    }
}

/// Reads a filled-in configuration with our own deserializer, which reports all errors at once and shows no
/// value.
fn read<T: DeserializeOwned>(tree: &Tree) -> Result<T, Error> {
    let read = match &tree.kind {
        NodeKind::Filled(value) => de::from_value("config", value),
        NodeKind::Text(text) => de::from_value("config", &text.as_str().into()),
        _ => de::from_json("config", &json_text::of(tree)),
    };
    read.map_err(Error::from_problems)
}
