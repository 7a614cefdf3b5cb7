use proc_macro2::{Span, TokenStream};
use quote::quote;
use secrets_spec::{
    BuiltIn, FieldName, Flaw, GuardMode, Node, RequestDraft, SourceDraft, TextNode, Value,
    check_alias, check_key_of_type, check_role, check_role_of_type, check_source, closest,
    read_flag, read_requests, read_sources, read_text,
};

use crate::{
    mistakes::Mistakes,
    parse::{attribute_args::AttributeArgs, typed_parameter::TypedParameter},
    runtime_crate::RuntimeCrate,
    span::SourceSpan,
};

/// The meaning of a step's attributes.
pub struct StepDeclaration {
    /// The path to the runtime crate.
    pub runtime: TokenStream,
    pub sources: Vec<SourceDraft<SourceSpan>>,
    pub requests: Vec<RequestDraft<SourceSpan>>,
    pub role: Option<TextNode<SourceSpan>>,
    /// Whether the role goes only to backends of the user.
    has_free_role: bool,
    pub allow_override: bool,
    /// The span of `export = "process"`, if it is set.
    pub export_process: Option<SourceSpan>,
    /// The path in `refresh_on`.
    pub refresh_on: Option<TokenStream>,
    /// The span of `output = "serialize"`, if it is set.
    pub serialize: Option<SourceSpan>,
    pub guard: Option<GuardMode>,
    /// The span of a `guard` that searches results.
    pub guard_at: Option<SourceSpan>,
}

impl StepDeclaration {
    /// Reads the arguments, and reports every mistake in them and in the sources of the parameters.
    pub fn read(
        args: &AttributeArgs,
        parameters: &[TypedParameter],
        report: &mut Mistakes,
    ) -> Self {
        let runtime = read_crate(args, report);
        let mut sources = match args.get("sources") {
            Some((_, node)) => report.collect(|out| read_sources(node, out)),
            None => Vec::new(),
        };
        sources.extend(parameters.iter().filter_map(|parameter| parameter.declared.clone()));
        let requests = match args.get("secret_requests") {
            Some((_, node)) => report.collect(|out| read_requests(node, out)),
            None => Vec::new(),
        };
        // The role may be any text if it goes only to backends of the user.
        let has_free_role =
            requests.is_empty() && parameters.is_empty() && are_types_of_the_user(&sources);
        let check = if has_free_role { check_role_of_user } else { check_role };
        let role = args
            .get("role")
            .and_then(|(name, node)| report.collect(|out| read_text(name, node, check, out)));
        let mut declaration = Self {
            runtime,
            sources,
            requests,
            role,
            has_free_role,
            allow_override: args.get("allow_override").is_some_and(|(name, node)| {
                report.collect(|out| read_flag(name, node, out)) == Some(true)
            }),
            export_process: args
                .get("export")
                .filter(|argument| {
                    read_word(argument, &["none", "process"], report) == Some("process")
                })
                .map(|(_, node)| node.at.clone()),
            refresh_on: args.get("refresh_on").and_then(|(_, node)| node.at.path.clone()),
            serialize: args
                .get("output")
                .filter(|argument| read_word(argument, &["serialize"], report).is_some())
                .map(|(_, node)| node.at.clone()),
            guard_at: None,
            guard: args.get("guard").and_then(|argument| {
                let words = GuardMode::ALL.iter().rev().map(|mode| mode.as_str());
                let words: Vec<_> = words.collect();
                GuardMode::parse(read_word(argument, &words, report)?)
            }),
        };
        if declaration.guard.is_some_and(|mode| mode != GuardMode::Off) {
            declaration.guard_at = args.get("guard").map(|(_, node)| node.at.clone());
        }
        declaration.check_parameters(parameters, report);
        declaration.check_groups(parameters, report);
        declaration
    }

