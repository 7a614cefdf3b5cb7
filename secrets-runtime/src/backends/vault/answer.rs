use crate::{
    core::secret_value::SecretValue,
    payload::json::{self, Json, form::Form},
};

/// What Vault has answered. The body may hold a secret.
#[derive(Debug)]
pub(super) struct VaultAnswer {
    pub status: u16,
    pub body: SecretValue,
}

impl VaultAnswer {
    /// Returns what stands at a path of members.
    pub(super) fn at(&self, path: &[&str]) -> Option<Json> {
        let mut found = Json { form: Form::Object, value: self.body.clone() };
        for name in path {
            found = member(&found, name)?;
        }
        Some(found)
    }

    /// Returns a text that is not a secret.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<String> {
        let found = self.at(path).filter(|found| found.form == Form::Text)?;
        found.value.expose_str().ok().map(str::to_owned) // such as an id or a type
    }

    /// Returns a text that is a secret, and not empty.
    pub(super) fn secret_at(&self, path: &[&str]) -> Option<SecretValue> {
        let found = self.at(path).filter(|found| found.form == Form::Text)?;
        (!found.value.expose_bytes().is_empty()).then_some(found.value)
    }

    /// Returns a whole number that is not negative.
    pub(super) fn number_at(&self, path: &[&str]) -> Option<u64> {
        let found = self.at(path).filter(|found| found.form == Form::Number)?;
        found.value.expose_str().ok()?.parse().ok() // a time or a version
    }

    pub(super) fn is_true_at(&self, path: &[&str]) -> bool {
        self.at(path).is_some_and(|found| found.value.expose_bytes() == b"true")
    }

    /// Whether one of the errors has these words.
    pub(super) fn says(&self, words: &str) -> bool {
        self.errors().iter().any(|error| error.contains(words))
    }

    /// Whether it refuses the token itself, and not what the token asks for: OpenBao then says nothing but `permission
    /// denied`, and Vault adds `invalid token` (<https://github.com/hashicorp/vault/pull/26687>).
    pub(super) fn is_bare_denial(&self) -> bool {
        self.status == 403 && (self.errors() == ["permission denied"] || self.says("invalid token"))
    }

    /// Returns its errors, to compare and not to print: they may quote what was sent.
    fn errors(&self) -> Vec<String> {
        let list = self.at(&["errors"]).filter(|found| found.form == Form::List);
        let items = list.and_then(|list| json::list(&list.value).ok()).unwrap_or_default();
        items.iter().filter_map(|it| it.value.expose_str().ok()).map(str::to_owned).collect()
    }
}

/// Returns the member of an object.
pub(super) fn member(object: &Json, name: &str) -> Option<Json> {
    let members = json::object(&object.value).ok()?;
    members.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}
