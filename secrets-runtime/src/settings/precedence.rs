//! The precedence of the places where a setting can be set.

use std::{ffi::OsString, fmt};

use zeroize::Zeroizing;

use crate::settings::{
    config_file::ConfigFile,
    raw_value::{RawValue, SettingOrigin},
    variables::Variable,
};

/// A function that reads the process's environment, so that tests can have their own.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Settings in code: those of the resolver's builder, or of a command line.
#[derive(Default, Clone)]
pub(crate) struct CodeSettings(Vec<CodeSetting>);

/// A setting in code. Its text may be a credential, and is wiped.
#[derive(Clone)]
struct CodeSetting {
    name: &'static str,
    text: OsString,
    origin: SettingOrigin,
}

impl Drop for CodeSetting {
    fn drop(&mut self) {
        drop(Zeroizing::new(std::mem::take(&mut self.text).into_encoded_bytes()));
    }
}

impl fmt::Debug for CodeSettings {
    /// Prints the names of the settings and none of their texts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|setting| setting.name)).finish()
    }
}

impl CodeSettings {
    /// Sets a setting, with the text that its variable would have. An empty text unsets it, whatever the
    /// environment has. If a setting is set twice, the last text wins.
    pub(crate) fn set(&mut self, variable: &Variable, text: impl Into<OsString>) {
        self.0.push(CodeSetting {
            name: variable.name(),
            text: text.into(),
            origin: SettingOrigin::Code,
        });
    }

    /// Sets a setting from an option of the command line. Problems name the option.
    pub(crate) fn set_option(
        &mut self,
        variable: &Variable,
        option: &'static str,
        text: impl Into<OsString>,
    ) {
        self.0.push(CodeSetting {
            name: variable.name(),
            text: text.into(),
            origin: SettingOrigin::Option(option),
        });
    }

    fn get(&self, variable: &Variable) -> Option<RawValue> {
        let set = self.0.iter().rev().find(|setting| setting.name == variable.name());
        set.map(|set| RawValue { text: set.text.clone(), origin: set.origin.clone() })
    }
}

/// Decides which place wins. Only this function states the order:
///
/// 1. in code
/// 2. the `SECRETS_*` variable
/// 3. `secrets.toml`, after its profile was applied
/// 4. the variables of the mirrored system
/// 5. the default
///
/// An empty variable counts as unset, and so does an empty text in `secrets.toml`: with it, a profile unsets
/// what the rest of the file sets.
pub(super) fn decide(
    variable: &'static Variable,
    built: &CodeSettings,
    environment: Environment<'_>,
    file: Option<&ConfigFile>,
) -> Option<RawValue> {
    let from_environment = |name: &'static str| {
        let text = environment(name).filter(|text| !text.is_empty())?;
        Some(RawValue { text, origin: SettingOrigin::Variable(name) })
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
