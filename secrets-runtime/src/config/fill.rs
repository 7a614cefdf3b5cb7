use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use secrets_spec::{BackendType, BuiltIn, Delimiters, Part, Source, SpecError, Template, check_id};

use crate::{
    config::{
        reference::Reference,
        tree::{NodeKind, Tree},
    },
    context::{freshness::Freshness, render, secrets::Secrets},
    core::{
        error::{Error, ErrorKind, Problem},
        escape,
        line_column::LineColumn,
        problem_list::ProblemList,
        secret_value::SecretValue,
    },
    declaration::Declaration,
    resolver::Resolver,
};

/// The tree of a configuration, with the references that its texts contain.
pub(super) struct ReferencedTree<'a> {
    pub tree: Tree,
    /// The text of the configuration, or `None` if it was read from a JSON value.
    source: Option<&'a str>,
    delimiters: Delimiters,
    /// The origin of a problem that is not inside a text of its own.
    whole: &'static str,
    references: Vec<TextReference>,
}

struct TextReference {
    part: Part,
    /// The path of the text in the configuration.
    place: String,
    /// The position in the source.
    at: usize,
}

impl TextReference {
    fn name_and_key(&self) -> (&str, &str) {
        match &self.part {
            Part::Reference { name, key, .. } => (name, key),
            Part::Literal(_) => ("", ""),
        }
    }
}

impl<'a> ReferencedTree<'a> {
    /// Finds the references.
    ///
    /// # Errors
    /// Every text that looks like a reference but does not parse.
    pub(super) fn of(
        tree: Tree,
        source: Option<&'a str>,
        delimiters: Delimiters,
        whole: &'static str,
    ) -> Result<Self, Error> {
        let mut filling = Self { tree, source, delimiters, whole, references: Vec::new() };
        let mut problems = ProblemList::default();
        let mut references = Vec::new();
        filling.find(&filling.tree, "", &mut references, &mut problems);
        problems.into_result()?;
        filling.references = references;
        Ok(filling)
    }

    /// Returns the references, in order.
    pub(super) fn references(&self) -> Vec<Reference> {
        let reference = |reference: &TextReference| {
            let (name, key) = reference.name_and_key();
            let place = reference.place.clone();
            Reference { name: name.to_owned(), key: key.to_owned(), place }
        };
        self.references.iter().map(reference).collect()
    }

    /// Adds the secrets that the references name, each once, with their keys. A name that is not valid without a type
    /// may be valid in the backend `kind`.
    ///
    /// # Errors
    /// Every name that does not parse.
    pub(super) fn declare(
        &self,
        declaration: &mut Declaration,
        kind: Option<&str>,
    ) -> Result<(), Error> {
        let mut problems = ProblemList::default();
        let mut keys: HashSet<_> = declaration.keys.iter().cloned().collect();
        let mut groups: HashSet<_> =
            declaration.sources.iter().map(|source| source.group().to_owned()).collect();
        for reference in &self.references {
            let (name, key) = reference.name_and_key();
            if !problems.has_room() {
                break;
            }
            let key = (name.to_owned(), key.to_owned());
            if keys.insert(key.clone()) {
                declaration.keys.push(key);
            }
            if groups.contains(name) {
                continue;
            }
            match source(name, kind) {
                Ok(source) => {
                    groups.insert(source.group().to_owned());
                    declaration.sources.push(source);
                }
                Err(error) => {
                    let problem = render::misread(&error);
                    problems.push(
                        self.placed(problem, reference.at)
                            .with_origin(self.origin(&reference.place)),
                    );
                }
            }
        }
        problems.into_result()
    }

    /// Removes all but the sources to which a reference refers, and the step's name: this is another call.
    pub(super) fn retain(&self, declaration: &mut Declaration) {
        let names: HashSet<_> = self.references.iter().map(|it| it.name_and_key().0).collect();
        declaration.sources.retain(|source| names.contains(source.group()));
        declaration.requests.clear();
        declaration.keys.clear();
        declaration.step = None;
    }

    /// Resolves the secrets that the references name, as [`declare`](Self::declare) declares them. Without references there is nothing to resolve, and sources
    /// attached at launch do not count.
    ///
    /// # Errors
    /// Every error of resolving, and every reference to a field that does not exist.
    pub(super) async fn resolve(
        &self,
        resolver: &Resolver,
        kind: Option<&str>,
    ) -> Result<Option<Secrets>, Error> {
        self.resolve_beside(Declaration::empty(None), resolver, kind).await
    }

