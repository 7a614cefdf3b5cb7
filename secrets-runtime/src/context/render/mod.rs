//! Templates: texts with references to secrets, filled in.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use base64ct::{Base64, Encoding};
use secrets_spec::{Delimiters, Filter, Part, SpecError, Template};
use zeroize::Zeroizing;

use crate::{
    context::secrets::Secrets,
    core::{
        error::{Error, ErrorKind, Problem},
        escape,
        line_column::LineColumn,
        problem_list::ProblemList,
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
    /// - `{{db.password | base64}}` writes standard base64 on one line, of binary values too.
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
    /// All of these are reported at once, up to 100, each with its line and column:
    ///
    /// - [`ErrorKind::InvalidSource`] for each reference that does not parse.
    /// - If all of them parse: the error of [`Secrets::get`] for each reference to something undeclared or
    ///   missing, [`ErrorKind::Undecodable`] for each binary value without the filter `base64`, and
    ///   [`ErrorKind::InvalidValue`] for a NUL in a word of a shell.
    pub fn render(&self, template: &str) -> Result<SecretValue, Error> {
        let delimiters = Delimiters::default();
        let place = |at: usize| LineColumn::of(template, at).to_string();
        let parsed = parse(template, &delimiters).map_err(|errors| {
            let mut problems = ProblemList::default();
            for error in errors {
                let problem = misread(&error).with_origin("the template");
                problems.push(problem.at(place(error.range().start)));
            }
            Error::from_problems(problems.into_problems()).in_step(self.step())
        })?;
        let mut problems = ProblemList::default();
        let parts = parsed.placed_parts().map(|(place, part)| (place.start, part));
        for (at, found) in self.unfillable_parts(parts, &delimiters) {
            problems.extend(found.into_iter().map(|problem| problem.at(place(at))));
        }
        problems.into_result().map_err(|error| error.in_step(self.step()))?;
        self.fill(&parsed)
    }

    /// Fills in a template.
    ///
    /// # Errors
    /// The first problem that [`unfillable_parts`](Self::unfillable_parts) returns.
    pub(crate) fn fill(&self, template: &Template) -> Result<SecretValue, Error> {
        self.fill_parts(template.parts())
    }

    /// Fills in parts of a template. Adds the text to the masker of the process, and each value as its filter writes
    /// it, since a longer text that contains it may be encoded as a whole.
    ///
    /// # Errors
    /// The errors of [`fill`](Self::fill), and of the audit log.
    pub(crate) fn fill_parts(&self, parts: &[Part]) -> Result<SecretValue, Error> {
        let mut pieces = Vec::with_capacity(parts.len());
        for part in parts {
            if let Part::Reference { name, key, .. } = part {
                self.field(name, key)?;
            }
            let piece = self.piece(part, &Delimiters::default());
            pieces.push(piece.map_err(Error::from_problems)?);
        }
        let text = written(&pieces);
        #[cfg(feature = "mask")]
        self.add_to_mask(parts, &pieces, &text);
        Ok(text)
    }

    /// Adds a text and its pieces to the masker of the process. A text that is a single value is added only if its
    /// value is masked.
    #[cfg(feature = "mask")]
    fn add_to_mask(&self, parts: &[Part], pieces: &[Piece<'_>], text: &SecretValue) {
        use crate::mask::{forms::unmaskable_reason, process};

        let is_maskable = |part: &Part| match part {
            Part::Literal(_) => false,
            Part::Reference { name, key, .. } => {
                self.look_up(name, key).is_ok_and(|field| unmaskable_reason(field).is_none())
            }
        };
        let has_reference = parts.iter().any(|part| matches!(part, Part::Reference { .. }));
        if has_reference && (parts.len() > 1 || parts.iter().any(is_maskable)) {
            process::add_text(text);
        }
        if process::has_masker() {
            let encoded = parts.iter().zip(pieces).filter(|(_, piece)| piece.has_filter());
            for (_, piece) in encoded.filter(|(part, _)| is_maskable(part)) {
                process::add_text(&written(std::slice::from_ref(piece)));
            }
        }
    }

    /// Returns why references cannot be filled in: the problems of each field once, with the position of its first
    /// reference, up to the number that is reported.
    pub(crate) fn unfillable_parts<'p>(
        &self,
        parts: impl Iterator<Item = (usize, &'p Part)>,
        delimiters: &Delimiters,
    ) -> Vec<(usize, Vec<Problem>)> {
        let mut known = HashSet::new();
        let unfillable = |(at, part): (usize, &'p Part)| {
            let Part::Reference { name, key, .. } = part else { return None };
            if known.contains(&(name, key)) {
                return None;
            }
            let problems = self.piece(part, delimiters).err()?;
            known.insert((name, key));
            Some((at, problems))
        };
        parts.filter_map(unfillable).take(ProblemList::MAX).collect()
    }

    fn piece<'a>(
        &'a self,
        part: &'a Part,
        delimiters: &Delimiters,
    ) -> Result<Piece<'a>, Vec<Problem>> {
        let (group, key, filter) = match part {
            Part::Literal(text) => return Ok(Piece::Text(text, None)),
            Part::Reference { name, key, filter } => (name.as_str(), key.as_str(), *filter),
        };
        let reference = delimiters.applied_to(&format!("{{{{{group}.{key}}}}}"));
        let unfit = |kind, message: &str, help: &str| {
            let message = format!("the value of {reference} {message}");
            Err(vec![
                Problem::new(kind, message).with_origin(format!("{group}/{key}")).with_help(help),
            ])
        };
        let field = match self.look_up(group, key) {
            Ok(field) => field,
            Err(error) => {
                let dotted = self.group_that_starts_with(group);
                let of_reference = |problem: &Problem| of_reference(problem, &reference, dotted);
                return Err(error.problems().iter().map(of_reference).collect());
            }
        };
        if filter == Some(Filter::Base64) {
            // The template asks for the bytes here.
            return Ok(Piece::Base64(field.value.expose_bytes()));
        }
        if field.binary {
            let help = "a template is text: use the filter base64, the bytes of `get(group, key)`, or `file(group, key)`";
            return unfit(ErrorKind::Undecodable, "is binary", help);
        }
        // The template asks for the value here.
        let text = field.value.expose_str().map_err(Error::into_problems)?;
        if filter == Some(Filter::Shell) && text.contains('\0') {
            let help = "use it without the filter, or by `get(group, key)`";
            return unfit(ErrorKind::InvalidValue, "holds a NUL, which no word can", help);
        }
        Ok(Piece::Text(text, filter))
    }

    /// Returns a declared group that a reference cannot name because it contains a dot.
    fn group_that_starts_with(&self, group: &str) -> Option<&str> {
        let dotted =
            |name: &&str| name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'));
        self.shared().order.iter().map(|name| &**name).find(dotted)
    }
}

