//! Templates: texts with references to secrets, filled in.

#[cfg(test)]
mod tests;

use secrets_spec::{Filter, Part, SpecError, Template};
use zeroize::Zeroizing;

use crate::{
    context::secrets::Secrets,
    core::{
        error::{Error, ErrorKind, Problem},
        escape,
        line_column::LineColumn,
        secret_value::SecretValue,
    },
};

impl Secrets {
    /// Fills in a text with references. `{{group.key}}`, anywhere in the text, is replaced by the field that
    /// [`get(group, key)`](Secrets::get) reads.
    ///
    /// A filter says how the value is written:
    ///
    /// - `{{db.password | url}}` percent-encodes everything but RFC 3986's unreserved characters.
    /// - `{{db.password | json}}` writes a JSON string with its quotes.
    /// - `{{db.password | shell}}` writes one word of a POSIX shell.
    /// - Without a filter the value is written as it is.
    ///
    /// `\{{` is a literal `{{`.
    ///
    /// The group of a reference ends at its *first* dot: `{{prod.db.user}}` is the key `db.user` of the group
    /// `prod`. To refer to a secret whose group has a dot, for example an ARN, declare it with another group:
    /// `{ id = "prod.db", group = "db" }`.
    ///
    /// The result is a secret value itself: it is wiped like any other, and no copy of it or of a value is
    /// left behind.
    ///
    /// ```
    /// use secrets_runtime::{Error, current_context, secrets, testing};
    ///
    /// #[secrets(sources = ["db"])]
    /// fn step() -> Result<(), Error> {
    ///     let secrets = current_context().secrets;
    ///     let url = secrets.render("postgres://{{db.user}}:{{db.password | url}}@localhost")?;
    ///     assert_eq!(url.expose_str()?, "postgres://app:a%2Fb@localhost");
    ///     Ok(())
    /// }
    ///
    /// testing::with_secrets([("db", "user", "app"), ("db", "password", "a/b")], step)?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// All of these are reported at once:
    ///
    /// - [`ErrorKind::InvalidSource`] for each reference that does not parse, with its line and column.
    /// - If all of them parse: the error of [`Secrets::get`] for each reference to something undeclared or
    ///   missing, [`ErrorKind::Undecodable`] for each binary value, and [`ErrorKind::InvalidValue`] for a NUL
    ///   in a word of a shell.
    pub fn render(&self, template: &str) -> Result<SecretValue, Error> {
        let failed = |problems| Error::from_problems(problems).in_step(self.step());
        let template = parse(template).map_err(failed)?;
        let pieces = self.pieces(&template).map_err(failed)?;
        // The buffer never grows: growing would leave a copy that is not wiped.
        let longest = pieces.iter().map(Piece::longest).sum();
        let mut text = Zeroizing::new(String::with_capacity(longest));
        for piece in pieces {
            piece.write(&mut text);
        }
        debug_assert!(text.len() <= longest, "the text fits");
        Ok(SecretValue::from(std::mem::take(&mut *text)))
    }

    fn pieces<'a>(&'a self, template: &'a Template) -> Result<Vec<Piece<'a>>, Vec<Problem>> {
        let mut pieces = Vec::new();
        let mut problems: Vec<Problem> = Vec::new();
        for part in template.parts() {
            let piece = match part {
                Part::Literal(text) => Ok(Piece { text, filter: None }),
                Part::Reference { name, key, filter } => self.piece(name, key, *filter),
            };
            match piece {
                Ok(piece) => pieces.push(piece),
                Err(found) => {
                    let known = |p: &Problem| problems.iter().any(|k| k.message() == p.message());
                    let new: Vec<_> = found.into_iter().filter(|p| !known(p)).collect();
                    problems.extend(new);
                }
            }
        }
        if problems.is_empty() { Ok(pieces) } else { Err(problems) }
    }

