use std::{collections::HashSet, ops::Range};

use secrets_spec::Template;

use crate::{
    config::{
        reference::Reference,
        tree::{NodeKind, Tree},
    },
    context::secrets::Secrets,
    core::{
        error::{Error, ErrorKind, Problem},
        escape,
        line_column::LineColumn,
    },
    declaration::Declaration,
};

/// The most problems that are reported at once, since each one's position is searched for in the whole text.
const MAX_PROBLEMS: usize = 100;

/// A configuration whose references are known.
pub(super) struct Filling<'a> {
    tree: Tree,
    source: Source<'a>,
    references: Vec<Found>,
}

/// The text of a configuration, or `None` if it was read from a JSON value.
type Source<'a> = Option<&'a str>;

struct Found {
    reference: Reference,
    at: Range<usize>,
}

impl<'a> Filling<'a> {
    /// Finds the references.
    ///
    /// # Errors
    /// Every text that looks like a reference but does not parse.
    pub(super) fn of(tree: Tree, source: Source<'a>) -> Result<Self, Error> {
        let mut finder = Finder { source, references: Vec::new(), problems: Vec::new() };
        finder.visit(&tree, "");
        if finder.problems.is_empty() {
            return Ok(Self { tree, source, references: finder.references });
        }
        Err(several(finder.problems))
    }

    /// Returns the references, in order.
    pub(super) fn references(&self) -> Vec<Reference> {
        self.references.iter().map(|found| found.reference.clone()).collect()
    }

    /// Adds the secrets that the references name, each once, with their keys.
    ///
    /// # Errors
    /// Every name that does not parse.
    pub(super) fn declare(&self, declaration: &mut Declaration) -> Result<(), Error> {
        let mut problems = Vec::new();
        let mut keys: HashSet<_> = declaration.keys.iter().cloned().collect();
        let mut groups: HashSet<_> =
            declaration.sources.iter().map(|source| source.group().to_owned()).collect();
        for Found { reference, at } in &self.references {
            if problems.len() >= MAX_PROBLEMS {
                break;
            }
            let key = (reference.name.clone(), reference.key.clone());
            if keys.insert(key.clone()) {
                declaration.keys.push(key);
            }
            if groups.contains(&reference.name) {
                continue;
            }
            match secrets_spec::Source::parse(&reference.name) {
                Ok(source) => {
                    groups.insert(source.group().to_owned());
                    declaration.sources.push(source);
                }
                Err(error) => {
                    let problem =
                        placed(ErrorKind::InvalidSource, self.source, at.start, error.message());
                    let problem = problem.with_origin(shown(&reference.place));
                    problems.push(match error.help() {
                        Some(help) => problem.with_help(help),
                        None => problem,
                    });
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(several(problems)) }
    }

    /// Returns the configuration with its references filled in.
    ///
    /// # Errors
    /// Every reference to a field that does not exist.
    pub(super) fn with(self, secrets: &Secrets) -> Result<Tree, Error> {
        self.filled(|text| secrets.render(text))
    }

    /// Returns a configuration that has no references, with `\{{` replaced by `{{`.
    pub(super) fn literal(self) -> Result<Tree, Error> {
        self.filled(|text| Ok(text.replace("\\{{", "{{").into()))
    }

    fn filled(
        mut self,
        render: impl Fn(&str) -> Result<crate::core::secret_value::SecretValue, Error>,
    ) -> Result<Tree, Error> {
        let mut problems = Vec::new();
        fill(&mut self.tree, self.source, "", &render, &mut problems);
        if problems.is_empty() { Ok(self.tree) } else { Err(several(problems)) }
    }
}

struct Finder<'a> {
    source: Source<'a>,
    references: Vec<Found>,
    problems: Vec<Problem>,
}

impl Finder<'_> {
    fn visit(&mut self, tree: &Tree, place: &str) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        match &tree.kind {
            NodeKind::Text(text) => self.text(text, &tree.at, place),
            NodeKind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.visit(item, &format!("{place}[{index}]"));
                }
            }
            NodeKind::Map(members) => {
                for (name, member) in members {
                    self.visit(member, &below(place, name));
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, at: &Range<usize>, place: &str) {
        let mut start = 0;
        // The position in the source of the rest of the text.
        let mut written = at.start;
        loop {
            match Template::parse(&text[start..]) {
                Ok(template) => {
                    self.references.extend(template.references().map(|(name, key)| Found {
                        reference: Reference {
                            name: name.to_owned(),
                            key: key.to_owned(),
                            place: place.to_owned(),
                        },
                        at: at.clone(),
                    }));
                    return;
                }
                Err(error) => {
                    let wrong = &text[start + error.range().start..start + error.range().end];
                    // A text with escapes is not found in the source. The position of the whole text is
                    // reported then.
                    let rest = self.source.and_then(|source| source.get(written..at.end));
                    if let Some(found) = rest.and_then(|rest| rest.find(wrong)) {
                        written += found;
                    }
                    let problem =
                        placed(ErrorKind::InvalidSource, self.source, written, error.message());
                    written += wrong.len();
                    let problem = problem.with_origin(shown(place));
                    self.problems.push(match error.help() {
                        Some(help) => problem.with_help(help),
                        None => problem,
                    });
                    // Continues after the invalid reference.
                    start += error.range().end;
                    if self.problems.len() >= MAX_PROBLEMS {
                        return;
                    }
                }
            }
        }
    }
}

fn fill(
    tree: &mut Tree,
    source: Source<'_>,
    place: &str,
    render: &impl Fn(&str) -> Result<crate::core::secret_value::SecretValue, Error>,
    problems: &mut Vec<Problem>,
) {
    if problems.len() >= MAX_PROBLEMS {
        return;
    }
    let at = tree.at.start;
    match &mut tree.kind {
        NodeKind::Text(text) if text.contains("{{") => match render(text) {
            Ok(value) => tree.kind = NodeKind::Filled(value),
            Err(error) => {
                problems.extend(error.problems().iter().take(MAX_PROBLEMS).map(|problem| {
                    let told = placed(problem.kind(), source, at, problem.message());
                    let told = told.with_origin(shown(place)).in_backend(problem.backend());
                    match problem.help() {
                        Some(help) => told.with_help(help),
                        None => told,
                    }
                }))
            }
        },
        NodeKind::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                fill(item, source, &format!("{place}[{index}]"), render, problems);
            }
        }
        NodeKind::Map(members) => {
            for (name, member) in members {
                fill(member, source, &below(place, name), render, problems);
            }
        }
        _ => {}
    }
}

/// Returns an error with the first problems, and a note if there may be more.
fn several(mut problems: Vec<Problem>) -> Error {
    if problems.len() >= MAX_PROBLEMS {
        problems.truncate(MAX_PROBLEMS);
        let message = format!("there may be more than these {MAX_PROBLEMS} problems");
        let more = Problem::new(problems[0].kind(), message).with_origin("the configuration");
        problems.push(more.with_help("mend these first"));
    }
    Error::from_problems(problems)
}

fn below(place: &str, name: &str) -> String {
    let name = escape::escape_name(name);
    if place.is_empty() { name } else { format!("{place}.{name}") }
}

fn shown(place: &str) -> &str {
    if place.is_empty() { "the configuration" } else { place }
}

fn placed(kind: ErrorKind, source: Source<'_>, byte: usize, message: &str) -> Problem {
    match source {
        Some(source) => Problem::new(kind, format!("{}: {message}", LineColumn::of(source, byte))),
        None => Problem::new(kind, message),
    }
}
