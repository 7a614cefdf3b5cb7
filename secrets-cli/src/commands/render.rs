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
    input::value::read_document,
    output::{escape::json_string, reporter::Reporter, wiped_output::WipedOutput},
    stores,
};

/// A source without fields.
const EMPTY_SOURCE: &str = r#"{"type": "inline", "id": "nothing", "options": {"env_vars": {}}}"#;

/// Fills in the references of a template. Writes nothing unless all of them can be filled in.
pub fn run(args: &Render, reporter: &Reporter) -> Result<(), Failure> {
    let origin = args.file.display().to_string();
    let text = read_document(&args.file, reporter)?;
    // A template is not a secret value, although it may contain some.
    let text = text.expose_str()?;
    let template = Template::parse(text).ok();
    let names: BTreeSet<&str> =
        template.iter().flat_map(Template::references).map(|(name, _)| name).collect();
    let builder = Declaration::builder("secrets").inline_from_outside();
    // A template without references must not fetch the sources of SECRETS_WITH either, hence the empty source. A
    // template that does not parse goes the same way: `Secrets::render` reports all of its mistakes.
    let resolver = stores::resolver(args.common.backend.as_deref())?;
    let builder = match names.is_empty() {
        true => builder.source(EMPTY_SOURCE)?,
        false => builder.sources(names.into_iter().map(|name| source(name, &resolver)))?,
    };
    let secrets = resolver.resolve_blocking(&builder.build())?.secrets;
    let filled = secrets.render(text).map_err(|error| error.about(&origin, None))?;
    match &args.output {
        None => {
            let mut output = WipedOutput::default();
            output.push(filled.expose_bytes());
            output.print()
        }
        Some(path) => {
            write(path, &filled)?;
            reporter.info(&format!("wrote {}", path.display()));
            Ok(())
        }
    }
}

/// Returns the source of a name. A name that is not valid without a type may be valid in the default backend, if there
/// is only one.
fn source(name: &str, resolver: &Resolver) -> String {
    let kinds: Vec<&str> = resolver.default_backends().collect();
    match kinds.as_slice() {
        [kind] if Source::parse(name).is_err() => {
            format!("{{\"type\": {}, \"id\": {}}}", json_string(kind), json_string(name))
        }
        _ => name.to_owned(),
    }
}

/// Writes a file that only its owner can read. It is written under a temporary name and then renamed, so that it is
/// never incomplete.
fn write(path: &Path, filled: &SecretValue) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.exists()) {
        let message = format!("there is no folder `{}`", folder.display());
        let origin = path.display().to_string();
        return Err(Failure::about(&origin, ErrorKind::InvalidValue, message, "create it first"));
    }
    let fail = |error: std::io::Error| -> Failure {
        let message = format!("{} cannot be written: {}", path.display(), error.kind());
        let kind = match error.kind() {
            IoKind::PermissionDenied => ErrorKind::AccessDenied,
            _ => ErrorKind::Other,
        };
        Error::new(kind, message).with_help("check the folder, and who may write there").into()
    };
    // Renaming would replace a pipe, a device or a link, instead of writing to what it leads to.
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            let origin = path.display().to_string();
            let message = "it exists, and is not a regular file";
            let help = "omit `--output` for standard output, or name a file";
            return Err(Failure::about(&origin, ErrorKind::InvalidValue, message, help));
        }
        Err(error) if error.kind() != IoKind::NotFound => return Err(fail(error)),
        _ => {}
    }
    let temporary = temporary_path(path);
    let mut file = create(&temporary).map_err(fail)?;
    let written = file
        .write_all(filled.expose_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        // This call created the file, so it is safe to remove.
        let _ = fs::remove_file(&temporary);
        fail(error)
    })
}

/// Returns a path in the same folder that nobody can predict: the keys of the hasher are random.
fn temporary_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{:016x}.tmp", RandomState::new().hash_one(std::process::id())));
    PathBuf::from(name)
}

fn create(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
