//! The variables of the pods.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use secrets_runtime::{__flow::MappedSource, Declaration, Resolver, settings::variables};
use serde_json::Value;

use crate::{
    arguments::{CreateArguments, split_assignment},
    checks::name::{NameKind, check_key, check_variable},
    failure::CommandFailure,
    manifest::volumes::{SecretMount, mounts},
    step::FlowStep,
};

/// The folder in which the backend `file` looks, if nothing else is set.
const DEFAULT_FILE_DIR: &str = "/run/secrets";

/// The ends of names of variables and of a URL's parameters that hold credentials.
const CREDENTIAL_ENDS: [&str; 4] = ["PASSWORD", "TOKEN", "API_KEY", "SECRET_ACCESS_KEY"];

/// Further names of a URL's parameters that hold credentials, or the ends of such names.
const CREDENTIAL_PARAMETERS: [&str; 7] =
    ["PWD", "PASSWD", "PASSPHRASE", "APIKEY", "SECRET", "SIG", "SIGNATURE"];

/// Credentials that backends read from variables which are not settings, and the types of these backends.
const FOREIGN_CREDENTIALS: [(&str, &str); 4] = [
    ("AWS_SECRET_ACCESS_KEY", "aws-secrets-manager"),
    ("AWS_SECRET_ACCESS_KEY", "ssm"),
    ("VAULT_TOKEN", "vault"),
    ("BAO_TOKEN", "vault"),
];

/// What is known of the environment of all pods.
#[derive(Debug)]
pub struct DeployedVariables {
    resolver: Resolver,
    variables: BTreeMap<String, EnvValue>,
    /// The sources that are attached at launch, and the text that attaches them.
    attached: Option<(Declaration, String)>,
    file_dir: String,
}

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    Text(String),
    /// A key of a Secret.
    Key {
        secret: String,
        key: String,
    },
}

/// The environment of one pod.
#[derive(Debug)]
pub struct PodEnvironment {
    pub variables: BTreeMap<String, EnvValue>,
    pub mounts: Vec<SecretMount>,
    /// The text that attaches sources, if the pod's steps get them.
    pub with: Option<String>,
}

impl DeployedVariables {
    /// Reads the settings of this process, and the options. Returns every mistake in them.
    pub fn read(resolver: Resolver, arguments: &CreateArguments) -> (Self, Vec<String>) {
        let mut mistakes = Vec::new();
        let mut variables: BTreeMap<String, EnvValue> = BTreeMap::new();
        for setting in resolver.settings() {
            let variable = setting.variable();
            // A folder that another program has made for this process alone.
            let is_of_this_process =
                *variable == variables::FILE_DIR && variable.mirrored().contains(&setting.origin());
            if let Some(text) = setting.text_elsewhere().filter(|_| !is_of_this_process)
                && !has_password(text)
            {
                variables.insert(variable.name().to_owned(), EnvValue::Text(text.to_owned()));
            }
        }
        let mut given = BTreeSet::new();
        let mut set = |name: &str, value: EnvValue, mistakes: &mut Vec<String>| {
            if !given.insert(name.to_owned()) {
                mistakes.push(format!("the variable {name} is given twice: remove one of the two"));
            }
            variables.insert(name.to_owned(), value);
        };
        for text in &arguments.env {
            match plain_variable(text) {
                Ok((name, value)) => set(name, EnvValue::Text(value), &mut mistakes),
                Err(mistake) => mistakes.push(format!("--env: {mistake}")),
            }
        }
        for text in &arguments.env_from_secret {
            match variable_from_secret(text) {
                Ok((name, value)) => set(name, value, &mut mistakes),
                Err(mistake) => mistakes.push(format!("--env-from-secret: {mistake}")),
            }
        }
        let file_dir = match variables.get(variables::FILE_DIR.name()) {
            Some(EnvValue::Text(folder)) => folder.clone(),
            _ => DEFAULT_FILE_DIR.to_owned(),
        };
        if !Path::new(&file_dir).is_absolute() {
            let name = variables::FILE_DIR.name();
            mistakes.push(format!("{name} is {file_dir:?}, and a pod needs the absolute path"));
        }
        mistakes.extend(resolver.inline_values().into_iter().map(|place| {
            format!("{place} contains the value of a secret (type `inline`), and a manifest contains none: store it in a backend")
        }));
        let attached = resolver.attached();
        (Self { resolver, variables, attached, file_dir }, mistakes)
    }