    fn piece(
        &self,
        group: &str,
        key: &str,
        filter: Option<Filter>,
    ) -> Result<Piece<'_>, Vec<Problem>> {
        let reference = format!("{{{{{group}.{key}}}}}");
        let unfit = |kind, message: &str, help: &str| {
            let message = format!("the value of {reference} {message}");
            Err(vec![
                Problem::new(kind, message).with_origin(format!("{group}/{key}")).with_help(help),
            ])
        };
        let field = match self.field(group, key) {
            Ok(field) => field,
            Err(error) => {
                let dotted = self.group_that_starts_with(group);
                let of_reference = |problem: &Problem| of_reference(problem, &reference, dotted);
                return Err(error.problems().iter().map(of_reference).collect());
            }
        };
        if field.binary {
            let help =
                "a template is text: use the bytes of `get(group, key)`, or `file(group, key)`";
            return unfit(ErrorKind::Undecodable, "is binary", help);
        }
        // The template asks for the value here.
        let text = field.value.expose_str().map_err(Error::into_problems)?;
        if filter == Some(Filter::Shell) && text.contains('\0') {
            let help = "use it without the filter, or by `get(group, key)`";
            return unfit(ErrorKind::InvalidValue, "holds a NUL, which no word can", help);
        }
        Ok(Piece { text, filter })
    }

    /// Returns a declared group that a reference cannot name because it contains a dot.
    fn group_that_starts_with(&self, group: &str) -> Option<&str> {
        let dotted =
            |name: &&str| name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'));
        self.shared().order.iter().map(|name| &**name).find(dotted)
    }
}

/// Parses a template. Every reference that does not parse is a problem.
fn parse(text: &str) -> Result<Template, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut start = 0;
    loop {
        match Template::parse(&text[start..]) {
            Ok(template) if problems.is_empty() => return Ok(template),
            Ok(_) => return Err(problems),
            Err(error) => {
                problems.push(misread(&error, text, start));
                // Continues after the invalid reference.
                start += error.range().end;
            }
        }
    }
}

fn misread(error: &SpecError, text: &str, start: usize) -> Problem {
    let LineColumn { line, column } = LineColumn::of(text, start + error.range().start);
    let message = format!("{line}:{column}: {}", error.message());
    let problem = Problem::new(ErrorKind::InvalidSource, message).with_origin("the template");
    match error.help() {
        Some(help) => problem.with_help(help),
        None => problem,
    }
}

/// Returns the problem of a look-up as a problem of the template.
fn of_reference(problem: &Problem, reference: &str, dotted: Option<&str>) -> Problem {
    let message = format!("the template has {reference}, but {}", problem.message());
    let told = Problem::new(problem.kind(), message)
        .with_origin(problem.origin())
        .in_backend(problem.backend());
    match (dotted, problem.help()) {
        (Some(dotted), _) => told.with_help(format!(
            "the group of a reference ends at its first dot: give `{dotted}` a `group` without dots"
        )),
        (None, Some(help)) => told.with_help(help),
        (None, None) => told,
    }
}

/// A text, and the filter with which it is written.
struct Piece<'a> {
    text: &'a str,
    filter: Option<Filter>,
}

impl Piece<'_> {
    /// Returns the most bytes that the piece can become.
    fn longest(&self) -> usize {
        let length = self.text.len();
        match self.filter {
            None => length,
            Some(Filter::Url) => escape::LONGEST_PERCENT * length,
            Some(Filter::Shell) => 4 * length + 2,
            Some(_) => escape::longest_json(length),
        }
    }

    fn write(&self, to: &mut String) {
        match self.filter {
            None => to.push_str(self.text),
            Some(Filter::Url) => escape::write_percent(self.text, to),
            Some(Filter::Json) => escape::write_json(self.text, to),
            Some(Filter::Shell) => write_shell(self.text, to),
        }
    }
}

/// Writes a text as one word of a POSIX shell: inside single quotes everything but the single quote is
/// literal.
fn write_shell(text: &str, to: &mut String) {
    to.push('\'');
    for (index, run) in text.split('\'').enumerate() {
        if index > 0 {
            to.push_str("'\\''");
        }
        to.push_str(run);
    }
    to.push('\'');
}
