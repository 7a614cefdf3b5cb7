//! Which of the places where a setting may be given counts.

use std::ffi::OsString;

use crate::settings::{
    config_file::ConfigFile,
    raw_value::{Origin, RawValue},
    variables::Variable,
};

/// How the process's environment is read, so that tests can have one of their own.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Settings that are built in code: by the resolver's builder, or from a command line.
#[derive(Default, Clone)]
pub(crate) struct CodeSettings(Vec<(&'static str, OsString, Origin)>);

impl std::fmt::Debug for CodeSettings {
    /// Shows which settings are given, and none of their texts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, ..)| name)).finish()
    }
}

impl CodeSettings {
    /// Gives a setting, in the text that its variable would have. An empty text is a setting too: none, whatever
    /// the environment says.
    #[cfg(test)]
    pub(crate) fn set(&mut self, variable: &Variable, text: impl Into<OsString>) {
        self.0.push((variable.name(), text.into(), Origin::Code));
    }

    /// The same, from an option of the command line, by which name it is known to who typed it.
    #[cfg(feature = "clap")]
    pub(crate) fn set_option(
        &mut self,
        variable: &Variable,
        option: &'static str,
        text: impl Into<OsString>,
    ) {
        self.0.push((variable.name(), text.into(), Origin::Option(option)));
    }

    fn get(&self, variable: &Variable) -> Option<RawValue> {
        let given = self.0.iter().rev().find(|(name, ..)| *name == variable.name());
        given.map(|(_, text, origin)| RawValue { text: text.clone(), origin: origin.clone() })
    }
}

/// The precedence, and the only place that states it: what is built in code, then the `SECRETS_*` variable,
/// then `secrets.toml` (in which the profile has been laid over the rest), then the variables of the system
/// that is mirrored. If there is nothing, the default holds.
///
/// An empty variable counts as unset, and so does an empty text in `secrets.toml`: a profile lifts with it
/// what the rest of the file says.
pub(super) fn decide(
    variable: &'static Variable,
    built: &CodeSettings,
    environment: Environment<'_>,
    file: Option<&ConfigFile>,
) -> Option<RawValue> {
    let from_environment = |name: &'static str| {
        let text = environment(name).filter(|text| !text.is_empty())?;
        Some(RawValue { text, origin: Origin::Variable(name) })
    };
    let own = variable.is_own().then_some(variable.name());
    let mirrored = (!variable.is_own()).then_some(variable.name());

    built
        .get(variable)
        .or_else(|| own.and_then(from_environment))
        .or_else(|| file.and_then(|file| file.get(variable)))
        .or_else(|| {
            mirrored
                .into_iter()
                .chain(variable.mirrored().iter().copied())
                .find_map(from_environment)
        })
}
