//! Checks the literals with which a body reads its secrets, such as `current_context().secrets.get("prod-db", "user")`.
//!
//! A group that the step does not declare is a mistake in any case. With a `secrets.lock`, keys, variables and types are
//! compared too.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use secrets_spec::{
    LockGap, LockedSource, MountType, SecretsLock, VariableName, check_type, closest,
    locked_key_gap, quoted_list,
};
use syn::Type;

use crate::{
    analyze::{declaration::StepDeclaration, field_check::FieldCheck, lock_check},
    mistakes,
    parse::{
        context_call::{ContextCall, Insertions, LiteralText, ReadMethod},
        typed_parameter::TypedParameter,
    },
};

/// What the body of a step can read.
pub struct BodyReads<'a> {
    lock: Option<&'a SecretsLock>,
    runtime: &'a TokenStream,
    /// The generic parameters of the function.
    generics: &'a [Ident],
    groups: BTreeMap<&'a str, Group<'a>>,
    /// Whether every group is known, and the step cannot get sources at launch.
    is_closed: bool,
    /// The names of the variables, if all of them are known.
    variables: Option<Vec<String>>,
}

/// What a step declares under one group.
#[derive(Default)]
struct Group<'a> {
    source: Option<LockedSource<'a>>,
    /// The text of the source.
    written: Option<&'a str>,
    requested: Vec<&'a str>,
    /// Whether only the compiler knows the key of a request, or the source.
    is_partly_unknown: bool,
}

impl<'a> BodyReads<'a> {
    pub fn of(
        declaration: &'a StepDeclaration,
        parameters: &'a [TypedParameter],
        generics: &'a [Ident],
        lock: Option<&'a SecretsLock>,
    ) -> Self {
        let mut groups: BTreeMap<&'a str, Group<'a>> = BTreeMap::new();
        // A step without any gets its sources at launch.
        let is_bare = declaration.sources.is_empty()
            && declaration.requests.is_empty()
            && parameters.is_empty();
        let mut is_closed = !is_bare;
        for draft in &declaration.sources {
            let Some(name) = draft.group_text() else {
                is_closed = false;
                continue;
            };
            let group = groups.entry(name).or_default();
            group.written = draft.id.known.as_deref();
            group.source = LockedSource::of_draft(draft);
            group.is_partly_unknown |= group.source.is_none();
        }
        for parameter in parameters {
            let known = parameter.source.known.as_deref();
            if known.is_some_and(|text| declaration.source_of_parameter(text).is_some()) {
                continue;
            }
            let Some(source) = lock_check::source_of(declaration, parameter) else {
                is_closed = false;
                continue;
            };
            let group = groups.entry(source.id()).or_default();
            group.written = known;
            group.source = Some(source);
        }
        for draft in &declaration.requests {
            let group = match &draft.group {
                Some(group) => group.known.as_deref(),
                None if draft.constant => None,
                None => Some(""),
            };
            let Some(group) = group else {
                is_closed = false;
                continue;
            };
            let group = groups.entry(group).or_default();
            match draft.key.as_ref().map(|key| key.known.as_deref()) {
                Some(Some(key)) => group.requested.push(key),
                Some(None) => group.is_partly_unknown = true,
                None => {}
            }
        }
        let mut reads = Self {
            lock,
            runtime: &declaration.runtime,
            generics,
            groups,
            is_closed,
            variables: None,
        };
        reads.variables = reads.variables(declaration);
        reads
    }

    /// Returns what to put before the literals of a call: a `compile_error!` for each mistake, or the check of a type.
    pub fn check(&self, call: &ContextCall) -> Insertions {
        let Some(first) = call.literal(0) else { return Vec::new() };
        if call.method == ReadMethod::Var {
            return self.check_variable(first).into_iter().collect();
        }
        let Some(group) = self.groups.get(first.text.as_str()) else {
            return self.undeclared(first).into_iter().collect();
        };
        match (call.method, call.literal(1)) {
            (ReadMethod::Get, Some(key)) => self.check_key(&first.text, group, key),
            (ReadMethod::GetAs, _) => self.check_type(group, first, call.ty.as_ref()),
            _ => None,
        }
        .into_iter()
        .collect()
    }

