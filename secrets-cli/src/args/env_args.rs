//! Variables whose values are templates: `--env NAME=TEMPLATE`, and the lines of `--env-file`.

use std::{ffi::OsString, path::PathBuf};

use secrets_runtime::{
    Declaration, DeclarationBuilder, Error, ErrorKind, Resolver, SecretValue, ValidationLevel,
    admin::{StoredField, StoredSecret},
    config,
};
use secrets_spec::{Template, check_variable, is_guarded_variable, shell_word};

use crate::{
    args::typed_references,
    failure::{Failure, error_about, fail_on_any, rename_origin},
    input::value::read_document,
    output::reporter::Reporter,
};

/// Variables and the templates of their values.
#[derive(Debug)]
pub struct EnvTemplates(Vec<EnvTemplate>);

#[derive(Debug)]
struct EnvTemplate {
    name: String,
    /// A template is not secret, but what was meant as one may be a value, so it is wiped.
    template: SecretValue,
    /// The option or the file that has it, and the variable's name.
    origin: String,
}

impl EnvTemplates {
    /// Reads the options and the files. Nothing is resolved yet.
    pub fn read(
        options: &[String],
        files: &[PathBuf],
        reporter: &Reporter,
    ) -> Result<Self, Failure> {
        let mut all = Self(Vec::new());
        let mut errors = Vec::new();
        for option in options {
            let Some((name, text)) = option.split_once('=') else {
                let message = format!("`--env {option}` has no `=`");
                return Err(Failure::usage(message, format!("write --env {option}=db.password")));
            };
            all.add(name, text.into(), format!("--env {name}"), &mut errors);
        }
        for file in files {
            let text = read_document(file, reporter)?;
            let origin = file.display().to_string();
            match read_lines(&text, &origin) {
                Err(wrong) => errors.push(wrong),
                Ok(variables) => {
                    for (name, text) in variables {
                        all.add(&name, text, format!("{origin}: {name}"), &mut errors);
                    }
                }
            }
        }
        fail_on_any(errors)?;
        Ok(all)
    }

    fn add(&mut self, name: &str, text: SecretValue, origin: String, errors: &mut Vec<Error>) {
        if let Some(flaw) = check_variable(name) {
            let error = flaw.explain(name);
            let help = error.help().unwrap_or_default();
            errors.push(error_about(&origin, ErrorKind::InvalidName, error.message(), help));
        } else if let Some(other) = self.0.iter().find(|other| other.name == name) {
            let message = format!("the variable {name} is set by {} too", other.origin);
            errors.push(error_about(&origin, ErrorKind::Collision, message, "remove one of them"));
        }
        match parse(&text, &origin) {
            Ok(template) => self.0.push(EnvTemplate { name: name.to_owned(), template, origin }),
            Err(error) => errors.push(error),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names of the variables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|variable| variable.name.as_str())
    }

    /// Returns an error for each variable that must not be set, unless that is allowed: one that `present` returns, and
    /// one that changes what programs load.
    pub fn refusals(
        &self,
        present: impl Fn(&str) -> Option<OsString>,
        allow_override: bool,
    ) -> Vec<Error> {
        if allow_override {
            return Vec::new();
        }
        let refuse = |EnvTemplate { name, origin, .. }: &EnvTemplate| {
            if is_guarded_variable(name) {
                let message = format!("the variable {name} would change how programs are loaded");
                let help = "use --allow-override if that is meant";
                return Some(error_about(origin, ErrorKind::InvalidName, message, help));
            }
            present(name).map(|_| {
                let message = format!("the environment already has the variable {name}");
                let help = "unset it, or use --allow-override";
                error_about(origin, ErrorKind::Collision, message, help)
            })
        };
        self.0.iter().filter_map(refuse).collect()
    }

