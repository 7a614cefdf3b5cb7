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
    /// Register a backend of this type.
    RegisterBackend {
        /// The registered type that was probably meant.
        near: Option<String>,
        /// All registered types.
        registered: Vec<String>,
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
            Self::RegisterBackend { near, registered } => {
                let near = near.as_ref().map(|near| format!("did you mean `{near}`? "));
                format!(
                    "{}register it with `register_backend!` or `Resolver::builder().backend(..)`; registered are: {}",
                    near.unwrap_or_default(),
                    escape::backquoted_list(registered.iter().map(String::as_str))
                )
            }
        }
    }
}
