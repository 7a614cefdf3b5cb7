use secrets_spec::{Delimiters, Template};

use crate::{
    config::{
        fill::{ReferencedTree, filled},
        format::Format,
        layout::{Layout, Values},
        reference::Reference,
    },
    context::render,
    core::{
        error::{Error, ErrorKind, Problem},
        secret_value::SecretValue,
    },
    resolver::Resolver,
    rt::block_on::block_on,
};

/// A text with references to secrets that stays a text when it is filled in: a template, or a configuration file with
/// its comments and its layout.
///
/// In a text of a [`Format`] other than [`Format::Text`] every value stays one value: where it would break the format
/// or be read as something else, it is written as a quoted text. Numbers, booleans and, in JSON, lists and objects may
/// stand without quotes.
///
/// ```
/// use secrets_runtime::{Error, Resolver, config::{Delimiters, Document, Format}, testing};
///
/// let text = "# <% is a delimiter here\npassword: <% db.password %>\n".replace("# <%", "# \\<%");
/// let document = Document::new(&text, Format::Yaml).with_delimiters(Delimiters::parse("<% %>").unwrap());
/// let filled = testing::with_secrets([("db", "password", "a: #b")], || {
///     Resolver::current()?.fill_blocking(&document)
/// })?;
/// assert_eq!(filled.expose_str()?, "# <% is a delimiter here\npassword: \"a: #b\"\n");
/// # Ok::<(), Error>(())
/// ```
///
/// The result is parsed again as a check. The buffers of the parser, which contain values, are not wiped.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    text: &'a str,
    format: Format,
    delimiters: Delimiters,
}

impl<'a> Document<'a> {
    /// Creates a document of a format.
    #[must_use]
    pub fn new(text: &'a str, format: Format) -> Self {
        Self { text, format, delimiters: Delimiters::default() }
    }

    /// Sets what stands around a reference, in place of `{{` and `}}`.
    #[must_use]
    pub fn with_delimiters(self, delimiters: Delimiters) -> Self {
        Self { delimiters, ..self }
    }

    /// Returns the references, in the order of the text.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSource`] for each text that looks like a reference but does not parse.
    pub fn references(&self) -> Result<Vec<Reference>, Error> {
        Ok(self.filling()?.references())
    }

    /// Checks that the text is valid in its format, with a value in the place of each reference.
    ///
    /// # Errors
    /// As [`references`](Self::references); [`ErrorKind::Undecodable`] if the text does not have the format.
    pub fn check_format(&self) -> Result<(), Error> {
        self.filling()?;
        match self.template() {
            Ok(template) if self.format != Format::Text => self.layout(&template).map(|_| ()),
            _ => Ok(()),
        }
    }

    fn filling(&self) -> Result<ReferencedTree<'a>, Error> {
        let whole = Format::Text.read(self.text)?;
        ReferencedTree::of(whole, Some(self.text), self.delimiters.clone(), "")
    }

    fn layout(&self, template: &Template) -> Result<Layout, Error> {
        // The caller names the document.
        let unnamed = |problem: Problem| problem.with_origin("");
        Layout::of(template, self.format).map_err(|error| {
            Error::from_problems(error.into_problems().into_iter().map(unnamed).collect())
        })
    }

    fn template(&self) -> Result<Template, Error> {
        render::parse(self.text, &self.delimiters)
            .map_err(|errors| Error::from_problems(errors.iter().map(render::misread).collect()))
    }
}

impl Resolver {
    /// Fills in the references of a document.
    ///
    /// # Errors
    /// As [`Document::check_format`]; every error of resolving the secrets, and every reference to a field that does
    /// not exist, together and each with its line and column; [`ErrorKind::InvalidValue`] if a value in a comment or in
    /// a key would change what the document says.
    pub async fn fill(&self, document: &Document<'_>) -> Result<SecretValue, Error> {
        let mut kinds = self.default_backends();
        let kind = kinds.next().filter(|_| kinds.next().is_none());
        let secrets = document.filling()?.resolve(self, kind).await?;
        let template = document.template()?;
        let plain = filled(&template, secrets.as_ref())?;
        let (Some(secrets), true) = (secrets, document.format != Format::Text) else {
            return Ok(plain);
        };
        let layout = document.layout(&template)?;
        let mut values = Values::of(&template, &secrets)?;
        if layout.is_kept_by(&plain, &values) {
            return Ok(plain);
        }
        let quoted = layout.filled(&mut values);
        match layout.is_kept_by(&quoted, &values) {
            true => {
                #[cfg(feature = "mask")]
                crate::mask::process::add_text(&quoted);
                Ok(quoted)
            }
            false => {
                let message = format!(
                    "a value in a comment, in a key or beside another value would change what the {} says",
                    document.format.name()
                );
                let help = "put the reference into a text of its own, or fill in the file as text";
                let problem = Problem::new(ErrorKind::InvalidValue, message).with_help(help);
                Err(Error::from_problems(vec![problem]))
            }
        }
    }

    /// Blocking version of [`fill`](Self::fill): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub fn fill_blocking(&self, document: &Document<'_>) -> Result<SecretValue, Error> {
        block_on(self.fill(document))
    }
}