    /// Resolves as [`resolve`](Self::resolve) does, with the sources of a declaration as well: a reference names the group
    /// of one of them, or else a secret. A source to which no reference refers is not resolved.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub(super) async fn resolve_beside(
        &self,
        mut declaration: Declaration,
        resolver: &Resolver,
        kind: Option<&str>,
    ) -> Result<Option<Secrets>, Error> {
        self.retain(&mut declaration);
        self.declare(&mut declaration, kind)?;
        if declaration.is_empty() {
            return Ok(None);
        }
        let (found, unresolved) = match resolver.fetch(&declaration, Freshness::Unexpired).await {
            Ok((found, _)) => (found, Vec::new()),
            Err(partial) => match partial.found {
                Some(found) => (found, partial.error.into_problems()),
                None => return Err(partial.error),
            },
        };
        let secrets = Secrets::new(found);
        self.check_fillable(&secrets, unresolved).map(|()| Some(secrets))
    }

    /// Returns an error if there are problems of resolving, or if a reference cannot be filled in.
    fn check_fillable(&self, secrets: &Secrets, unresolved: Vec<Problem>) -> Result<(), Error> {
        let names: HashSet<&str> =
            self.references.iter().map(|reference| reference.name_and_key().0).collect();
        let mut problems = ProblemList::default();
        // The problems of each secret are reported once, at the first reference to it.
        let mut failed: HashMap<String, Vec<Problem>> = HashMap::new();
        for problem in unresolved {
            match names.contains(problem.origin()) {
                true => failed.entry(problem.origin().to_owned()).or_default().push(problem),
                false => problems.push(problem),
            }
        }
        let mut unfillable = Vec::new();
        let mut reported = HashSet::new();
        for (index, reference) in self.references.iter().enumerate() {
            let name = reference.name_and_key().0;
            if let Some(failed) = failed.get(name)
                && reported.insert(name)
            {
                let shown = self.written(reference);
                let told = |problem| render::of_reference(problem, &shown, None);
                unfillable.push((index, failed.iter().map(told).collect()));
            }
        }
        // A field that is missing is reported once for each text that refers to it.
        let mut start = 0;
        for text in self.references.chunk_by(|one, next| one.place == next.place) {
            if unfillable.len() >= ProblemList::MAX {
                break;
            }
            let parts =
                text.iter().enumerate().map(|(index, reference)| (start + index, reference));
            let parts =
                parts.filter(|(_, reference)| !failed.contains_key(reference.name_and_key().0));
            let parts = parts.map(|(index, reference)| (index, &reference.part));
            unfillable.extend(secrets.unfillable_parts(parts, &self.delimiters));
            start += text.len();
        }
        unfillable.sort_by_key(|(index, _)| *index);
        for (index, found) in unfillable {
            let Some(reference) = self.references.get(index) else { continue };
            // The place of each problem is searched for in the whole text.
            if !problems.has_room() {
                break;
            }
            let name = reference.name_and_key().0;
            for problem in found {
                let problem = self.placed(self.with_hint(problem, reference), reference.at);
                // A document has one place, itself, and the secret says more.
                let origin = self.origin(&reference.place);
                problems.push(match failed.contains_key(name) || origin.is_empty() {
                    true => problem,
                    false => problem.with_origin(origin),
                });
            }
        }
        problems.into_result()
    }

    /// Returns the configuration with its references filled in.
    ///
    /// # Errors
    /// A reference that cannot be filled in.
    pub(super) fn with(mut self, secrets: Option<&Secrets>) -> Result<Tree, Error> {
        fill(&mut self.tree, &self.delimiters, secrets)?;
        Ok(self.tree)
    }

    fn find(
        &self,
        tree: &Tree,
        place: &str,
        references: &mut Vec<TextReference>,
        problems: &mut ProblemList,
    ) {
        if !problems.has_room() {
            return;
        }
        match &tree.kind {
            NodeKind::Text(text) => self.find_in_text(text, &tree.at, place, references, problems),
            NodeKind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.find(item, &format!("{place}[{index}]"), references, problems);
                }
            }
            NodeKind::Map(members) => {
                for (name, member) in members {
                    self.find(member, &below(place, name), references, problems);
                }
            }
            _ => {}
        }
    }

    fn find_in_text(
        &self,
        text: &str,
        at: &Range<usize>,
        place: &str,
        references: &mut Vec<TextReference>,
        problems: &mut ProblemList,
    ) {
        if !text.contains(self.delimiters.open()) {
            return;
        }
        // A text with escapes is not found in the source. The position of the whole text is reported then.
        let mut written = at.start;
        let mut position = |wanted: &str| {
            let rest = self.source.and_then(|source| source.get(written..at.end));
            match rest.and_then(|rest| rest.find(wanted)) {
                Some(found) => {
                    let start = written + found;
                    written = start + wanted.len();
                    start
                }
                None => at.start,
            }
        };
        match render::parse(text, &self.delimiters) {
            Ok(template) => {
                for (range, part) in template.placed_parts() {
                    if let Part::Reference { .. } = part {
                        let wanted = text.get(range).unwrap_or_default();
                        let (part, place) = (part.clone(), place.to_owned());
                        references.push(TextReference { part, place, at: position(wanted) });
                    }
                }
            }
            Err(errors) => {
                for error in errors {
                    let wrong = text.get(error.range()).unwrap_or_default();
                    let problem = self.placed(render::misread(&error), position(wrong));
                    problems.push(problem.with_origin(self.origin(place)));
                }
            }
        }
    }

    fn placed(&self, problem: Problem, byte: usize) -> Problem {
        match self.source {
            Some(source) => problem.at(LineColumn::of(source, byte)),
            None => problem,
        }
    }

    fn origin<'p>(&self, place: &'p str) -> &'p str {
        if place.is_empty() { self.whole } else { place }
    }

    fn written(&self, reference: &TextReference) -> String {
        let (name, key) = reference.name_and_key();
        self.delimiters.applied_to(&format!("{{{{{name}.{key}}}}}"))
    }

    /// Adds to the help what else a reference may have meant.
    fn with_hint(&self, problem: Problem, reference: &TextReference) -> Problem {
        if !matches!(problem.kind(), ErrorKind::NotFound | ErrorKind::KeyNotFound) {
            return problem;
        }
        let (name, key) = reference.name_and_key();
        let mut help: Vec<String> = problem.help().map(str::to_owned).into_iter().collect();
        help.extend(alias(name, key).map(|alias| self.delimiters.applied_to(&alias)));
        help.push(self.delimiters.applied_to("a literal `{{` is written \\{{"));
        problem.with_help(help.join("; "))
    }
}

