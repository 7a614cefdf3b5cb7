//! The name under which the program that is compiled knows `secrets_runtime`.
//!
//! A manifest may give a dependency another name (`sr = { package = "secrets-runtime" }`), or have it only through
//! another crate. The compiler's own command line has the names (`--extern sr=/target/deps/libsecrets_runtime-1f.rmeta`)
//! whatever the manifest says, and macros run in its process.

use std::{ffi::OsString, path::Path, sync::OnceLock};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// How a program knows the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeCrate {
    /// As `secrets_runtime`, or nothing else is known.
    Usual,
    /// Under another name.
    Renamed(String),
    /// The program does not depend on it.
    Missing,
}

const NAME: &str = "secrets_runtime";

impl RuntimeCrate {
    /// Returns how the program that is being compiled knows the crate.
    pub fn of_compiler() -> &'static Self {
        static FOUND: OnceLock<RuntimeCrate> = OnceLock::new();
        FOUND.get_or_init(|| Self::of_arguments(std::env::args_os()))
    }

    /// Returns the path of the crate; `None` if the program does not depend on it.
    pub fn path(&self) -> Option<TokenStream> {
        match self {
            Self::Usual => Some(quote!(::secrets_runtime)),
            Self::Renamed(name) => {
                let name = Ident::new(name, Span::call_site());
                Some(quote!(::#name))
            }
            Self::Missing => None,
        }
    }

    /// Whether the program knows the crate under this name.
    pub fn is_name(&self, ident: &Ident) -> bool {
        ident == NAME || matches!(self, Self::Renamed(name) if ident == name)
    }

    fn of_arguments(arguments: impl Iterator<Item = OsString>) -> Self {
        let mut arguments = arguments.filter_map(|argument| argument.into_string().ok());
        let (mut is_known, mut renamed) = (false, None);
        while let Some(argument) = arguments.next() {
            let (option, value) = match argument.split_once('=') {
                Some(("--extern" | "--crate-name", value)) => {
                    (argument[..argument.len() - value.len() - 1].to_owned(), value.to_owned())
                }
                _ if argument == "--extern" || argument == "--crate-name" => {
                    (argument, arguments.next().unwrap_or_default())
                }
                // A file with more arguments.
                _ if argument.starts_with('@') => return Self::Usual,
                _ => continue,
            };
            if option == "--crate-name" {
                // The crate's own tests name it by an alias.
                if value == NAME {
                    return Self::Usual;
                }
                is_known = true;
                continue;
            }
            let (name, file) = value.split_once('=').unwrap_or((value.as_str(), ""));
            // Options may stand before the name: `priv:name`.
            let name = name.rsplit(':').next().unwrap_or(name);
            if name == NAME {
                return Self::Usual;
            }
            if is_library(Path::new(file)) {
                renamed = Some(name.to_owned());
            }
        }
        match renamed {
            Some(name) => Self::Renamed(name),
            None if is_known => Self::Missing,
            None => Self::Usual,
        }
    }
}

/// Whether this is the compiled crate, such as `libsecrets_runtime-1f.rmeta`.
fn is_library(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let rest = name.strip_prefix("lib").unwrap_or(name).strip_prefix(NAME);
    rest.is_some_and(|rest| rest.starts_with(['-', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_of_the_compiler_says_the_name() {
        let of =
            |line: &str| RuntimeCrate::of_arguments(line.split_whitespace().map(OsString::from));
        let renamed = RuntimeCrate::Renamed("sr".to_owned());
        for (line, found) in [
            (
                "rustc --crate-name app --extern secrets_runtime=/t/libsecrets_runtime-1.rmeta",
                RuntimeCrate::Usual,
            ),
            (
                "rustc --crate-name app --extern sr=/t/libsecrets_runtime-1.rmeta --extern a=b",
                renamed.clone(),
            ),
            (
                "rustc --crate-name=app --extern=priv,noprelude:sr=/t/libsecrets_runtime.rlib",
                renamed.clone(),
            ),
            (
                "rustc --crate-name app --extern a=/t/libsecrets_runtime-1.rmeta --extern secrets_runtime",
                RuntimeCrate::Usual,
            ),
            ("rustc --crate-name app --extern facade=/t/libfacade-1.rmeta", RuntimeCrate::Missing),
            (
                "rustc --crate-name app --extern a=/t/libsecrets_runtime_cli-1.rmeta",
                RuntimeCrate::Missing,
            ),
            ("rustc --crate-name secrets_runtime --extern a=b", RuntimeCrate::Usual),
            ("rustc @arguments", RuntimeCrate::Usual),
            ("a-server-of-an-editor", RuntimeCrate::Usual),
            ("", RuntimeCrate::Usual),
        ] {
            assert_eq!(of(line), found, "{line}");
        }
    }
}
