//! Checks the literals with which a body reads its secrets, such as `current_context().secrets.get("prod-db", "user")`.
//!
//! A group that the step does not declare is a mistake in any case. With a `secrets.lock`, keys, variables and types are
//! compared too.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use secrets_spec::{
    LockGap, LockedSource, MountType, RequestDraft, SecretsLock, VariableName, check_type, closest,
    locked_key_gap, quoted_list,
};
use syn::Type;

use crate::{
    analyze::{declaration::StepDeclaration, field_check::FieldCheck, lock_check},
    call_site::CallSite,
    inferred_check::InferredCheck,
    mistakes,
    parse::{
        context_call::{ContextCall, Insertions, LiteralText, ReadMethod},
        typed_parameter::TypedParameter,
    },
    span::SourceSpan,
};

/// What the body of a step can read.
pub struct BodyReads<'a> {
    lock: Option<&'a SecretsLock>,
    location: &'a CallSite,
    runtime: &'a TokenStream,
    /// The generic parameters of the function.
    generics: &'a [Ident],
    groups: BTreeMap<&'a str, Group<'a>>,
    /// Whether every group is known, and the step cannot get sources at launch.
    is_closed: bool,
    requests: &'a [RequestDraft<SourceSpan>],
}

/// A mistake in a literal of a body.
struct ReadMistake<'l> {
    /// The index of the argument.
    argument: usize,
    at: &'l SourceSpan,
    message: String,
    help: String,
}

/// What a step declares under one group.
#[derive(Default)]
struct Group<'a> {
    source: Option<LockedSource<'a>>,
    /// The text of the source.
    written: Option<&'a str>,
    requested: Vec<&'a str>,
    /// Whether a request has no key.
    has_whole_request: bool,
    /// Whether only the compiler knows the key of a request, or the source.
    is_partly_unknown: bool,
}

impl<'a> BodyReads<'a> {
    pub fn of(
        declaration: &'a StepDeclaration,
        parameters: &'a [TypedParameter],
        generics: &'a [Ident],
        lock: Option<&'a SecretsLock>,
        location: &'a CallSite,
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
                None => group.has_whole_request = true,
            }
        }
        Self {
            lock,
            location,
            runtime: &declaration.runtime,
            generics,
            groups,
            is_closed,
            requests: &declaration.requests,
        }
    }

    /// Returns what to put before the literals of a call: a `compile_error!` for each mistake, or the check of a type.
    pub fn check(&self, call: &ContextCall) -> Insertions {
        let Some(first) = call.literal(0) else { return Vec::new() };
        let group = self.groups.get(first.text.as_str());
        let mistake = match (call.method, group, call.literal(1)) {
            (ReadMethod::Var, ..) => self.check_variable(first),
            (_, None, _) => self.undeclared(first),
            (ReadMethod::Get, Some(group), Some(key)) => self.check_key(&first.text, group, key),
            (ReadMethod::GetAs, Some(group), _) => {
                return self.check_type(group, first, call).into_iter().collect();
            }
            (ReadMethod::Get, Some(_), None) => None,
        };
        mistake.map(|mistake| (mistake.argument, self.report(&mistake, call))).into_iter().collect()
    }

    /// Returns the error of a mistake. If another function may have the name `current_context`, the compiler decides
    /// whether there is one.
    fn report(&self, mistake: &ReadMistake<'_>, call: &ContextCall) -> TokenStream {
        let ReadMistake { at, message, help, .. } = mistake;
        match self.context(call) {
            Some(value) if !*self.location.is_context_known => {
                let text = mistakes::text_of(message, help);
                let (runtime, name, bound) =
                    (self.runtime, "check_not_a_step", quote!(ContextOrigin));
                InferredCheck { runtime, name, bound, arguments: quote!(#text), value }.at(at)
            }
            _ => mistakes::error_at(at, message, help),
        }
    }

    /// Returns the value whose type says what `current_context` is; `None` if its path says so.
    fn context(&self, call: &ContextCall) -> Option<TokenStream> {
        let (name, runtime) = (call.name.as_ref()?, self.runtime);
        Some(quote!((&#runtime::__private::ContextProbe(&#name)).origin()))
    }

    fn undeclared<'l>(&self, group: &'l LiteralText) -> Option<ReadMistake<'l>> {
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
        Some(ReadMistake { argument: 0, at: &group.at, message, help })
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

    fn check_key<'l>(
        &self,
        name: &str,
        group: &Group<'_>,
        key: &'l LiteralText,
    ) -> Option<ReadMistake<'l>> {
        if group.is_partly_unknown || group.requested.contains(&key.text.as_str()) {
            return None;
        }
        if let Some(mistake) = self.unrequested(name, group, key) {
            return Some(mistake);
        }
        let lock = self.lock?;
        let gap = match &group.source {
            Some(source) => source.key_gap(&key.text, lock)?,
            None => locked_key_gap(name, &key.text, lock)?,
        };
        let (message, help) = (gap.message(), gap.help());
        Some(ReadMistake { argument: 1, at: &key.at, message, help })
    }

    /// Returns the mistake of a key that no request names, if all requests of the group are known. The lock says more of a
    /// key that the secret does not have.
    fn unrequested<'l>(
        &self,
        name: &str,
        group: &Group<'_>,
        key: &'l LiteralText,
    ) -> Option<ReadMistake<'l>> {
        let is_whole = group.source.is_some() || group.has_whole_request;
        let is_missing =
            self.lock.is_some_and(|lock| locked_key_gap(name, &key.text, lock).is_some());
        if is_whole || is_missing || !self.is_closed {
            return None;
        }
        let what = if name.is_empty() { String::new() } else { format!(" of the group {name:?}") };
        let message = format!("the step does not request the key {:?}{what}", key.text);
        let near = closest(&key.text, group.requested.iter().copied());
        let near = near.map(|near| format!("did you mean {near:?}? ")).unwrap_or_default();
        let help = format!(
            "{near}it requests {}; add a `Secret(..)` if the step needs it",
            quoted_list(&group.requested)
        );
        Some(ReadMistake { argument: 1, at: &key.at, message, help })
    }

    /// Returns the check of the type of `get_as::<T>`, at the literal.
    fn check_type(
        &self,
        group: &Group<'_>,
        at: &LiteralText,
        call: &ContextCall,
    ) -> Option<(usize, TokenStream)> {
        let source = group.source.as_ref().filter(|_| group.requested.is_empty())?;
        if group.is_partly_unknown {
            return None;
        }
        let ty: Type = syn::parse2(call.ty.clone()?).ok()?;
        let check = FieldCheck::new(&ty, self.generics)?;
        let keys = source.keys(self.lock?)?;
        let context = self.context(call);
        let secret = (source.name(), &keys);
        Some((0, check.against(self.runtime, secret, context.as_ref(), &at.at)))
    }

    fn check_variable<'l>(&self, name: &'l LiteralText) -> Option<ReadMistake<'l>> {
        let variables = self.variables()?;
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
        Some(ReadMistake { argument: 0, at: &name.at, message, help })
    }

    /// Returns the names of all variables; `None` if one cannot be known.
    fn variables(&self) -> Option<Vec<String>> {
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
        for request in self.requests {
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