    /// Returns the environment of the pod of these steps.
    ///
    /// # Errors
    /// If the record of a step is damaged.
    pub fn of<'a>(
        &self,
        steps: impl IntoIterator<Item = &'a FlowStep>,
    ) -> Result<PodEnvironment, CommandFailure> {
        let mut variables = BTreeMap::new();
        let mut sources: BTreeMap<String, MappedSource> = BTreeMap::new();
        let mut with = None;
        for step in steps {
            let own = step.env.iter();
            variables
                .extend(own.map(|(name, value)| (name.clone(), EnvValue::Text(value.clone()))));
            let declared = step.declaration_state()?;
            let attached = self.attached.as_ref().filter(|_| declared.takes_attached());
            with = with.or(attached.map(|(_, text)| text.clone()));
            let attached = attached.map(|(declaration, _)| declaration);
            for declaration in attached.into_iter().chain(declared.declaration()) {
                let found = self.resolver.mappings_of(declaration);
                sources.extend(found.into_iter().map(|source| (source.name.clone(), source)));
            }
        }
        // What is said at the launch overrides what the program says.
        variables.extend(self.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
        if !sources.is_empty() {
            let table: BTreeMap<&String, &BTreeMap<String, Value>> =
                sources.iter().map(|(name, source)| (name, &source.fields)).collect();
            // Maps of texts can be written as JSON.
            let text = serde_json::to_string(&table).unwrap_or_default();
            variables.insert(variables::SOURCES.name().to_owned(), EnvValue::Text(text));
        }
        let mounts = mounts(&self.file_dir, sources.values());
        Ok(PodEnvironment { variables, mounts, with })
    }

    /// Returns what the steps themselves have set and a manifest cannot contain.
    pub fn mistakes_of(&self, step: &FlowStep) -> Vec<String> {
        let mistakes = step.env.iter().filter_map(|(name, value)| {
            let mistake = check_plain(name, value).err()?;
            Some(format!("step `{}`: {mistake}", step.name))
        });
        mistakes.collect()
    }

    /// Returns what a pod will lack.
    ///
    /// # Errors
    /// If the record of a step is damaged.
    pub fn warnings(&self, steps: &[FlowStep]) -> Result<Vec<String>, CommandFailure> {
        let mut warnings = Vec::new();
        let mut types = BTreeSet::new();
        for step in steps {
            let declared = step.declaration_state()?;
            let attached = self.attached.as_ref().filter(|_| declared.takes_attached());
            let attached = attached.map(|(declaration, _)| declaration);
            for declaration in attached.into_iter().chain(declared.declaration()) {
                types.extend(self.resolver.backend_types_of(declaration));
            }
            if declared.declaration().is_none() && self.has_sources() {
                warnings.push(format!(
                    "what the step `{}` declares is unknown, so its pod gets none of [sources]: write `.declares(function)` after it",
                    step.name
                ));
            }
        }
        let default = variables::DEFAULT_BACKEND.name();
        // One that was chosen may be in the image.
        let unset = EnvValue::Text(String::new());
        let is_chosen = self.variables.get(default).is_some_and(|chosen| *chosen != unset);
        if !is_chosen && self.resolver.default_backends().all(|kind| kind == "local") {
            warnings.push(format!(
                "the backend is `local`, the store of this machine, which a pod does not have: set {default}, or choose a profile; `{default}=local` if the image has a store"
            ));
        }
        for kind in types.iter().filter(|kind| self.resolver.is_program(kind)) {
            warnings.push(format!(
                "the backend `{kind}` is a program of this machine, which a pod does not have: map its sources to another backend in a profile"
            ));
        }
        for (name, kind) in self.credentials_here() {
            if types.contains(kind) && !self.variables.contains_key(name) {
                warnings.push(format!(
                    "{name} is set here, and is left out because it is a credential: the backend `{kind}` may need it: --env-from-secret {name}=SECRET/KEY"
                ));
            }
        }
        for setting in self.resolver.settings() {
            let name = setting.variable().name();
            if *setting.variable() == variables::KUBERNETES_URL
                && setting.is_set()
                && !self.variables.contains_key(name)
            {
                warnings.push(format!(
                    "{name} is left out because it is the way from this machine to the API: a pod finds that of its own cluster: --env {name}=URL for another one"
                ));
            }
            if setting.text_elsewhere().is_some_and(has_password)
                && !self.variables.contains_key(name)
            {
                warnings.push(format!(
                    "{name} is left out because it contains a password: --env-from-secret {name}=SECRET/KEY"
                ));
            }
        }
        Ok(warnings)
    }

    fn has_sources(&self) -> bool {
        self.resolver.mapped_sources().next().is_some()
    }

    /// Returns the credentials that are set in this process, each with the type of the backend that reads it.
    fn credentials_here(&self) -> Vec<(&'static str, &'static str)> {
        let types = ["prefect", "zenml", "vault"];
        let settings = variables::ALL.iter().filter(|variable| variable.is_secret());
        let settings = settings.filter_map(|variable| {
            let lower = variable.name().to_lowercase();
            Some((variable.name(), *types.iter().find(|kind| lower.contains(**kind))?))
        });
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let mut all: Vec<_> = settings.chain(FOREIGN_CREDENTIALS).collect();
        all.sort_unstable();
        all.dedup();
        all.retain(|(name, _)| is_set(name));
        all
    }
}

