use crate::core::escape;

/// What to do about a problem, where a command line says it in other words than a program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HelpCode {
    /// Allow that a variable is replaced.
    AllowOverride,
    /// Store a JSON object, or read the payload as one plain value.
    PlainValue,
    /// Unset the variable, or allow that it is replaced.
    UnsetOrAllowOverride,
    /// Choose the fields that become variables, since several become this one.
    NameVariables {
        /// The variable.
        variable: String,
        /// The fields that become it, each as `group.key`. A group with a dot is left out.
        fields: Vec<String>,
    },
    /// Build with a feature.
    BuildWithFeature {
        /// The feature's name.
        feature: &'static str,
        /// Why it is needed, if the message does not say it.
        reason: Option<String>,
    },
    /// Register a backend of this type.
    RegisterBackend {
        /// The registered type that was probably meant.
        near: Option<String>,
        /// All registered types.
        registered: Vec<String>,
        /// The table of a `secrets.toml` that has the type and is not in effect, and what to do about it.
        table: Option<String>,
        /// Where a table for the type could be written, if nothing else was probably meant.
        new_table: Option<String>,
    },
}

impl HelpCode {
    /// Says it to the author of a program.
    pub(crate) fn for_program(&self) -> String {
        match self {
            Self::AllowOverride => "set `allow_override = true` if that is meant".to_owned(),
            Self::PlainValue => {
                "store a JSON object, or read the payload as one plain value with `json = false`"
                    .to_owned()
            }
            Self::UnsetOrAllowOverride => "unset it, or set `allow_override = true`".to_owned(),
            Self::NameVariables { .. } => {
                "give one of them another name, or do not export them together".to_owned()
            }
            Self::BuildWithFeature { feature, reason } => {
                let reason =
                    reason.as_ref().map(|reason| format!("{reason}: ")).unwrap_or_default();
                format!(
                    "{reason}add the feature in Cargo.toml: secrets-runtime = {{ version = \"..\", features = [\"{feature}\"] }}"
                )
            }
            Self::RegisterBackend { near, registered, table, new_table } => {
                let near = near.as_ref().map(|near| format!("did you mean `{near}`? "));
                let table = table.as_ref().map(|table| format!("{table}; or "));
                let new_table = new_table.as_ref().map(|table| format!("; or {table}"));
                format!(
                    "{}{}register it with `register_backend!` or `Resolver::builder().backend(..)`; registered are: {}{}",
                    table.unwrap_or_default(),
                    near.unwrap_or_default(),
                    escape::backquoted_list(registered.iter().map(String::as_str)),
                    new_table.unwrap_or_default(),
                )
            }
        }
    }
}
