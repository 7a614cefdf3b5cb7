//! The sources and requests of `resolve`, `run` and `check`, read as a step would read them.

use clap::{Args, builder::NonEmptyStringValueParser};
use secrets_runtime::{
    Declaration, DeclarationBuilder, Error, ErrorKind, Problem, Resolver, Secrets,
};
use secrets_spec::BuiltIn;

use crate::{
    failure::{Failure, error_about, fail_on_any},
    output::{escape::json_string, json_object::JsonObject},
    stores,
};

/// The message and the help of `resolve`, if there is neither a source nor a request.
const NOTHING_TO_RESOLVE: (&str, &str) = (
    "there is nothing to resolve",
    "name sources (such as `db`), write --sources or --requests, or set SECRETS_WITH",
);

/// What to resolve.
#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// Sources: NAME, TYPE.NAME, an ARN, or a JSON object with fields
    #[arg(value_name = "SOURCE")]
    pub source: Vec<String>,
    /// A list of sources, in JSON
    #[arg(long, value_name = "JSON")]
    pub sources: Option<String>,
    /// The role for sources that do not name one
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
    /// Let secrets replace variables that the environment already has
    #[arg(long)]
    pub allow_override: bool,
    /// The backend of sources without a type, instead of the default backend
    #[arg(long, value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    pub backend: Option<String>,
}

impl ResolveArgs {
    /// Resolves the sources, and the requests in JSON.
    pub fn resolve(&self, requests: Option<&str>) -> Result<Secrets, Failure> {
        let (resolver, builder) = self.declaration(requests, Some(NOTHING_TO_RESOLVE))?;
        Ok(resolver.resolve_blocking(&builder.build())?.secrets)
    }

    /// Returns whether the command line has no source and no request.
    pub fn names_nothing(&self, requests: Option<&str>) -> bool {
        self.source.is_empty() && self.sources.is_none() && requests.is_none()
    }

    /// Returns a declaration of the sources and requests, and the resolver for it. Fails with the message and
    /// the help of `refusal`, if it is given and there is nothing to resolve.
    pub fn declaration(
        &self,
        requests: Option<&str>,
        refusal: Option<(&str, &str)>,
    ) -> Result<(Resolver, DeclarationBuilder), Failure> {
        self.declaration_of("secrets", requests, refusal)
    }

    /// Returns what [`declaration`](Self::declaration) does, under another name of the step in the audit log.
    pub fn declaration_of(
        &self,
        step: &str,
        requests: Option<&str>,
        refusal: Option<(&str, &str)>,
    ) -> Result<(Resolver, DeclarationBuilder), Failure> {
        check_json("--sources", self.sources.as_deref())?;
        check_json("--requests", requests)?;

        let resolver = stores::resolver(self.backend.as_deref());
        let (mut sources, mut errors) = (Vec::new(), Vec::new());
        for text in &self.source {
            let source = match &resolver {
                Ok(resolver) => with_type(text, resolver),
                Err(_) => text.clone(),
            };
            match list_error(&source) {
                Some(error) => errors.push(error),
                None => sources.push(source),
            }
        }
        let mut partial = PartialDeclaration {
            builder: Declaration::builder(step).inline_from_outside(),
            errors,
        };
        partial.add(|builder| builder.sources(&sources));
        if let Some(list) = &self.sources {
            partial.add(|builder| builder.sources_json(list));
        }
        if let Some(list) = requests {
            partial.add(|builder| builder.requests_json(list));
        }
        if let Some(role) = &self.role {
            partial.add(|builder| builder.role(role));
        }
        fail_on_any(partial.errors)?;

        let resolver = resolver?;
        if let Some((message, help)) = refusal
            && self.names_nothing(requests)
            && !has_launch_sources(&resolver)
        {
            return Err(Failure::usage(message, help));
        }
        Ok((resolver, partial.builder.allow_override(self.allow_override)))
    }
}

/// Writes a source such as `op.vault/item` with its type, if it is a backend of the settings. The grammar of sources knows the
/// built-in types only.
fn with_type(text: &str, resolver: &Resolver) -> String {
    let Some((kind, id)) = text.split_once('.') else { return text.to_owned() };
    let is_known = resolver.backends().any(|backend| backend.kind() == kind);
    match is_known && BuiltIn::parse(kind).is_none() {
        true => JsonObject::default().text("id", id).text("type", kind).finish(),
        false => text.to_owned(),
    }
}

/// A declaration of the valid parts, and the errors of the others.
struct PartialDeclaration {
    builder: DeclarationBuilder,
    errors: Vec<Error>,
}

