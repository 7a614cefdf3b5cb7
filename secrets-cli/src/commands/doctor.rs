use std::path::Path;

use pollster::block_on;
use secrets_runtime::{
    Backend, Error, ErrorKind, FetchRequest, Options, Resolver, Setting, StoredSecret,
    settings::variables,
};

use crate::{
    args::{Doctor, Format},
    failure::Failure,
    manager::Manager,
    page::{Page, json_string},
    shelf, surroundings,
};

/// The name of a secret that nobody has, to see whether a backend answers.
const PROBE: &str = "secrets-doctor-probe";

/// Shows every setting, where it comes from, and whether the backends are reachable. It fails if a default one
/// is not.
pub fn run(args: &Doctor) -> Result<(), Failure> {
    let (resolver, wrong) = shelf::builder(args.common.backend.as_deref()).build_anyway();
    // What is asked with half of the settings says nothing of the whole of them.
    let states = if wrong.is_none() { states(&resolver) } else { Vec::new() };
    let warnings = sdk_logs_values().into_iter().chain(warning(&resolver)).chain(misspelt());
    let warnings: Vec<String> = warnings.collect();
    let mut page = Page::default();
    match args.common.format {
        Format::Text => text(&mut page, &resolver, &states, &warnings),
        Format::Json => json(&mut page, &resolver, &states, &warnings),
    }
    page.print()?;
    if let Some(wrong) = wrong {
        return Err(wrong.into());
    }
    let broken = states.into_iter().filter(|state| state.is_default).filter_map(|s| s.trouble);
    crate::failure::all(broken.collect())
}

/// A switch of the AWS SDK's: with it, what AWS answers is in the log at the level TRACE, as it came.
fn sdk_logs_values() -> Option<String> {
    let switch = std::env::var("LOG_SENSITIVE_BODIES").ok()?;
    let message = "LOG_SENSITIVE_BODIES=true makes the AWS SDK write secrets into the log of a program that logs at the level TRACE: unset it";
    switch.eq_ignore_ascii_case("true").then(|| message.to_owned())
}

/// Variables of the environment that are nearly settings. Others of our prefix may be a program's own.
fn misspelt() -> Vec<String> {
    let known: Vec<&str> = variables::ALL.iter().map(|variable| variable.name()).collect();
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = names.filter(|name| name.starts_with("SECRETS_") && !known.contains(&&**name));
    let mut warnings: Vec<String> = unknown
        .filter_map(|name| {
            let near = secrets_spec::closest(&name, known.iter().copied())?;
            Some(format!("{name} is no setting: did you mean {near}?"))
        })
        .collect();
    warnings.sort();
    warnings
}

/// A backend, and why it does not answer, if it does not.
struct State {
    kind: String,
    place: String,
    is_default: bool,
    /// Who the process is there, where that is known.
    caller: Option<String>,
    trouble: Option<Error>,
}

/// What is kept in the local store of a container or a CI job is gone with it.
fn warning(resolver: &Resolver) -> Option<String> {
    let place =
        surroundings::passing().filter(|_| resolver.default_backends().next() == Some("local"))?;
    Some(format!(
        "the default backend is the local store, and this is {place}: what it keeps here is gone with it; \
         choose another backend with SECRETS_DEFAULT_BACKEND"
    ))
}

fn states(resolver: &Resolver) -> Vec<State> {
    let defaults: Vec<&str> = resolver.default_backends().collect();
    let mut states: Vec<State> = resolver
        .backends()
        .map(|backend| {
            let (caller, trouble) = look(&**backend, resolver);
            State {
                kind: backend.kind().to_owned(),
                place: backend.to_string(),
                is_default: defaults.contains(&backend.kind()),
                caller,
                trouble,
            }
        })
        .collect();
    for kind in defaults {
        if let Err(error) = resolver.backend(kind) {
            let (kind, place) = (kind.to_owned(), "not there".to_owned());
            states.push(State {
                kind,
                place,
                is_default: true,
                caller: None,
                trouble: Some(error),
            });
        }
    }
    states
}

fn look(backend: &dyn Backend, resolver: &Resolver) -> (Option<String>, Option<Error>) {
    match Manager::of(backend) {
        Some(manager) => manager.look(PROBE),
        None => {
            let deeper = || match backend.kind() {
                "local" => unopened(backend),
                "file" => no_folder(resolver),
                _ => None,
            };
            (None, trouble(backend).or_else(deeper))
        }
    }
}

/// Whether a secret of the store opens: its key is not needed to see that it is there.
fn unopened(backend: &dyn Backend) -> Option<Error> {
    let names = match block_on(backend.as_store()?.list()) {
        Ok(names) => names,
        Err(error) => return Some(error.about("", Some(backend.kind()))),
    };
    // Without secrets there need be no key: the first one makes it.
    let first = names.first()?;
    block_on(StoredSecret::read(backend, first, None)).err()
}

