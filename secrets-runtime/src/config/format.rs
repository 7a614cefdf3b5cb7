use std::path::Path;

use crate::{
    config::{
        json, toml,
        tree::{NodeKind, Tree},
        yaml,
    },
    core::error::Error,
};

/// The format of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JSON (RFC 8259).
    Json,
    /// TOML 1.
    Toml,
    /// YAML 1.2 with its core schema, one document. Merge keys (`<<`) are read too.
    Yaml,
    /// Any other format: the whole configuration is one text.
    Text,
}

impl Format {
    /// Returns the format of a file by the end of its name: `.json`, `.toml`, `.yaml` or `.yml`.
    ///
    /// ```
    /// use std::path::Path;
    /// use secrets_runtime::config::Format;
    ///
    /// assert_eq!(Format::of_path(Path::new("stack.YML")), Some(Format::Yaml));
    /// assert_eq!(Format::of_path(Path::new("stack.txt")), None);
    /// ```
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "json" => Self::Json,
            "toml" => Self::Toml,
            "yaml" | "yml" => Self::Yaml,
            _ => return None,
        })
    }

    /// Returns the format's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
            Self::Text => "text",
        }
    }

    /// Reads a text that may be a stream of several documents, if the format has such.
    pub(super) fn read_stream(self, text: &str) -> Result<Tree, Error> {
        match self {
            Self::Yaml => yaml::read_stream(text),
            _ => self.read(text),
        }
    }

    pub(super) fn read(self, text: &str) -> Result<Tree, Error> {
        match self {
            Self::Json => json::read(text),
            Self::Toml => toml::read(text),
            Self::Yaml => yaml::read(text),
            Self::Text => Ok(Tree { kind: NodeKind::Text(text.to_owned()), at: 0..text.len() }),
        }
    }
}
