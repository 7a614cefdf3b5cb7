use secrets_spec::{CURRENT_STAGE, PREVIOUS_STAGE};

use crate::{
    backend::{Fetched, fetch_request::FetchRequest, payload::Payload},
    backends::local::{Local, check_name, file_name::FileName, key::StoreKey, stored::StoredFile},
    core::{
        error::{Error, ErrorKind},
        escape,
    },
};

/// Reading: without a lock, and without waiting.
impl Local {
    pub(super) fn fetch_one(
        &self,
        request: &FetchRequest<'_>,
        key: &mut Option<StoreKey>,
    ) -> Result<Fetched, Error> {
        let (name, stored) = self.find(request)?;
        let key = match key {
            Some(key) => key,
            // One reading serves all the requests of a call.
            None => key.insert(self.key_file.load()?.ok_or_else(|| self.lost_key())?),
        };
        let version = stored.version().to_owned();
        let fetched = match (stored.open(key)?, field(request)) {
            // The key is the secret's name, and nothing is left to ask its fields for.
            (Payload::Json(text), _) if is_plain(request) => Fetched::text(text),
            // The whole value is not what was asked for.
            (Payload::Text(text), Some(field)) => {
                // Only the first byte is read, for a hint that does not show it.
                let looks_like_json = text.expose_bytes().first() == Some(&b'{');
                return Err(self.no_field(name, field, looks_like_json));
            }
            (Payload::Binary(_), Some(field)) => return Err(self.no_field(name, field, false)),
            (payload, _) => Fetched::from(payload),
        };
        Ok(fetched.with_version(version).with_name(name))
    }

    /// The file that a request is about, and the secret's name.
    pub(super) fn find<'a>(
        &self,
        request: &FetchRequest<'a>,
    ) -> Result<(&'a str, StoredFile), Error> {
        let name = match request.key() {
            Some(key) if is_plain(request) => key,
            _ => request.id(),
        };
        check_name(name)?;
        if !self.folder.check()? {
            return Err(self.not_found(name));
        }
        let file = FileName::of(name);
        let id = request.version_id();
        let stages: &[Stage] = match request.version_stage() {
            None if id.is_some() => &[Stage::Current, Stage::Previous],
            None | Some(CURRENT_STAGE) => &[Stage::Current],
            Some(PREVIOUS_STAGE) => &[Stage::Previous],
            Some(_) => &[],
        };
        for stage in stages {
            if let Some(stored) = self.read(*stage, &file, name)?
                && id.is_none_or(|id| id == stored.version())
            {
                return Ok((name, stored));
            }
        }
        Err(match (id, request.stage_unless_current()) {
            (None, None) => self.not_found(name),
            (id, _) => self.no_such_version(name, id, request.version_stage()),
        })
    }

    pub(super) fn read(
        &self,
        stage: Stage,
        file: &FileName,
        name: &str,
    ) -> Result<Option<StoredFile>, Error> {
        let file = match stage {
            Stage::Current => file.current(),
            Stage::Previous => file.previous(),
        };
        StoredFile::read(self.folder.file(&file), name)
    }

    /// The versions there are, the newest first, each with its stage. A version stands once: after a writer
    /// that was killed, the current one may be the previous one too.
    fn stages(&self, name: &str) -> Result<Vec<(&'static str, String)>, Error> {
        let file = FileName::of(name);
        let Some(current) = self.read(Stage::Current, &file, name)? else {
            return Ok(Vec::new());
        };
        let mut stages = vec![(CURRENT_STAGE, current.version().to_owned())];
        let previous = self.read(Stage::Previous, &file, name)?;
        if let Some(previous) = previous.filter(|it| it.version() != current.version()) {
            stages.push((PREVIOUS_STAGE, previous.version().to_owned()));
        }
        Ok(stages)
    }

    pub(super) fn versions_now(&self, name: &str) -> Result<Vec<String>, Error> {
        check_name(name)?;
        let stages = if self.folder.check()? { self.stages(name)? } else { Vec::new() };
        if stages.is_empty() {
            return Err(self.not_found(name));
        }
        Ok(stages.into_iter().map(|(_, version)| version).collect())
    }

    pub(super) fn not_found(&self, name: &str) -> Error {
        let message = format!("there is no secret `{name}` in {self}");
        Error::new(ErrorKind::NotFound, message)
            .with_help("`secrets list` shows those there are; `secrets register` makes one")
    }

    fn no_field(&self, name: &str, field: &str, looks_like_json: bool) -> Error {
        let field = escape::escape_name(field);
        let message = format!("the secret `{name}` in {self} has no field `{field}`");
        let hint = match looks_like_json {
            true => {
                "; its text looks like JSON: `secrets register --from-json` stores its members as fields, and a \
                 source reads them with options = { json = true }"
            }
            false => "",
        };
        Error::new(ErrorKind::KeyNotFound, message).with_help(format!(
            "the secret is one plain value: request it with its name as the key and no group, or as a source{hint}"
        ))
    }

    fn no_such_version(&self, name: &str, id: Option<&str>, stage: Option<&str>) -> Error {
        let stages = match self.stages(name) {
            Ok(stages) if stages.is_empty() => return self.not_found(name),
            Ok(stages) => stages,
            Err(error) => return error,
        };
        let asked = match (id, stage) {
            (Some(id), Some(stage)) => format!("`{id}` at the stage `{stage}`"),
            (Some(id), None) => format!("`{id}`"),
            (None, stage) => format!("at the stage `{}`", stage.unwrap_or(CURRENT_STAGE)),
        };
        let there: Vec<_> =
            stages.iter().map(|(stage, version)| format!("{stage} ({version})")).collect();
        let message = format!("the secret `{name}` in {self} has no version {asked}");
        Error::new(ErrorKind::NotFound, message).with_help(format!(
            "it has {}; the store keeps the last two versions",
            there.join(" and ")
        ))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    Current,
    Previous,
}

/// The field of a secret that is asked for; a group alone asks for all of it.
fn field<'a>(request: &FetchRequest<'a>) -> Option<&'a str> {
    request.key().filter(|key| !key.is_empty() && !is_plain(request))
}

/// Whether a request has no group, so that its key is the name of a secret.
fn is_plain(request: &FetchRequest<'_>) -> bool {
    request.key().is_some() && request.id().is_empty()
}