    fn undeclared(&self, group: &LiteralText) -> Option<(usize, TokenStream)> {
        if !self.is_closed {
            return None;
        }
        let message = format!("the step does not declare the group {:?}", group.text);
        let names: Vec<&str> = self.groups.keys().copied().collect();
        // The text of a source begins with its type, and its group does not.
        let is_of = |(name, declared): (&&'a str, &Group<'a>)| {
            (declared.written == Some(&group.text)).then_some(*name)
        };
        let near = self.groups.iter().find_map(is_of);
        if self.is_corrected_source(&group.text) || self.may_be_id(&group.text) {
            return None;
        }
        let near = near.or_else(|| closest(&group.text, names.iter().copied()));
        let near = near.map(|near| format!("did you mean {near:?}? ")).unwrap_or_default();
        let help = format!(
            "{near}it declares {}; add the secret to `sources` if the step needs it",
            quoted_list(&names)
        );
        Some((0, mistakes::error_at(&group.at, &message, &help)))
    }

    /// Whether this is the id of a source whose text begins with a type that only the settings know.
    fn may_be_id(&self, name: &str) -> bool {
        let is_of = |group: &Group<'_>| {
            let parts = group.written.and_then(|written| written.split_once('.'));
            parts.is_some_and(|(kind, id)| id == name && check_type(kind).is_none())
        };
        self.groups.values().any(is_of)
    }

    /// Whether the lock suggests this name for a source that is reported already.
    fn is_corrected_source(&self, name: &str) -> bool {
        let Some(lock) = self.lock else { return false };
        let sources = self.groups.values().filter_map(|group| group.source.as_ref());
        sources.filter_map(|source| source.gap(lock)).any(|gap| match gap {
            LockGap::Secret { near, .. } => near.as_deref() == Some(name),
            LockGap::Key { .. } => false,
        })
    }

    fn check_key(
        &self,
        name: &str,
        group: &Group<'_>,
        key: &LiteralText,
    ) -> Option<(usize, TokenStream)> {
        let lock = self.lock?;
        if group.is_partly_unknown || group.requested.contains(&key.text.as_str()) {
            return None;
        }
        let gap = match &group.source {
            Some(source) => source.key_gap(&key.text, lock)?,
            None => locked_key_gap(name, &key.text, lock)?,
        };
        Some((1, mistakes::error_at(&key.at, &gap.message(), &gap.help())))
    }

    /// Returns the check of the type of `get_as::<T>`, at the literal.
    fn check_type(
        &self,
        group: &Group<'_>,
        at: &LiteralText,
        ty: Option<&TokenStream>,
    ) -> Option<(usize, TokenStream)> {
        let source = group.source.as_ref().filter(|_| group.requested.is_empty())?;
        if group.is_partly_unknown {
            return None;
        }
        let ty: Type = syn::parse2(ty?.clone()).ok()?;
        let check = FieldCheck::new(&ty, self.generics)?;
        let keys = source.keys(self.lock?)?;
        Some((0, check.against(self.runtime, source.name(), &keys, &at.at)))
    }

    fn check_variable(&self, name: &LiteralText) -> Option<(usize, TokenStream)> {
        let variables = self.variables.as_ref()?;
        if variables.contains(&name.text) {
            return None;
        }
        let message = format!("no secret of this step has the variable {:?}", name.text);
        let near = closest(&name.text, variables.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean {near:?}? ")).unwrap_or_default();
        let known = match variables.as_slice() {
            [] => "there are no variables".to_owned(),
            variables => format!("the variables are {}", quoted_list(variables)),
        };
        let help = format!("{near}{known}; run `secrets lock` if it is new");
        Some((0, mistakes::error_at(&name.at, &message, &help)))
    }

    /// Returns the names of all variables; `None` if one cannot be known.
    fn variables(&self, declaration: &StepDeclaration) -> Option<Vec<String>> {
        let lock = self.lock.filter(|_| self.is_closed)?;
        let mut variables = Vec::new();
        for group in self.groups.values() {
            if let Some(source) = &group.source {
                let keys = source.keys(lock)?;
                variables.extend(keys.as_slice().iter().map(|key| VariableName::map(key)));
            } else if group.is_partly_unknown && group.written.is_some() {
                return None;
            }
        }
        for request in &declaration.requests {
            match (&request.env_var, request.mount_requirement) {
                (Some(name), _) => variables.push(name.known.clone()?),
                // Flyte's names have a prefix that the settings decide.
                (None, MountType::ENV_VAR) => return None,
                (None, _) => {}
            }
        }
        Some(variables)
    }
}
