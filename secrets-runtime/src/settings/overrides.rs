//! Settings in code, which override those that were read.

use std::time::Duration;

use secrets_spec::{BackendType, SourceRole};

use crate::settings::{
    Settings,
    raw_value::SettingOrigin,
    variables::{self, Variable},
};

impl Settings {
    /// Sets the default backends in code. They override those that were read.
    pub(crate) fn set_default_backends(&mut self, chain: Vec<BackendType>) {
        let names: Vec<&str> = chain.iter().map(BackendType::as_str).collect();
        self.set_shown(&variables::DEFAULT_BACKEND, names.join(","));
        self.default_backends = chain;
    }

    /// Sets the default role in code. It overrides the one that was read; `OptOut` unsets it, `Inherit`
    /// changes nothing.
    pub(crate) fn set_default_role(&mut self, role: SourceRole) {
        if let Some(text) = role.as_str() {
            self.set_shown(&variables::DEFAULT_ROLE, text.to_owned());
            self.default_role = role;
        }
    }

    /// Sets the times of the cache in code. They override those that were read.
    pub(crate) fn set_cache(&mut self, ttl: Option<Duration>, stale: Option<Duration>) {
        if let Some(ttl) = ttl {
            self.set_shown(&variables::CACHE_TTL, ttl.as_secs_f64().to_string());
            self.cache_ttl = ttl;
        }
        if let Some(stale) = stale {
            self.set_shown(&variables::CACHE_STALE, stale.as_secs_f64().to_string());
            self.cache_stale = stale;
        }
    }

    fn set_shown(&mut self, variable: &Variable, text: String) {
        if let Some(shown) = self.shown.iter_mut().find(|shown| shown.variable == variable) {
            (shown.text, shown.origin) = (Some(text), SettingOrigin::Code);
        }
    }
}