/// Reads `K=V`, or `K` for the value that the variable has here.
fn plain_variable(text: &str) -> Result<(&str, String), String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, value.to_owned()),
        None => {
            check_variable(text)?;
            // A credential is refused whether it is set or not.
            check_plain(text, "")?;
            let value = std::env::var(text)
                .map_err(|_| format!("{text} is not set here: write {text}=VALUE"))?;
            (text, value)
        }
    };
    check_variable(name)?;
    check_plain(name, &value)?;
    Ok((name, value))
}

/// Reads `K=SECRET/KEY`.
fn variable_from_secret(text: &str) -> Result<(&str, EnvValue), String> {
    let (name, place) = split_assignment("it", text)?;
    check_variable(name)?;
    check_not_sources(name)?;
    let (secret, key) = place
        .split_once('/')
        .ok_or_else(|| format!("{name} needs a Secret and a key of it: {name}=SECRET/KEY"))?;
    NameKind::Secret.check(secret)?;
    check_key(key)?;
    Ok((name, EnvValue::Key { secret: secret.to_owned(), key: key.to_owned() }))
}

/// Refuses the variable that each pod gets with the sources of its own steps.
fn check_not_sources(name: &str) -> Result<(), String> {
    if name != variables::SOURCES.name() {
        return Ok(());
    }
    Err(format!(
        "each pod gets a {name} of its own: write the table in secrets.toml, or set {name} where this command runs"
    ))
}

/// Refuses a variable that holds a credential, and the one with the sources, which may hold values.
fn check_plain(name: &str, value: &str) -> Result<(), String> {
    check_not_sources(name)?;
    let help = format!("--env-from-secret {name}=SECRET/KEY");
    if is_credential(name) {
        return Err(format!("{name} is a credential, and a manifest contains none: {help}"));
    }
    if has_password(value) {
        return Err(format!(
            "the value of {name} contains a password, and a manifest contains none: {help}"
        ));
    }
    if name == variables::WITH.name() && has_inline(value) {
        return Err(format!(
            "{name} contains the value of a secret (type `inline`), and a manifest contains none: store it in a backend"
        ));
    }
    Ok(())
}

fn is_credential(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let is_setting = variables::ALL.iter().any(|known| known.is_secret() && known.name() == upper);
    is_setting || CREDENTIAL_ENDS.iter().any(|end| upper.ends_with(end))
}