/// A folder that is not there has no secrets, which is no error where one is looked for.
fn no_folder(resolver: &Resolver) -> Option<Error> {
    let setting = resolver.settings().find(|s| *s.variable() == variables::FILE_DIR)?;
    let folder = setting.text().unwrap_or_else(|| setting.default());
    (!Path::new(folder).is_dir()).then(|| {
        Error::new(ErrorKind::Unavailable, format!("there is no folder {folder}"))
            .with_help("set SECRETS_FILE_DIR to where secrets are mounted")
            .about("", Some("file"))
    })
}

fn trouble(backend: &dyn Backend) -> Option<Error> {
    // Its values come with each source: there is nothing to reach.
    if backend.kind() == "inline" {
        return None;
    }
    let options = Options::default();
    let requests = [FetchRequest::new(PROBE, &options)];
    match block_on(backend.exists(&requests)).pop() {
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(error.about("", Some(backend.kind()))),
        None => Some(Error::new(ErrorKind::Unavailable, "the backend gave no answer")),
    }
}

fn text(page: &mut Page, resolver: &Resolver, states: &[State], warnings: &[String]) {
    match resolver.config_file() {
        Some(path) => page.push(format!("secrets.toml: {}\n", path.display())),
        None => page.push("secrets.toml: none\n"),
    }
    page.push("\nsettings\n");
    let settings: Vec<Setting> = resolver.settings().collect();
    let width = settings.iter().map(|s| s.variable().name().len()).max().unwrap_or(0);
    for setting in &settings {
        let name = setting.variable().name();
        let place =
            if setting.is_set() { format!("  ({})", origin(setting)) } else { String::new() };
        let wrong = setting.problem().map(|why| format!("  WRONG: {why}")).unwrap_or_default();
        page.push(format!("  {name:width$}  {}{place}{wrong}\n", shown(setting)));
    }
    let mapped: Vec<_> = resolver.mapped_sources().collect();
    if !mapped.is_empty() {
        page.push("\nsources that secrets.toml maps\n");
        for (name, kind, id) in mapped {
            let kind = kind.map(|kind| format!("{kind}.")).unwrap_or_default();
            page.push(format!("  {name} -> {kind}{}\n", id.unwrap_or(name)));
        }
    }
    page.push("\nbackends\n");
    if states.is_empty() {
        page.push("  not asked, since a setting is wrong\n");
    }
    for state in states {
        let mark = if state.is_default { "*" } else { " " };
        let (kind, place) = (&state.kind, &state.place);
        match &state.trouble {
            None => {
                let caller = state.caller.as_ref().map(|caller| format!(", as {caller}"));
                let caller = caller.unwrap_or_default();
                page.push(format!("{mark} {kind}: reachable: {place}{caller}\n"));
            }
            Some(error) => {
                let why: Vec<_> = error.problems().iter().map(|p| p.message()).collect();
                page.push(format!("{mark} {kind}: not reachable: {}\n", why.join("; ")));
            }
        }
    }
    page.push("  (* is asked where a source has no type)\n");
    for warning in warnings {
        page.push(format!("\nwarning: {warning}\n"));
    }
}

fn shown(setting: &Setting) -> String {
    match (setting.is_set(), setting.text()) {
        (true, Some("")) => "none".to_owned(),
        (true, Some(text)) => text.to_owned(),
        (true, None) => "set, and not shown".to_owned(),
        (false, _) if setting.default().is_empty() => "not set".to_owned(),
        (false, _) => setting.default().to_owned(),
    }
}

/// Code sets no setting here but for an option.
fn origin(setting: &Setting) -> &str {
    if setting.origin() == "built in code" { "--backend" } else { setting.origin() }
}

fn json(page: &mut Page, resolver: &Resolver, states: &[State], warnings: &[String]) {
    let or_null = |text: Option<&str>| text.map_or("null".to_owned(), json_string);
    let config = resolver.config_file().map(|path| path.display().to_string());
    page.push(format!("{{\"config_file\":{},\"settings\":[", or_null(config.as_deref())));
    let settings: Vec<_> = resolver
        .settings()
        .map(|setting| {
            format!(
                "{{\"name\":{},\"value\":{},\"default\":{},\"origin\":{},\"is_set\":{},\"problem\":{}}}",
                json_string(setting.variable().name()),
                or_null(setting.text()),
                json_string(setting.default()),
                json_string(origin(&setting)),
                setting.is_set(),
                or_null(setting.problem()),
            )
        })
        .collect();
    page.push(settings.join(","));
    page.push("],\"backends\":[");
    let states: Vec<_> = states
        .iter()
        .map(|state| {
            let trouble = state.trouble.as_ref().and_then(|error| error.problems().first());
            format!(
                "{{\"type\":{},\"place\":{},\"default\":{},\"reachable\":{},\"caller\":{},\"problem\":{}}}",
                json_string(&state.kind),
                json_string(&state.place),
                state.is_default,
                state.trouble.is_none(),
                or_null(state.caller.as_deref()),
                or_null(trouble.map(secrets_runtime::Problem::message)),
            )
        })
        .collect();
    page.push(states.join(","));
    let warnings: Vec<_> = warnings.iter().map(|warning| json_string(warning)).collect();
    page.push(format!("],\"warnings\":[{}]}}\n", warnings.join(",")));
}
