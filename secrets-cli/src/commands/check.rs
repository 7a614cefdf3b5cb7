use std::collections::BTreeMap;

use pollster::block_on;
use secrets_runtime::{
    Declaration, ErrorKind, Report, Resolver, StoredSecret, ValidationLevel,
    config::{self, Format as ConfigFormat},
};

use crate::{
    args::{Check, Format},
    asked,
    failure::Failure,
    page::{Page, json_string, plainly},
    prompt,
    shelf::Shelf,
    value,
    words::{self, Words},
};

/// Looks whether what is asked for is there, and what a configuration refers to. Nothing is printed but names.
pub fn run(args: &Check, words: &Words) -> Result<(), Failure> {
    let configuration = match &args.config {
        Some(path) => {
            let text = value::document(path, words)?;
            let format = ConfigFormat::of_path(path).unwrap_or(ConfigFormat::Text);
            // A configuration is no secret: it is read for its references.
            Some((text.expose_str()?.to_owned(), format, path.display().to_string()))
        }
        None => None,
    };
    let (resolver, mut builder) =
        asked::declaration(&args.asked, args.requests.as_deref(), configuration.is_some())?;
    let mut references = Vec::new();
    if let Some((text, format, path)) = &configuration {
        let named = |error: secrets_runtime::Error| error.about(path, None);
        references = config::references(text, *format).map_err(named)?;
        builder = builder.config(text, *format).map_err(named)?;
    }
    let declaration = builder.build();
    let level = args.level.unwrap_or_else(|| resolver.validation_level());
    let mut report = block_on(resolver.validate(level, &declaration));
    if args.register_missing && !report.is_ok() {
        let missing = missing(&report, &references);
        if !missing.is_empty() {
            register(&missing, &resolver, args.asked.backend.as_deref(), words)?;
            report = check_again(args, level, &declaration)?;
        }
    }
    let mut page = Page::default();
    match args.format {
        Format::Text => table(&mut page, &report),
        Format::Json => json(&mut page, level, &report),
    }
    page.print()?;
    report.into_result().map_err(Failure::from)
}

/// With a resolver that has read nothing yet.
fn check_again(
    args: &Check,
    level: ValidationLevel,
    declaration: &Declaration,
) -> Result<Report, Failure> {
    let resolver = crate::shelf::resolver(args.asked.backend.as_deref())?;
    Ok(block_on(resolver.validate(level, declaration)))
}

/// The secrets that a configuration refers to and that are not there, or lack fields, and these fields.
fn missing<'a>(
    report: &Report,
    references: &'a [config::Reference],
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let is = |name: &str, kind: ErrorKind| {
        report.checked().iter().any(|c| c.name() == name && c.kind() == Some(kind))
    };
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for reference in references {
        let (name, key) = (reference.name(), reference.key());
        if is(name, ErrorKind::NotFound) || is(&format!("{name}/{key}"), ErrorKind::KeyNotFound) {
            let keys = missing.entry(name).or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    missing
}

/// Asks for what is missing, and keeps it where the configuration will look for it.
fn register(
    missing: &BTreeMap<&str, Vec<&str>>,
    resolver: &Resolver,
    backend: Option<&str>,
    words: &Words,
) -> Result<(), Failure> {
    if !prompt::is_possible() {
        let names: Vec<&str> = missing.keys().copied().collect();
        let help = "run it at a terminal, or keep them with `secrets register`";
        let message = format!("there is nobody to ask for what is missing: {}", names.join(", "));
        return Err(Failure::usage(message, help));
    }
    for (&name, keys) in missing {
        let mapped = resolver.mapped_sources().find(|(known, ..)| *known == name);
        let (kind, id) = mapped.map_or((None, None), |(_, kind, id)| (kind, id));
        let (shelf, id) = (Shelf::open(kind.or(backend))?, id.unwrap_or(name));
        shelf.store()?;
        let mut secret = match shelf.has(id)? {
            true => shelf.read_own(id)?,
            false => StoredSecret::from_json("{}")?,
        };
        for key in keys {
            if let Some(value) = prompt::value(&format!("{name}.{key}: "), true, words)? {
                secret.set(key, value).map_err(|error| error.about(id, Some(shelf.kind())))?;
            }
        }
        shelf.keep(id, &secret)?;
        words.say(&format!("kept `{id}` in {}", shelf.kind()));
    }
    Ok(())
}

fn table(page: &mut Page, report: &Report) {
    let state = |kind: Option<ErrorKind>| kind.map_or("ok", ErrorKind::as_str);
    let checked = report.checked();
    let width = checked.iter().map(|c| state(c.kind()).len()).max().unwrap_or(0);
    let names = checked.iter().map(|c| plainly(c.name()).chars().count()).max().unwrap_or(0);
    for one in checked {
        let (state, name) = (state(one.kind()), plainly(one.name()));
        let line = format!("{state:width$}  {name:names$}  {}", one.backend().unwrap_or(""));
        page.push(format!("{}\n", line.trim_end()));
    }
}

fn json(page: &mut Page, level: ValidationLevel, report: &Report) {
    let or_null = |text: Option<&str>| text.map_or("null".to_owned(), json_string);
    let checked = report.checked().iter().map(|one| {
        format!(
            "{{\"name\":{},\"backend\":{},\"ok\":{},\"kind\":{}}}",
            json_string(one.name()),
            or_null(one.backend()),
            one.kind().is_none(),
            or_null(one.kind().map(ErrorKind::as_str)),
        )
    });
    let checked: Vec<String> = checked.collect();
    let problems: Vec<String> = report.problems().iter().map(words::problem_json).collect();
    page.push(format!(
        "{{\"level\":{},\"ok\":{},\"checked\":[{}],\"problems\":[{}]}}\n",
        json_string(level.as_str()),
        report.is_ok(),
        checked.join(","),
        problems.join(","),
    ));
}
