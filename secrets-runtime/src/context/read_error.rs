//! The errors of reads that find no field, or a field of another type.

use secrets_spec::closest;

use crate::{
    context::secrets::Secrets,
    core::{
        error::{Error, ErrorKind, Problem},
        escape,
    },
};

impl Secrets {
    /// Adds the source to the problems of a typed read.
    pub(super) fn typed_read_error(&self, problems: Vec<Problem>, group: &str) -> Error {
        let found = self.0.shared.group(group);
        let origin = found.and_then(|found| found.source.as_ref()).map_or(group, |it| &it.origin);
        let provenance = found.and_then(|found| found.provenances().next());
        let backend = provenance.map(|provenance| provenance.backend());
        Error::from_problems(problems).about(origin, backend).in_step(self.step())
    }

    /// Returns the error of a `get` that found nothing: the group or the key is not declared, or the secret has no
    /// such field.
    pub(super) fn why_not(&self, group: &str, key: &str) -> Error {
        let Some(found) = self.0.shared.group(group) else {
            self.record_not_requested(group, key);
            return self.not_requested(group, "the step did not declare this group");
        };
        if let Some(source) = &found.source {
            if let Some(absent_because) = &source.absent_because {
                return Error::from_problems(vec![absent_because.clone()]).in_step(self.step());
            }
            let names = source.fields.iter().map(|(name, _)| name);
            let help = match closest(key, names) {
                Some(near) => {
                    format!("did you mean `{near}`? its fields are {}", source.fields.names())
                }
                None => format!("its fields are {}", source.fields.names()),
            };
            let message = format!("the secret has no field `{}`", escape::escape_name(key));
            let help = match source.fields.look_like_json() {
                true => {
                    format!("{help}; its text looks like JSON: set options = {{ json = true }}")
                }
                false => help,
            };
            let problem = Problem::new(ErrorKind::KeyNotFound, message)
                .with_origin(&*source.origin)
                .in_backend(Some(&source.provenance.backend))
                .with_help(help);
            return Error::from_problems(vec![problem]).in_step(self.step());
        }
        let versions = || found.requests.iter().filter(|r| r.request.view().key == key);
        if versions().count() > 1 {
            let problem = Problem::new(ErrorKind::Ambiguous, "several versions were requested")
                .with_origin(format!("{group}/{key}"))
                .with_help("say which one: `get_versioned(group, key, version)`");
            return Error::from_problems(vec![problem]).in_step(self.step());
        }
        self.record_not_requested(group, key);
        let asked = format!("{group}/{key}");
        let error = self.not_requested(&asked, "the step did not request this key of the group");
        match found.requests.iter().any(|it| it.request.view().key.is_empty()) {
            true => error.with_help(format!(
                "the request of the group has no key: write Secret(group = {group:?}, key = {key:?})"
            )),
            false => error,
        }
    }

    pub(super) fn not_requested(&self, asked: &str, message: &str) -> Error {
        let mut declared = Vec::new();
        for (group, found) in self.0.shared.in_order() {
            if found.source.is_some() {
                declared.push(group.to_string());
            }
            declared.extend(found.requests.iter().map(|r| r.request.to_string()));
        }
        let known = escape::backquoted_list(declared.iter().map(String::as_str));
        let near = closest(asked, declared.iter().map(String::as_str));
        // The caller passed the source with its type, but the group does not include the type.
        let by_text = self.0.shared.in_order().find_map(|(group, found)| {
            found.source.as_ref().filter(|source| *source.origin == *asked).map(|_| group)
        });
        let help = match near {
            _ if by_text.is_some() => {
                format!("its group is `{}`: the id without the type", by_text.unwrap_or_default())
            }
            Some(near) => format!("did you mean `{near}`? declared are {known}"),
            None if declared.is_empty() => {
                "add it to the step's attribute: #[secrets(sources = [\"..\"])]".to_owned()
            }
            None => format!("add it to the step's attribute; declared are {known}"),
        };
        let problem = Problem::new(ErrorKind::NotRequested, message)
            .with_origin(escape::escape_name(asked))
            .with_help(help);
        Error::from_problems(vec![problem]).in_step(self.step())
    }
}
