//! stub
use crate::Error;
use secrets_spec::*;
use std::{path::PathBuf, time::Duration};
#[derive(Clone)]
pub(crate) struct Settings {
    b: Vec<BackendType>,
    r: SourceRole,
}
pub(crate) struct MappedSource;
impl MappedSource {
    pub(crate) fn over(&self, s: &Source) -> Source {
        s.clone()
    }
}
impl Settings {
    pub(crate) fn load() -> Result<Self, Error> {
        Ok(Self { b: vec![BackendType::from(BuiltIn::Local)], r: SourceRole::Inherit })
    }
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(30)
    }
    pub(crate) fn set_default_backends(&mut self, b: Vec<BackendType>) {
        self.b = b;
    }
    pub(crate) fn set_default_role(&mut self, b: SourceRole) {
        self.r = b;
    }
    pub(crate) fn default_backends(&self) -> &[BackendType] {
        &self.b
    }
    pub(crate) fn default_role(&self) -> &SourceRole {
        &self.r
    }
    pub(crate) fn aws_role(&self) -> Option<&SourceRole> {
        None
    }
    pub(crate) fn with(&self) -> Option<&With> {
        None
    }
    pub(crate) fn mapped(&self, _t: &str) -> Option<&MappedSource> {
        None
    }
    pub(crate) fn flyte_env_prefix(&self) -> &str {
        "_FSEC_"
    }
    pub(crate) fn local_dir(&self) -> PathBuf {
        PathBuf::new()
    }
    pub(crate) fn local_key_file(&self) -> PathBuf {
        PathBuf::new()
    }
    pub(crate) fn file_dir(&self) -> PathBuf {
        PathBuf::new()
    }
}
