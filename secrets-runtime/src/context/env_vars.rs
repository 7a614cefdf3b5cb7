use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    path::Path,
    sync::Arc,
};

use base64ct::{Base64, Encoding};
use once_cell::sync::OnceCell;
use secrets_spec::{
    MountType, SpecError, VariableName, check_variable, closest, is_guarded_variable,
};

use crate::{
    audit::call::AuditedCall,
    backend::capabilities::Capabilities,
    context::{export_rules::ExportRules, group::Group, secret_files::SecretFiles},
    core::{
        error::{Error, ErrorKind, Problem},
        escape,
        help_code::HelpCode,
        secret_value::SecretValue,
    },
    payload::fields::Field,
};

/// The secrets of a step as environment variables.
pub(crate) struct EnvVars {
    /// The fields of each variable, by its name. More than one field is ambiguous.
    slots: BTreeMap<String, Vec<Candidate>>,
    /// Fields whose names cannot be variables.
    unmappable: Vec<(usize, String, SpecError)>,
}

struct Candidate {
    shown: VarValue,
    /// The source or request that has the field, and the field's name if it differs.
    origin: String,
    field: String,
    /// The group and the key of `get`.
    group: String,
    key: String,
    declared_at: usize,
    /// Whether the backend may have read the variable that is already set.
    from_environment: bool,
}

/// A field, and the text that its variable is named after.
struct NamedField<'a> {
    origin: &'a str,
    group: &'a str,
    key: &'a str,
    /// The name of the field, or the variable that the request names.
    name: &'a str,
}

/// The value of a variable.
enum VarValue {
    Value(SecretValue),
    /// The path of a file with the content. The file is created when the path is first asked for.
    File {
        content: SecretValue,
        text: SecretValue,
        path: OnceCell<SecretValue>,
        /// The file that a platform has mounted.
        mounted: Option<Arc<Path>>,
        /// The path of the mounted file, as the platform has set it in the variable.
        platform: OnceCell<SecretValue>,
    },
}