    /// Returns the variables with their values, or everything that is missing for them. A reference names the group of a
    /// source of `declared`, or else a secret.
    pub fn fill(
        &self,
        resolver: &Resolver,
        declared: &DeclarationBuilder,
    ) -> Result<Vec<(&str, SecretValue)>, Failure> {
        let mut templates = Vec::new();
        for variable in &self.0 {
            // A template is not a secret value.
            templates.push((variable.name.as_str(), variable.template.expose_str()?));
        }
        let values = match resolver.fill_texts_with_blocking(&declared.clone().build(), &templates)
        {
            Ok(values) => values,
            Err(error) => {
                let explain = |error: &Error| explain_types(error, resolver, &templates);
                // A validation finds the fields that are missing too.
                let all: Vec<&str> = templates.iter().map(|(_, template)| *template).collect();
                let declaration =
                    declared.clone().only_config(&all.join("\n"), config::Format::Text)?.build();
                let level = ValidationLevel::SecretAndKeyExists;
                let report = resolver.validate_blocking(level, &declaration);
                report.into_result().map_err(|error| explain(&error))?;
                return Err(explain(&error).into());
            }
        };
        let mut errors = Vec::new();
        for (EnvTemplate { name, origin, .. }, value) in self.0.iter().zip(&values) {
            // Searched for a NUL, which no environment variable can contain.
            if value.expose_bytes().contains(&0) {
                let message = format!("the value for the variable {name} contains a NUL");
                let help = "a variable cannot have it: pass the value in a file";
                errors.push(error_about(origin, ErrorKind::InvalidValue, message, help));
            }
        }
        fail_on_any(errors)?;
        Ok(self.names().zip(values).collect())
    }
}

/// Adds to an error how a variable has a field of a secret in another backend.
fn explain_types(error: &Error, resolver: &Resolver, templates: &[(&str, &str)]) -> Error {
    let (mut variables, mut references) = (Vec::new(), Vec::new());
    for (variable, template) in templates {
        let found = config::references(template, config::Format::Text).unwrap_or_default();
        variables.extend(found.iter().map(|_| *variable));
        references.extend(found);
    }
    typed_references::explain(error, resolver, &references, |place, meant| {
        let (source, reference) = meant.source();
        let set = shell_word(&format!("{}={reference}", variables[place]));
        format!("`secrets run {} --env {set}`", shell_word(&source))
    })
}

/// Reads the lines of a file, which are those of a dotenv file.
fn read_lines(text: &SecretValue, origin: &str) -> Result<Vec<(String, SecretValue)>, Error> {
    let read =
        StoredSecret::from_dotenv(text.clone()).map_err(|error| error.about(origin, None))?;
    let line = |field: &StoredField| (field.key().to_owned(), field.value().clone());
    Ok(read.fields().iter().map(line).collect())
}

/// Fails if a template refers to a secret with a name that none can have.
fn check_names(template: &str) -> Result<(), Error> {
    Declaration::builder("secrets").config(template, config::Format::Text).map(|_| ())
}

/// Returns the template of a text: the text itself if it has braces, or else the one reference that it is.
fn parse(text: &SecretValue, origin: &str) -> Result<SecretValue, Error> {
    // A text without braces may be a value that was written in the wrong place, so no message repeats it.
    let written = text.expose_str()?;
    let help = "write NAME=db.password, or NAME='postgres://{{db.user | url}}@localhost'; a plain secret `token` is \
                NAME=token.token";
    if !written.contains("{{") {
        let braced = |text: &str| format!("{{{{{}}}}}", text.trim());
        let reference = braced(written);
        let message = "the text is not a reference, and has none in braces";
        let Err(error) = Template::parse(&reference) else {
            return match check_names(&reference) {
                Ok(()) => Ok(reference.into()),
                Err(_) => Err(error_about(origin, ErrorKind::InvalidSource, message, help)),
            };
        };
        let is_reference = |(target, _): &(&str, &str)| Template::parse(&braced(target)).is_ok();
        if written.split_once('|').as_ref().is_some_and(is_reference) {
            let help = error.help().unwrap_or(help);
            return Err(error_about(origin, ErrorKind::InvalidSource, error.message(), help));
        }
        return Err(error_about(origin, ErrorKind::InvalidSource, message, help));
    }
    match Template::parse(written) {
        Ok(_) => match check_names(written) {
            Ok(()) => Ok(text.clone()),
            Err(error) => Err(rename_origin(&error, origin)),
        },
        Err(error) => {
            let before = written.get(..error.range().start).unwrap_or_default();
            let column = before.chars().count() + 1;
            let message = format!("column {column}: {}", error.message());
            let help = error.help().unwrap_or(help);
            Err(error_about(origin, ErrorKind::InvalidSource, message, help))
        }
    }
}
