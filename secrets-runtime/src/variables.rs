use std::{collections::BTreeMap, ffi::OsString};

use base64ct::{Base64, Encoding};
use secrets_spec::{SpecError, Variable, check_variable};

use crate::{Error, ErrorKind, Problem, SecretValue, fields::Field, secrets::Inner, text};

/// The secrets of a step as environment variables.
pub(crate) struct Variables {
    /// By name, each with whatever gives it: more than one is ambiguous.
    slots: BTreeMap<String, Vec<Given>>,
    /// Fields whose names make no variable.
    bad: Vec<(usize, String, SpecError)>,
}

struct Given {
    value: SecretValue,
    /// The source or request that gives it, and the field if it has a name of its own.
    origin: String,
    field: String,
    place: usize,
    /// `env` and `flyte` may give back the very variable that is set already.
    from_environment: bool,
}

impl Variables {
    pub(crate) fn of(secrets: &Inner) -> Self {
        let mut made = Self { slots: BTreeMap::new(), bad: Vec::new() };
        for name in &secrets.order {
            let Some(group) = secrets.groups.get(name) else { continue };
            if let Some(source) = &group.source {
                // Two sources may be one secret under two groups.
                let origin = match source.origin.ends_with(&**name) {
                    true => source.origin.clone(),
                    false => format!("{} (group `{name}`)", source.origin),
                };
                for (name, field) in source.fields.iter() {
                    let variable = if source.verbatim {
                        Variable::parse(name)
                    } else {
                        Variable::of_field(name)
                    };
                    made.add(variable, field, &origin, name, &source.backend);
                }
            }
            for requested in &group.requests {
                if let Some(variable) = &requested.variable {
                    let origin = requested.request.to_string();
                    let parsed = Variable::parse(variable);
                    made.add(parsed, &requested.field, &origin, variable, &requested.backend);
                }
            }
        }
        made
    }

    fn add(
        &mut self,
        variable: Result<Variable, SpecError>,
        field: &Field,
        origin: &str,
        name: &str,
        backend: &str,
    ) {
        let place = self.bad.len() + self.slots.values().map(Vec::len).sum::<usize>();
        let variable = match variable {
            Ok(variable) => variable,
            Err(error) => {
                let origin = format!("{origin}, field `{}`", text::quoted(name));
                self.bad.push((place, origin, error));
                return;
            }
        };
        let given = Given {
            value: if field.binary { base64(&field.value) } else { field.value.clone() },
            origin: origin.to_owned(),
            field: name.to_owned(),
            place,
            from_environment: matches!(backend, "env" | "flyte"),
        };
        self.slots.entry(variable.as_str().to_owned()).or_default().push(given);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &SecretValue)> {
        self.slots.iter().filter_map(|(name, given)| match given.as_slice() {
            [one] => Some((name.as_str(), &one.value)),
            _ => None,
        })
    }

    pub(crate) fn var(&self, name: &str, or_environment: bool) -> Result<SecretValue, Error> {
        let fail = |kind, message: String, help: String| {
            let problem = Problem::new(kind, message).of(text::quoted(name)).help_with(help);
            Err(Error::from_problems(vec![problem]))
        };
        if let Some(given) = self.slots.get(name) {
            return match given.as_slice() {
                [one] => Ok(one.value.clone()),
                several => {
                    let origins = text::list(several.iter().map(|given| given.origin.as_str()));
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
        let known = text::list(self.slots.keys().map(String::as_str));
        let message = "no secret of the step has this variable".to_owned();
        fail(ErrorKind::KeyNotFound, message, format!("its variables are {known}"))
    }

    /// All variables, if all can be set where `present` tells what is set already; every reason, if not.
    pub(crate) fn exports(
        &self,
        present: &dyn Fn(&str) -> Option<OsString>,
        allow_override: bool,
    ) -> Result<Vec<(&str, &SecretValue)>, Error> {
        let mut problems: Vec<(usize, Problem)> = Vec::new();
        for (place, origin, error) in &self.bad {
            let problem = Problem::new(ErrorKind::InvalidName, error.message())
                .of(origin)
                .help_with(error.help().unwrap_or_default());
            problems.push((*place, problem));
        }
        let mut exports = Vec::new();
        for (name, given) in &self.slots {
            let [one] = given.as_slice() else {
                let last = &given[given.len() - 1];
                let origins: Vec<_> =
                    given.iter().map(|g| format!("{} (field `{}`)", g.origin, g.field)).collect();
                let message =
                    format!("the variable {name} is given by {}", origins.join(" and by "));
                let help = "give one of them another name, or do not export them together";
                let problem =
                    Problem::new(ErrorKind::Collision, message).of(&last.origin).help_with(help);
                problems.push((last.place, problem));
                continue;
            };
            let problem = guarded(name, allow_override)
                .or_else(|| collides(name, one, present, allow_override))
                .or_else(|| unfit(name, one));
            match problem {
                Some(problem) => problems.push((one.place, problem.of(&one.origin))),
                None => exports.push((name.as_str(), &one.value)),
            }
        }
        if problems.is_empty() {
            return Ok(exports);
        }
        problems.sort_by_key(|(place, _)| *place);
        Err(Error::from_problems(problems.into_iter().map(|(_, problem)| problem).collect()))
    }
}

/// What the dynamic linker reads is not for a secret to set by accident.
fn guarded(name: &str, allow_override: bool) -> Option<Problem> {
    let linker = name.starts_with("LD_") || name.starts_with("DYLD_");
    (linker && !allow_override).then(|| {
        let message = format!("the variable {name} would change how programs are loaded");
        Problem::new(ErrorKind::InvalidName, message)
            .help_with("set `allow_override = true` if that is meant")
    })
}

fn collides(
    name: &str,
    given: &Given,
    present: &dyn Fn(&str) -> Option<OsString>,
    allow_override: bool,
) -> Option<Problem> {
    if allow_override {
        return None;
    }
    let value = from_os(present(name)?);
    // The bytes are looked at because `flyte` leaves the newline at their end out.
    let same = || {
        value.ct_eq(&given.value) || SecretValue::mounted(value.expose_bytes()).ct_eq(&given.value)
    };
    if given.from_environment && same() {
        return None;
    }
    let message = format!("the environment already has the variable {name}");
    Some(
        Problem::new(ErrorKind::Collision, message)
            .help_with("unset it, or set `allow_override = true`"),
    )
}

fn unfit(name: &str, given: &Given) -> Option<Problem> {
    // Looked at for a NUL, which no environment can hold.
    given.value.expose_bytes().contains(&0).then(|| {
        let message = format!("the value for the variable {name} holds a NUL");
        Problem::new(ErrorKind::InvalidValue, message)
            .help_with("read it with `get(group, key)` instead")
    })
}

fn base64(value: &SecretValue) -> SecretValue {
    // An encoding of the value is a value itself.
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