/// Returns what to write if the secret's name has a dot, or if the name is a backend type: an alias.
fn alias(name: &str, key: &str) -> Option<String> {
    let kind = BuiltIn::parse(name).map(BuiltIn::name);
    let (id, field) = match (kind, key.rsplit_once('.'), key.split_once('.')) {
        (Some(_), Some((id, field)), _) => (id.to_owned(), Some(field)),
        (Some(_), None, _) => (key.to_owned(), None),
        (None, _, Some((rest, field))) => (format!("{name}.{rest}"), Some(field)),
        (None, _, None) => return None,
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let alias: String = id.chars().map(plain).collect();
    let field = field.map_or_else(|| alias.replace('-', "_"), str::to_owned);
    let kind = kind.map(|kind| format!("type = \"{kind}\", ")).unwrap_or_default();
    let (id, field) = (escape::escape_name(&id), escape::escape_name(&field));
    Some(format!(
        "the name of a secret ends at the first dot: a secret such as `{id}` needs an alias, which is \
         {alias} = {{ {kind}id = \"{id}\" }} under [sources] in secrets.toml, and {{{{{alias}.{field}}}}} here"
    ))
}

/// Returns the source of a name. A name that is not valid without a type may be valid in the backend `kind`.
fn source(name: &str, kind: Option<&str>) -> Result<Source, SpecError> {
    let parsed = Source::parse(name);
    let Some(kind) = kind.filter(|kind| parsed.is_err() && check_id(Some(kind), name).is_none())
    else {
        return parsed;
    };
    BackendType::parse(kind).map_or(parsed, |kind| Ok(Source::new(kind, name)))
}

fn fill(tree: &mut Tree, delimiters: &Delimiters, secrets: Option<&Secrets>) -> Result<(), Error> {
    match &mut tree.kind {
        NodeKind::Text(text) if text.contains(delimiters.open()) => {
            let template = render::parse(text, delimiters).map_err(|errors| {
                Error::from_problems(errors.iter().map(render::misread).collect())
            })?;
            tree.kind = NodeKind::Filled(filled(&template, secrets)?);
        }
        NodeKind::List(items) => {
            for item in items {
                fill(item, delimiters, secrets)?;
            }
        }
        NodeKind::Map(members) => {
            for (_, member) in members {
                fill(member, delimiters, secrets)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Returns a template filled in. `secrets` is `None` if it has no references.
pub(super) fn filled(template: &Template, secrets: Option<&Secrets>) -> Result<SecretValue, Error> {
    let literal = |part: &Part| match part {
        Part::Literal(text) => text.clone(),
        Part::Reference { .. } => String::new(),
    };
    match secrets {
        Some(secrets) => secrets.fill(template),
        None => Ok(SecretValue::from(template.parts().iter().map(literal).collect::<String>())),
    }
}

fn below(place: &str, name: &str) -> String {
    let name = escape::escape_name(name);
    if place.is_empty() { name } else { format!("{place}.{name}") }
}
