use alloc::{
    collections::BTreeMap,
    string::{String, ToString as _},
    vec::Vec,
};

use crate::model::request_view::RequestView;

/// The places of requests in a list, by what two of them cannot share. It finds the one with which another request
/// conflicts without a comparison of all.
#[derive(Debug, Default)]
pub struct RequestIndex {
    /// By Flyte's variable.
    variables: BTreeMap<Vec<u8>, usize>,
    /// By Flyte's file.
    files: BTreeMap<Vec<u8>, usize>,
    /// By `env_var`.
    env_vars: BTreeMap<String, usize>,
}

impl RequestIndex {
    /// Returns the place of the first request that conflicts with this one, if there is one.
    #[must_use]
    pub fn conflicting(&self, request: RequestView<'_>) -> Option<usize> {
        let env_var = request.env_var.and_then(|name| self.env_vars.get(name));
        let variable = self.variables.get(&joined(request, b'_'));
        let file = self.files.get(&joined(request, b'/'));
        [env_var, variable, file].into_iter().flatten().min().copied()
    }

    /// Adds a request with its place. Of several that share a name the first one stays.
    pub fn add(&mut self, request: RequestView<'_>, place: usize) {
        self.variables.entry(joined(request, b'_')).or_insert(place);
        self.files.entry(joined(request, b'/')).or_insert(place);
        if let Some(name) = request.env_var {
            self.env_vars.entry(name.to_string()).or_insert(place);
        }
    }
}

/// Returns the parts of a request, joined and in lower case.
fn joined(request: RequestView<'_>, separator: u8) -> Vec<u8> {
    let parts = [request.group, request.group_version.unwrap_or_default(), request.key];
    let mut name = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if !name.is_empty() {
            name.push(separator);
        }
        name.extend(part.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    name
}
