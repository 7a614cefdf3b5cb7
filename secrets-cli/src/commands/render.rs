use std::{
    collections::BTreeSet,
    fs,
    hash::{BuildHasher, RandomState},
    io::{ErrorKind as IoKind, Write},
    path::{Path, PathBuf},
};

use secrets_runtime::{Declaration, Error, ErrorKind, Resolver, SecretValue};
use secrets_spec::{Source, Template};

use crate::{
    args::Render,
    failure::Failure,
    page::{Page, json_string},
    shelf, value,
    words::Words,
};

/// A source without fields.
const NOTHING: &str = r#"{"type": "inline", "id": "nothing", "options": {"env_vars": {}}}"#;

/// Fills in the references of a template: all of them, or nothing is written.
pub fn run(args: &Render, words: &Words) -> Result<(), Failure> {
    let origin = args.file.display().to_string();
    let text = value::document(&args.file, words)?;
    // A template is a file of the user's, and may hold values of its own.
    let text = text.expose_str()?;
    let template = Template::parse(text).ok();
    let names: BTreeSet<&str> =
        template.iter().flat_map(Template::references).map(|(name, _)| name).collect();
    let builder = Declaration::builder("secrets").inline_from_outside();
    // Where nothing is asked for, not even what SECRETS_WITH attaches is fetched; and what does not parse is
    // told, every mistake of it, by whom it is filled in by.
    let resolver = shelf::resolver(args.common.backend.as_deref())?;
    let builder = match names.is_empty() {
        true => builder.source(NOTHING)?,
        false => builder.sources(names.into_iter().map(|name| source(name, &resolver)))?,
    };
    let secrets = resolver.resolve_blocking(&builder.build())?.secrets;
    let filled = secrets.render(text).map_err(|error| error.about(&origin, None))?;
    match &args.output {
        None => {
            let mut page = Page::default();
            page.push(filled.expose_bytes());
            page.print()
        }
        Some(path) => {
            write(path, &filled)?;
            words.say(&format!("wrote {}", path.display()));
            Ok(())
        }
    }
}

/// The source of a name. One that is no name of an untyped source may be one of the only backend that is asked.
fn source(name: &str, resolver: &Resolver) -> String {
    let kinds: Vec<&str> = resolver.default_backends().collect();
    match kinds.as_slice() {
        [kind] if Source::parse(name).is_err() => {
            format!("{{\"type\": {}, \"id\": {}}}", json_string(kind), json_string(name))
        }
        _ => name.to_owned(),
    }
}

/// Writes a file that only its owner can read: beside its place, then renamed, so that it is there whole or not
/// at all.
fn write(path: &Path, filled: &SecretValue) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.exists()) {
        let message = format!("there is no folder `{}`", folder.display());
        let origin = path.display().to_string();
        return Err(Failure::about(&origin, ErrorKind::InvalidValue, message, "make it first"));
    }
    let fail = |error: std::io::Error| -> Failure {
        let message = format!("{} cannot be written: {}", path.display(), error.kind());
        let kind = match error.kind() {
            IoKind::PermissionDenied => ErrorKind::AccessDenied,
            _ => ErrorKind::Other,
        };
        Error::new(kind, message).with_help("check the folder, and who may write there").into()
    };
    // Renaming would put a file in the place of a pipe, a device or a link, and leave alone what it leads to.
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => {
            let origin = path.display().to_string();
            let message = "it is there, and is no regular file";
            let help = "leave `--output` out for standard output, or name a file";
            return Err(Failure::about(&origin, ErrorKind::InvalidValue, message, help));
        }
        Err(error) if error.kind() != IoKind::NotFound => return Err(fail(error)),
        _ => {}
    }
    let beside = beside(path);
    let mut file = create(&beside).map_err(fail)?;
    let written = file
        .write_all(filled.expose_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        // It was made here, a moment ago.
        let _ = fs::remove_file(&beside);
        fail(error)
    })
}

/// A name beside a path that nobody has and nobody can foresee: the keys of the hasher are random.
fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{:016x}.tmp", RandomState::new().hash_one(std::process::id())));
    PathBuf::from(beside)
}

fn create(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