impl EnvVars {
    /// Creates the variables of these groups, in the order in which they were declared.
    pub(crate) fn of<'a>(groups: impl Iterator<Item = (&'a str, &'a Group)>) -> Self {
        Self::by(groups, &ExportRules::default())
    }

    /// Creates the variables that these rules choose, in the order in which they were declared.
    pub(crate) fn by<'a>(
        groups: impl Iterator<Item = (&'a str, &'a Group)>,
        rules: &ExportRules,
    ) -> Self {
        let mut made = Self { slots: BTreeMap::new(), unmappable: Vec::new() };
        for (group_name, group) in groups {
            if let Some(source) = &group.source {
                // Two sources may read one secret under two groups.
                let origin = match source.origin.ends_with(group_name) {
                    true => source.origin.to_string(),
                    false => format!("{} (group `{group_name}`)", source.origin),
                };
                for (name, field) in source.fields.iter().filter(|(name, _)| rules.includes(name)) {
                    let prefixed = rules.prefixed(name);
                    let variable = if source.provenance.capabilities.are_names_variables() {
                        VariableName::parse(&prefixed)
                    } else {
                        VariableName::of_field(&prefixed)
                    };
                    if variable.as_ref().is_ok_and(|name| rules.leaves_out(name.as_str())) {
                        continue;
                    }
                    let named = NamedField { origin: &origin, group: group_name, key: name, name };
                    let capabilities = source.provenance.capabilities;
                    made.add(variable, VarValue::text(field), named, capabilities);
                }
            }
            for requested in &group.requests {
                let included = |name: &&String| rules.includes(name);
                if let Some(variable) = requested.variable.as_ref().filter(included) {
                    let origin = requested.request.to_string();
                    let prefixed = rules.prefixed(variable);
                    if rules.leaves_out(&prefixed) {
                        continue;
                    }
                    let parsed = VariableName::parse(&prefixed);
                    let shown = match requested.request.view().mount_requirement {
                        MountType::FILE => VarValue::file(&requested.field),
                        MountType::ANY | MountType::ENV_VAR => VarValue::text(&requested.field),
                    };
                    let key = requested.request.view().key;
                    let named =
                        NamedField { origin: &origin, group: group_name, key, name: variable };
                    made.add(parsed, shown, named, requested.provenance.capabilities);
                }
            }
        }
        made
    }

    fn add(
        &mut self,
        variable: Result<VariableName, SpecError>,
        shown: VarValue,
        NamedField { origin, group, key, name }: NamedField<'_>,
        capabilities: Capabilities,
    ) {
        let declared_at = self.unmappable.len() + self.slots.values().map(Vec::len).sum::<usize>();
        let variable = match variable {
            Ok(variable) => variable,
            Err(error) => {
                let origin = format!("{origin}, field `{}`", escape::escape_name(name));
                self.unmappable.push((declared_at, origin, error));
                return;
            }
        };
        let given = Candidate {
            shown,
            origin: origin.to_owned(),
            field: name.to_owned(),
            group: group.to_owned(),
            key: key.to_owned(),
            declared_at,
            from_environment: capabilities.is_environment_read(),
        };
        self.slots.entry(variable.as_str().to_owned()).or_default().push(given);
    }

    pub(crate) fn iter<'a>(
        &'a self,
        files: &'a SecretFiles,
        audit: Option<&'a AuditedCall>,
    ) -> impl Iterator<Item = (&'a str, &'a SecretValue)> {
        self.slots.iter().filter_map(move |(name, given)| match given.as_slice() {
            [one] => Some((name.as_str(), one.read(Some(files), audit).ok()?)),
            _ => None,
        })
    }

    pub(crate) fn var(
        &self,
        name: &str,
        files: &SecretFiles,
        or_environment: bool,
        audit: Option<&AuditedCall>,
    ) -> Result<SecretValue, Error> {
        let fail = |kind, message: String, help: String| {
            let problem =
                Problem::new(kind, message).with_origin(escape::escape_name(name)).with_help(help);
            Err(Error::from_problems(vec![problem]))
        };
        if let Some(given) = self.slots.get(name) {
            return match given.as_slice() {
                [one] => one.read(Some(files), audit).cloned(),
                several => {
                    let origins =
                        escape::backquoted_list(several.iter().map(|given| given.origin.as_str()));
                    let message = format!("several secrets have this variable: {origins}");
                    let help = "ask with `get(group, key)`, or give one of them another name";
                    fail(ErrorKind::Ambiguous, message, help.to_owned())
                }
            };
        }
        if let Some(flaw) = check_variable(name) {
            let error = flaw.explain(name);
            let help = error.help().unwrap_or_default().to_owned();
            return fail(ErrorKind::InvalidName, error.message().to_owned(), help);
        }
        if or_environment {
            return match std::env::var_os(name) {
                Some(value) => Ok(from_os(value)),
                None => fail(
                    ErrorKind::KeyNotFound,
                    "the step declares no secrets, and the process's environment has no such variable".to_owned(),
                    format!("attach sources at launch (SECRETS_WITH='secrets:sources=[\"..\"]'), or set {name}"),
                ),
            };
        }
        let known = escape::backquoted_list(self.slots.keys().map(String::as_str));
        let help = match closest(name, self.slots.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? its variables are {known}"),
            None => format!("its variables are {known}"),
        };
        fail(ErrorKind::KeyNotFound, "no secret of the step has this variable".to_owned(), help)
    }

    /// Returns all variables if all of them can be set, or else every reason why not. `present` returns the values
    /// that are already set. Without `files`, a variable for a file's path contains the content of the file.
    pub(crate) fn exports(
        &self,
        present: &dyn Fn(&str) -> Option<OsString>,
        files: Option<&SecretFiles>,
        allow_override: bool,
        audit: Option<&AuditedCall>,
    ) -> Result<Vec<(&str, &SecretValue)>, Error> {
        let mut problems: Vec<(usize, Problem)> = Vec::new();
        for (declared_at, origin, error) in &self.unmappable {
            let problem = Problem::new(ErrorKind::InvalidName, error.message())
                .with_origin(origin)
                .with_help(error.help().unwrap_or_default());
            problems.push((*declared_at, problem));
        }
        let mut exports = Vec::new();
        for (name, given) in &self.slots {
            let [one] = given.as_slice() else {
                let last = &given[given.len() - 1];
                let origins: Vec<_> =
                    given.iter().map(|g| format!("{} (field `{}`)", g.origin, g.field)).collect();
                let message = format!("the variable {name} is set by {}", origins.join(" and by "));
                // A group with a dot cannot be written this way.
                let named = given.iter().filter(|given| !given.group.contains('.'));
                let fields = named.map(|given| format!("{}.{}", given.group, given.key)).collect();
                let help = HelpCode::NameVariables { variable: name.clone(), fields };
                let problem = Problem::new(ErrorKind::Collision, message)
                    .with_origin(&last.origin)
                    .with_help_code(help);
                problems.push((last.declared_at, problem));
                continue;
            };
            if let Some(problem) = guarded(name, allow_override) {
                problems.push((one.declared_at, problem.with_origin(&one.origin)));
                continue;
            }
            if let Some(path) = one.shown.path_of_platform(|| present(name)) {
                exports.push((name.as_str(), path));
                continue;
            }
            let value = match one.value(files) {
                Ok(value) => value,
                Err(error) => {
                    problems
                        .extend(error.into_problems().into_iter().map(|p| (one.declared_at, p)));
                    continue;
                }
            };
            let problem = collides(name, one, value, present, allow_override)
                .or_else(|| contains_nul(name, value));
            match problem {
                Some(problem) => problems.push((one.declared_at, problem.with_origin(&one.origin))),
                None => exports.push((name.as_str(), value)),
            }
        }
        if problems.is_empty() {
            let candidates = exports.iter().filter_map(|(name, _)| self.slots.get(*name));
            candidates.flatten().try_for_each(|one| one.record_read(audit))?;
            return Ok(exports);
        }
        problems.sort_by_key(|(declared_at, _)| *declared_at);
        Err(Error::from_problems(problems.into_iter().map(|(_, problem)| problem).collect()))
    }
}