/// Parses a template. Returns an error for every reference that does not parse, up to the number that is reported,
/// with its range in the whole text.
pub(crate) fn parse(text: &str, delimiters: &Delimiters) -> Result<Template, Vec<SpecError>> {
    let mut errors = Vec::new();
    let mut start = 0;
    while errors.len() < ProblemList::MAX {
        match Template::parse_with(text.get(start..).unwrap_or_default(), delimiters) {
            Ok(template) if errors.is_empty() => return Ok(template),
            Ok(_) => break,
            Err(error) => {
                let error = error.shifted(start);
                // Continues after the invalid reference.
                start = error.range().end;
                errors.push(error);
            }
        }
    }
    Err(errors)
}

/// Returns the problem of a reference that does not parse.
pub(crate) fn misread(error: &SpecError) -> Problem {
    let problem = Problem::new(ErrorKind::InvalidSource, error.message());
    match error.help() {
        Some(help) => problem.with_help(help),
        None => problem,
    }
}

/// Returns the problem of a look-up as a problem of the template.
pub(crate) fn of_reference(problem: &Problem, reference: &str, dotted: Option<&str>) -> Problem {
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

/// Returns the text of pieces.
fn written(pieces: &[Piece<'_>]) -> SecretValue {
    // The buffer never grows: growing would leave a copy that is not wiped.
    let longest = pieces.iter().map(Piece::longest).sum();
    let mut text = Zeroizing::new(String::with_capacity(longest));
    for piece in pieces {
        piece.write(&mut text);
    }
    debug_assert!(text.len() <= longest, "the text fits");
    SecretValue::from(text)
}

/// The text that replaces a part of a template.
enum Piece<'a> {
    /// A text, and the filter with which it is written.
    Text(&'a str, Option<Filter>),
    /// Bytes, written in base64.
    Base64(&'a [u8]),
}

impl Piece<'_> {
    /// Whether a filter changes how the value is written.
    #[cfg(feature = "mask")]
    fn has_filter(&self) -> bool {
        !matches!(self, Self::Text(_, None))
    }

    /// Returns the most bytes that the piece can become.
    fn longest(&self) -> usize {
        let (text, filter) = match self {
            Self::Text(text, filter) => (text, filter),
            Self::Base64(bytes) => return Base64::encoded_len(bytes),
        };
        match filter {
            Some(Filter::Url) => escape::MAX_PERCENT_BYTES * text.len(),
            Some(Filter::Shell) => 4 * text.len() + 2,
            Some(Filter::Json) => escape::longest_json(text.len()),
            Some(Filter::Base64) | None => text.len(),
        }
    }

    fn write(&self, to: &mut String) {
        match self {
            Self::Text(text, Some(Filter::Url)) => escape::write_percent(text, to),
            Self::Text(text, Some(Filter::Json)) => escape::write_json(text, to),
            Self::Text(text, Some(Filter::Shell)) => write_shell(text, to),
            Self::Text(text, Some(Filter::Base64) | None) => to.push_str(text),
            Self::Base64(bytes) => to.push_str(&Zeroizing::new(Base64::encode_string(bytes))),
        }
    }
}

/// Writes a text as one word of a POSIX shell: inside single quotes every character but the single quote is literal.
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
