use secrets_spec::{
    BackendType, BuiltIn, Complaint, Name, Node, Options, OptionsDraft, Source, SourceDraft,
    SourceRole, Text, Value, read_source,
};
use toml::{Spanned, de::DeValue};

/// A `[sources.NAME]` of `secrets.toml`: where a source or a group is in this deployment.
///
/// What is absent here stays as the code has it; the group by which the body asks always does.
#[derive(Debug, Clone)]
pub(crate) struct MappedSource {
    source: Source,
    has_id: bool,
}

impl MappedSource {
    /// Returns the type it maps to, if it names one.
    pub(crate) fn backend(&self) -> Option<&BackendType> {
        self.source.backend()
    }

    /// Returns the id it maps to, if it has one.
    pub(crate) fn id(&self) -> Option<&str> {
        self.has_id.then(|| self.source.id())
    }

    /// Returns the role; `Inherit` if it has none.
    pub(crate) fn role(&self) -> &SourceRole {
        self.source.role()
    }

    /// Returns the options; each that is set counts.
    pub(crate) fn options(&self) -> &Options {
        self.source.options()
    }

    /// Returns the source that is read in place of `written`: whatever is mapped overrides it, and its group stays.
    ///
    /// An ARN that is mapped without a type leaves the type of `written` behind: it belongs to AWS.
    pub(crate) fn over(&self, written: &Source) -> Source {
        let is_arn = self.has_id && self.source.is_arn();
        let backend = self.backend().or(written.backend().filter(|_| !is_arn));
        let (given, code) = (self.options(), written.options());
        let versions = either_version(given, code);
        // The values of `inline` stay behind where another backend takes over.
        let is_inline = backend.is_some_and(|backend| backend.is(BuiltIn::Inline));
        let env_vars = given.env_vars.as_ref().or(code.env_vars.as_ref()).filter(|_| is_inline);
        let known = |text: &str| Text { known: Some(text.to_owned()), at: () };
        let draft = SourceDraft {
            with_fields: true,
            id: known(self.id().unwrap_or(written.id())),
            backend: backend.map(|backend| known(backend.as_str())),
            group: Some(known(written.group())),
            role: self.role().as_str().or(written.role().as_str()).map(known),
            options: OptionsDraft {
                json: given.json.or(code.json),
                required: given.required.or(code.required),
                env_var_name: first(&given.env_var_name, &code.env_var_name).map(known),
                region: first(&given.region, &code.region).map(known),
                version_id: versions.version_id.as_deref().map(known),
                version_stage: versions.version_stage.as_deref().map(known),
                env_vars: env_vars.map(|vars| {
                    vars.iter().map(|(name, value)| (name.to_owned(), known(value))).collect()
                }),
            },
            at: (),
        };
        // Every part has been read once, so it reads again.
        draft.into_source().unwrap_or_else(|| self.source.clone())
    }

    /// Reads what a name is mapped to: a text or a set of fields, as everywhere a source is written, but that
    /// the `id` may be absent and a `group` may not be there.
    pub(super) fn read(
        value: &Spanned<DeValue<'_>>,
        complaints: &mut Vec<Complaint<usize>>,
    ) -> Option<Self> {
        let mut node = node(value);
        let mut has_id = true;
        if let Value::Map(fields) = &mut node.value {
            let mut complain = |at: usize, message: &str, help: &str| {
                let (message, help) = (message.to_owned(), Some(help.to_owned()));
                complaints.push(Complaint { at, message, help, is_name: false });
            };
            if let Some(group) = fields.iter().position(|(name, _)| name.text == "group") {
                let help = "remove `group`; in the code it is `group = \"..\"` of the source";
                complain(
                    fields[group].0.at,
                    "the group of a mapped source stays as the code has it",
                    help,
                );
                fields.remove(group);
            } else if fields.is_empty() {
                let help = "write { type = \"local\", id = \"..\" }, or remove it";
                complain(node.at, "it maps to nothing", help);
                return None;
            }
            has_id = fields.iter().any(|(name, _)| name.text == "id");
            if !has_id {
                // The reader wants an id; the code's own is not ours to judge, so one that fits every type
                // stands in for it.
                let at = node.at;
                fields.push((
                    Name { text: "id".into(), at },
                    Node { value: Value::Text("ID".into()), at },
                ));
            }
        }
        let before = complaints.len();
        let draft = read_source(&node, complaints);
        if complaints.len() > before {
            return None;
        }
        Some(Self { source: draft?.into_source()?, has_id })
    }
}

fn first<'a>(given: &'a Option<String>, code: &'a Option<String>) -> Option<&'a str> {
    given.as_deref().or(code.as_deref())
}

/// A version is one selector or both together, never half of each.
fn either_version<'a>(given: &'a Options, code: &'a Options) -> &'a Options {
    if given.version_id.is_some() || given.version_stage.is_some() { given } else { code }
}

/// A value of TOML as the reader of sources takes it. Where it stands is its first byte.
fn node(value: &Spanned<DeValue<'_>>) -> Node<usize> {
    let at = value.span().start;
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Array(items) => Value::List(items.iter().map(node).collect()),
        DeValue::Table(table) => Value::Map(
            table
                .iter()
                .map(|(name, value)| {
                    let (text, at) = (name.get_ref().clone().into_owned(), name.span().start);
                    (Name { text, at }, node(value))
                })
                .collect(),
        ),
        // No field takes a number, and none a date.
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => Value::Number,
    };
    Node { value, at }
}