impl Candidate {
    /// Records the read, and returns the value.
    fn read(
        &self,
        files: Option<&SecretFiles>,
        audit: Option<&AuditedCall>,
    ) -> Result<&SecretValue, Error> {
        let value = self.value(files)?;
        self.record_read(audit)?;
        Ok(value)
    }

    fn record_read(&self, audit: Option<&AuditedCall>) -> Result<(), Error> {
        audit.map_or(Ok(()), |call| call.read(&self.group, &self.key))
    }

    /// Returns the value. Without files it is the content of the file.
    fn value(&self, files: Option<&SecretFiles>) -> Result<&SecretValue, Error> {
        self.shown.value(files).map_err(|error| error.about(&self.origin, None))
    }
}

impl VarValue {
    fn text(field: &Field) -> Self {
        Self::Value(text_of(field))
    }

    fn file(field: &Field) -> Self {
        Self::File {
            content: field.file_content().clone(),
            text: text_of(field),
            path: OnceCell::new(),
            mounted: field.mounted_path().cloned(),
            platform: OnceCell::new(),
        }
    }

    /// Returns the present value of the variable if it is the path of the file that the platform has mounted. Both
    /// paths may be written in different ways, such as through a link to the folder.
    fn path_of_platform(&self, present: impl FnOnce() -> Option<OsString>) -> Option<&SecretValue> {
        let Self::File { mounted: Some(mounted), platform, .. } = self else { return None };
        let set = present()?;
        let is_mounted = **mounted == *Path::new(&set)
            || fs::canonicalize(mounted).ok()? == fs::canonicalize(&set).ok()?;
        is_mounted.then(|| platform.get_or_init(|| from_os(set)))
    }

    fn value(&self, files: Option<&SecretFiles>) -> Result<&SecretValue, Error> {
        match (self, files) {
            (Self::Value(value), _) | (Self::File { text: value, .. }, None) => Ok(value),
            (Self::File { content, path, .. }, Some(files)) => {
                path.get_or_try_init(|| Ok(from_os(files.path_of(content)?.into_os_string())))
            }
        }
    }
}

/// Refuses variables from which all programs load code or system files: a secret should not set these by accident.
fn guarded(name: &str, allow_override: bool) -> Option<Problem> {
    (is_guarded_variable(name) && !allow_override).then(|| {
        let message = format!("the variable {name} would change how programs are loaded");
        Problem::new(ErrorKind::InvalidName, message).with_help_code(HelpCode::AllowOverride)
    })
}

fn collides(
    name: &str,
    given: &Candidate,
    value: &SecretValue,
    present: &dyn Fn(&str) -> Option<OsString>,
    allow_override: bool,
) -> Option<Problem> {
    if allow_override {
        return None;
    }
    // A variable that is set already may be a secret too.
    let known = from_os(present(name)?);
    // A backend may have removed the newline at the end.
    let with_end =
        |end: &[u8]| SecretValue::from([value.expose_bytes(), end].concat()).ct_eq(&known);
    let same = || with_end(b"") || with_end(b"\n") || with_end(b"\r\n");
    if given.from_environment && same() {
        return None;
    }
    let message = format!("the environment already has the variable {name}");
    Some(Problem::new(ErrorKind::Collision, message).with_help_code(HelpCode::UnsetOrAllowOverride))
}

fn contains_nul(name: &str, value: &SecretValue) -> Option<Problem> {
    // Searched for a NUL, which no environment variable can contain.
    value.expose_bytes().contains(&0).then(|| {
        let message = format!("the value for the variable {name} holds a NUL");
        Problem::new(ErrorKind::InvalidValue, message)
            .with_help("read it with `get(group, key)` instead")
    })
}

fn text_of(field: &Field) -> SecretValue {
    if field.binary { base64(&field.value) } else { field.value.clone() }
}

fn base64(value: &SecretValue) -> SecretValue {
    // An encoding of the value is a secret value too.
    SecretValue::from(Base64::encode_string(value.expose_bytes()))
}

pub(crate) fn from_os(value: OsString) -> SecretValue {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        SecretValue::from(value.into_vec())
    }
    #[cfg(not(unix))]
    {
        SecretValue::from(value.to_string_lossy().into_owned())
    }
}

/// Returns the value as the system's string type, without a copy.
pub(crate) fn as_os(value: &SecretValue) -> Result<&OsStr, Error> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        // The step asked for this value in a variable.
        Ok(OsStr::from_bytes(value.expose_bytes()))
    }
    #[cfg(not(unix))]
    {
        value.expose_str().map(OsStr::new)
    }
}