/// Whether a parameter of a URL, such as `sslpassword` in `?sslpassword=..`, holds a credential.
fn is_credential_parameter(name: &str) -> bool {
    let upper = name.trim().to_ascii_uppercase().replace(['-', '.'], "_");
    let ends = CREDENTIAL_ENDS.iter().chain(&CREDENTIAL_PARAMETERS);
    ends.into_iter().any(|end| upper.ends_with(end))
}

/// Whether a text contains a URL with a password, in the user's place or in a parameter.
fn has_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, sign)| {
        let rest = &text[at + sign.len()..];
        // Parameters begin in as many ways: those of JDBC stand after a `;`, those of OAuth after a `#`.
        let mut parameters = rest.split(['?', '&', ';', '#']).skip(1);
        if parameters.any(|parameter| {
            parameter
                .split_once('=')
                .is_some_and(|(name, value)| !value.is_empty() && is_credential_parameter(name))
        }) {
            return true;
        }
        let end = rest.find(['/', '?', '#', ' ', ',', '"']).unwrap_or(rest.len());
        // A password may contain an `@` or a `/`, although it should be written in another way.
        let authority = rest[..end].rsplit_once('@').or_else(|| rest.split_once('@'));
        authority.is_some_and(|(user, _)| {
            user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
        })
    })
}

/// Whether a text attaches a source of type `inline`. A text that cannot be read counts as one.
fn has_inline(text: &str) -> bool {
    let builder = Resolver::builder().setting(&variables::WITH, text);
    let (resolver, error) = builder.build_anyway();
    error.is_some() || !resolver.inline_values().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_refused() {
        for text in [
            "VAULT_TOKEN=SeNtInEl",
            "PREFECT_API_KEY=SeNtInEl",
            "PREFECT_API_KEY",
            "db_password=SeNtInEl",
            "AWS_SECRET_ACCESS_KEY=SeNtInEl",
            "URL=postgres://app:SeNtInEl@host/db",
            "URL=x https://:SeNtInEl@host",
            "URL=https://app:SeN/tInEl@host",
            "URL=postgres://host/db?user=app&password=SeNtInEl",
            "URL=https://host/?pwd=SeNtInEl",
            "URL=https://host/?a=b&PWD=SeNtInEl#c",
            "URL=https://host/;token=SeNtInEl",
            "URL=https://host/?access-token=SeNtInEl",
            "URL=jdbc:sqlserver://host:1433; user=app; Password=SeNtInEl",
            "URL=https://host/#access_token=SeNtInEl",
            "URL=https://host/?sv=1&sig=SeNtInEl",
            "SECRETS_SOURCES={}",
            "1=SeNtInEl",
            "=SeNtInEl",
            "NOT_SET_ANYWHERE",
        ] {
            let mistake = plain_variable(text).expect_err("it is refused");
            assert!(!mistake.contains("SeNtInEl"), "{mistake}");
        }
        for text in [
            "LOG=info",
            "URL=https://app@host:80/a?b=c:d",
            "URL=https://host/?token=&tokens=3&design=a",
            "URL=https://host/password=1/token",
            "A=",
            "PATH",
            "A=b=c",
            "TOKENS=3",
        ] {
            assert!(plain_variable(text).is_ok(), "{text}");
        }
        assert_eq!(plain_variable("A=b=c"), Ok(("A", "b=c".to_owned())));
    }

    #[test]
    fn a_variable_comes_from_a_key_of_a_secret() {
        let (name, value) = variable_from_secret("VAULT_TOKEN=vault/token").expect("it is right");
        let key = EnvValue::Key { secret: "vault".to_owned(), key: "token".to_owned() };
        assert_eq!((name, value), ("VAULT_TOKEN", key));
        for text in
            ["SECRETS_SOURCES=a/b", "A", "A=", "A=b", "A=/c", "A=b/", "A=B/c", "A=b/c/d", "=b/c"]
        {
            assert!(variable_from_secret(text).is_err(), "{text}");
        }
    }
}