impl PartialDeclaration {
    fn add(&mut self, part: impl FnOnce(DeclarationBuilder) -> Result<DeclarationBuilder, Error>) {
        match part(self.builder.clone()) {
            Ok(builder) => self.builder = builder,
            Err(error) => self.errors.push(with_json_help(&error)),
        }
    }
}

/// Returns an error of reading sources or requests, with its help in JSON instead of the attribute's words.
fn with_json_help(error: &Error) -> Error {
    let about = |problem: &Problem| {
        let help = json_words(problem.help().unwrap_or_default());
        error_about(problem.origin(), problem.kind(), problem.message(), help)
    };
    Error::join(error.problems().iter().map(about)).unwrap_or_else(|| error.clone())
}

/// Writes `{ id = "db" }` as `{ "id": "db" }`, and a `Secret(..)` as an object.
fn json_words(help: &str) -> String {
    let help = match help.split_once("Secret(") {
        Some((before, after)) => format!("{before}{{{}", after.replacen(')', "}", 1)),
        None => help.to_owned(),
    };
    let mut pieces = help.split(" = ").peekable();
    let mut json = String::new();
    while let Some(piece) = pieces.next() {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let before = piece.trim_end_matches(is_of_name);
        let name = piece.strip_prefix(before).unwrap_or_default();
        match (pieces.peek().is_some(), name) {
            (false, _) => json.push_str(piece),
            (true, "") => json.push_str(&format!("{piece} = ")),
            (true, name) => json.push_str(&format!("{before}\"{name}\": ")),
        }
    }
    json
}

/// Returns whether `SECRETS_WITH` adds sources.
fn has_launch_sources(resolver: &Resolver) -> bool {
    resolver.settings().any(|s| s.variable().name() == "SECRETS_WITH" && s.is_set())
}

/// Fails with a usage error if the text is not JSON. JSON of a wrong shape is an invalid source instead.
fn check_json(option: &str, text: Option<&str>) -> Result<(), Failure> {
    let Some(Err(error)) = text.map(secrets_spec::read_json) else { return Ok(()) };
    let message =
        format!("{option} is not JSON, at byte {}: {}", error.range().start, error.message());
    let is_json = text.is_some_and(|text| text.trim_start().starts_with(['[', '{', '"']));
    let help = match (error.help().filter(|_| is_json), option) {
        (Some(help), _) => help.to_owned(),
        (None, "--requests") => EXAMPLE_OF_REQUESTS.to_owned(),
        (None, _) => {
            // Only names are repeated, and no text that may be another value.
            let names = text.and_then(source_names).unwrap_or_else(|| vec!["db"]);
            let names: Vec<String> = names.into_iter().map(json_string).collect();
            format!("write --sources '[{}]'", names.join(", "))
        }
    };
    Err(Failure::usage(message, help))
}

/// The help for a text that is not a list of requests at all.
const EXAMPLE_OF_REQUESTS: &str = r#"write --requests '[{"group": "db", "key": "password"}]'"#;

/// Returns the error of a source that is actually a list of sources.
fn list_error(text: &str) -> Option<Error> {
    let kind = ErrorKind::InvalidSource;
    if text.trim_start().starts_with('[') {
        let help = "write --sources before the list, such as --sources '[\"db\"]', or each source as a word";
        // It may contain a value of `inline`.
        return Some(error_about("", kind, "a source is a list in JSON", help));
    }
    let names = source_names(text).filter(|names| names.len() > 1)?;
    let help = format!("separate them by spaces: {}", names.join(" "));
    Some(error_about(text, kind, "several sources are one word", help))
}

/// Returns the sources of a text: the one that it is, or those that commas separate in it.
fn source_names(text: &str) -> Option<Vec<&str>> {
    let is_source = |name: &str| secrets_spec::Source::parse(name).is_ok();
    if is_source(text) {
        return Some(vec![text]);
    }
    let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    (!names.is_empty() && names.iter().all(|name| is_source(name))).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_help_in_the_words_of_the_attribute_becomes_json() {
        for (help, json) in [
            (
                r#"write { id = "db", a = { json = false } }"#,
                r#"write { "id": "db", "a": { "json": false } }"#,
            ),
            (
                r#"write [Secret(group = "db", key = "b")]"#,
                r#"write [{"group": "db", "key": "b"}]"#,
            ),
            ("of A-Z a-z 0-9 / _ + = . @ -", "of A-Z a-z 0-9 / _ + = . @ -"),
            ("did you mean `type`?", "did you mean `type`?"),
        ] {
            assert_eq!(json_words(help), json);
        }
    }
}
