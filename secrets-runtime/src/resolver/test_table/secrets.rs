use std::fmt;

use secrets_spec::{BackendType, Source};

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
    },
    core::{
        error::{Error, ErrorKind},
        escape::backquoted_list,
        origin::Origin,
        secret_value::SecretValue,
    },
    declaration::Declaration,
    resolver::{registry::Registry, resolution::plan::Plan},
    settings::Settings,
};

/// The type of the table. The grammar of a program's attributes knows it as a type of the user.
const KIND: &str = "test";

/// The secrets that a test supplies, by group. Every step inside the test resolves from them.
#[derive(Debug, Default)]
pub(crate) struct TestSecrets {
    /// In the order in which the test lists the groups.
    groups: Vec<(String, Vec<(String, SecretValue)>)>,
}

impl TestSecrets {
    pub(crate) fn add(&mut self, group: String, key: String, value: SecretValue) {
        let place = match self.groups.iter().position(|(known, _)| *known == group) {
            Some(place) => place,
            None => {
                self.groups.push((group, Vec::new()));
                self.groups.len() - 1
            }
        };
        let fields = &mut self.groups[place].1;
        match fields.iter_mut().find(|(known, _)| *known == key) {
            Some(field) => field.1 = value,
            None => fields.push((key, value)),
        }
    }

    /// Plans a declaration: each source is read from the table by its group, and not from its backend. A declaration
    /// without secrets has every group.
    pub(in crate::resolver) fn plan(
        &self,
        declaration: &Declaration,
        registry: &Registry,
        settings: &Settings,
    ) -> Plan {
        let mut declared = declaration.clone();
        if declaration.is_empty() {
            let all = self.groups.iter().map(|(group, _)| Source::new(kind(), group));
            declared.sources = all.collect();
        }
        for source in &mut declared.sources {
            *source = source.clone().in_backend(kind());
        }
        let mut plan = Plan::of(&declared, registry, settings);
        plan.bare = declaration.is_empty();
        plan.origin = Some(Origin::Override);
        plan
    }

    fn find(&self, request: &FetchRequest<'_>) -> Result<Fetched, Error> {
        let fields = self.groups.iter().find(|(group, _)| group == request.id());
        match (fields, request.key()) {
            (Some((_, fields)), None) => Ok(Fetched::fields(fields.clone())),
            (None, None) => {
                Err(self.missing("the test supplies no secret of this group", "it has"))
            }
            (fields, Some(key)) => {
                let field = fields.and_then(|(_, all)| all.iter().find(|(known, _)| known == key));
                let (_, value) = field.ok_or_else(|| {
                    let message = "the test supplies no secret of this group and key";
                    self.missing(message, "it has the groups")
                })?;
                Ok(Fetched::text(value.clone()))
            }
        }
    }

    fn missing(&self, message: &str, it_has: &str) -> Error {
        let known = backquoted_list(self.groups.iter().map(|(group, _)| group.as_str()));
        let help = format!("give it to `with_secrets`; {it_has} {known}");
        Error::new(ErrorKind::NotFound, message).with_help(help)
    }
}

pub(in crate::resolver) fn kind() -> BackendType {
    BackendType::parse(KIND).expect("it is a type by the grammar")
}

impl fmt::Display for TestSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the secrets of the test")
    }
}

impl Backend for TestSecrets {
    fn kind(&self) -> &str {
        KIND
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::of_test()
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move { requests.iter().map(|request| self.find(request)).collect() })
    }
}