    /// Returns the name of the check of the step's role, if only the compiler knows the role.
    pub fn role_check(&self) -> &'static str {
        if self.has_free_role { "check_any_role" } else { "check_role" }
    }

    /// Whether this text of a typed parameter refers to the source, by id or group, and does not declare another one.
    fn refers_to(source: &SourceDraft<SourceSpan>, text: &str) -> bool {
        source.id.known.as_deref() == Some(text) || source.group_text() == Some(text)
    }

    /// Returns the source to which the text of a typed parameter refers.
    pub fn source_of_parameter(&self, text: &str) -> Option<&SourceDraft<SourceSpan>> {
        self.sources.iter().find(|source| Self::refers_to(source, text))
    }

    /// Whether only the compiler knows the group of one of the sources.
    pub fn has_unknown_group(&self) -> bool {
        self.sources.iter().any(has_unknown_group)
    }

    fn declares(&self, text: &str) -> bool {
        self.source_of_parameter(text).is_some()
    }

    /// Returns the built-in type of the source that a typed parameter reads, if it says one.
    fn type_of(&self, parameter: &TypedParameter) -> Option<BuiltIn> {
        let text = parameter.source.known.as_deref()?;
        match self.source_of_parameter(text) {
            Some(source) if source.with_fields => {
                BuiltIn::parse(source.backend.as_ref()?.known.as_deref()?)
            }
            Some(source) => check_source(source.id.known.as_deref()?).ok()?.built_in,
            None => check_source(text).ok()?.built_in,
        }
    }

    fn check_parameters(&self, parameters: &[TypedParameter], report: &mut Mistakes) {
        let any_group = self.has_unknown_group();
        for parameter in parameters {
            if let Some(source) = &parameter.source.known
                && !self.declares(source)
                && let Err(flaw) = check_source(source)
                && (!any_group || check_alias(source).is_some())
            {
                let error = flaw.explain(source);
                let help = error.help().unwrap_or_default();
                report.add(parameter.source.at.clone(), error.message(), help);
            }
            if let Some(key) = &parameter.key
                && let Some(known) = &key.known
                && let Some(flaw) = check_key_of_type(self.type_of(parameter), known)
            {
                let error = flaw.explain(known);
                report.add(key.at.clone(), error.message(), error.help().unwrap_or_default());
            }
        }
    }

    /// Reports sources that have the same group, since the body could not distinguish them.
    fn check_groups(&self, parameters: &[TypedParameter], report: &mut Mistakes) {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for source in &self.sources {
            let Some(group) = source.group_text() else { continue };
            let id = source.id.known.as_deref().unwrap_or_default();
            if let Some((_, other)) = seen.iter().find(|(other, _)| *other == group) {
                report.add(
                    source.at.clone(),
                    shared_group_message(group, *other == id),
                    SHARED_GROUP_HELP,
                );
            }
            seen.push((group, id));
        }
        for parameter in parameters {
            let Some(text) = parameter.source.known.as_deref() else { continue };
            let Ok(layout) = check_source(text) else { continue };
            let group = &text[layout.id..];
            if self.declares(text) || seen.contains(&(group, text)) {
                continue;
            }
            if seen.iter().any(|(other, _)| *other == group) {
                report.add(
                    parameter.source.at.clone(),
                    shared_group_message(group, false),
                    SHARED_GROUP_HELP,
                );
            }
            seen.push((group, text));
        }
    }
}

/// Whether there are sources, and each has a type that is not built in.
fn are_types_of_the_user(sources: &[SourceDraft<SourceSpan>]) -> bool {
    let is_users = |source: &SourceDraft<SourceSpan>| {
        let backend = source.backend.as_ref().and_then(|backend| backend.known.as_deref());
        backend.is_some_and(|backend| BuiltIn::parse(backend).is_none())
    };
    !sources.is_empty() && sources.iter().all(is_users)
}

fn check_role_of_user(text: &str) -> Option<Flaw> {
    // Every type that is not built in has this grammar.
    check_role_of_type(Some("user"), text)
}

/// Whether the group of a source is a constant, which only the compiler knows.
pub fn has_unknown_group(source: &SourceDraft<SourceSpan>) -> bool {
    source.group.as_ref().unwrap_or(&source.id).known.is_none()
}

const SHARED_GROUP_HELP: &str =
    "remove one of the two, or give one a name of its own: { id = \"..\", group = \"..\" }";

fn shared_group_message(group: &str, same: bool) -> String {
    if same {
        format!("the source {group:?} is given twice")
    } else {
        format!("two sources have the group {group:?}")
    }
}

fn read_crate(args: &AttributeArgs, report: &mut Mistakes) -> TokenStream {
    match args.get("crate") {
        Some((_, Node { at: SourceSpan { path: Some(path), .. }, .. })) => return path.clone(),
        Some((_, Node { value: Value::Broken, .. })) | None => {}
        Some((_, Node { value: Value::Text(text), at })) => {
            report.add(
                at.clone(),
                "`crate` is a path, not a text",
                format!("write crate = {text}"),
            );
        }
        Some((_, node)) => {
            let message = format!("`crate` is a path, not {}", node.value.describe());
            report.add(node.at.clone(), message, "write crate = path::to::secrets_runtime");
        }
    }
    RuntimeCrate::of_compiler().path().unwrap_or_else(|| {
        let message = "this package does not depend on `secrets-runtime`";
        let help = "write the path through another crate, such as crate = facade::secrets_runtime, or add the dependency";
        report.add(SourceSpan::of(Span::call_site()), message, help);
        quote!(::secrets_runtime)
    })
}

/// Reads an argument that must be one of these words in quotes.
fn read_word<'a>(
    (name, node): &(FieldName<SourceSpan>, Node<SourceSpan>),
    words: &[&'a str],
    report: &mut Mistakes,
) -> Option<&'a str> {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    let choice = quoted.join(" or ");
    let written = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Broken => return None,
        _ => node.at.path.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    let known = words.iter().copied().find(|word| *word == written);
    if let (Value::Text(_), Some(word)) = (&node.value, known) {
        return Some(word);
    }
    let message = match &node.value {
        Value::Text(text) => format!("`{}` is {choice}, not {text:?}", name.text),
        other => format!("`{}` is {choice} in quotes, not {}", name.text, other.describe()),
    };
    let help = match known.or_else(|| closest(&written, words.iter().copied())) {
        Some(better) => format!("write {} = {better:?}", name.text),
        None => format!("write {} = {}", name.text, quoted.last().map_or("", String::as_str)),
    };
    report.add(node.at.clone(), message, help);
    None
}
