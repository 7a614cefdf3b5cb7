use std::collections::{BTreeMap, HashSet};

use secrets_runtime::{
    Declaration, ErrorKind, Report, Resolver, ValidationLevel,
    admin::StoredSecret,
    config::{self, Format as ConfigFormat},
};

use crate::{
    args::{
        Check,
        typed_references::{self, TypedReference},
    },
    failure::{Failure, rename_origin},
    input::{prompt, value::read_document},
    output::{
        escape::{escape_controls, json_string, json_string_or_null},
        format::OutputFormat,
        reporter::{Reporter, problem_json},
        wiped_output::WipedOutput,
    },
    stores::{self, Stores},
};

/// The message and the help if there is nothing to check.
const NOTHING_TO_CHECK: (&str, &str) = (
    "there is nothing to check",
    "name sources (such as `db`) or a configuration file with --config, write --sources or --requests, or set SECRETS_WITH",
);

/// Checks that the secrets of sources, requests and a configuration exist. Prints names only.
pub fn run(args: &Check, reporter: &Reporter) -> Result<(), Failure> {
    let configuration = match &args.config {
        Some(path) => {
            let text = read_document(path, reporter)?;
            let format = ConfigFormat::of_path(path).unwrap_or(ConfigFormat::Text);
            // A configuration is not secret: it is parsed for its references.
            let text = text.expose_str()?.to_owned();
            let path = path.display().to_string();
            let format = readable_format(&text, format, &path, reporter);
            Some((text, format, path))
        }
        None => None,
    };
    let refusal = Some(NOTHING_TO_CHECK).filter(|_| configuration.is_none());
    let (resolver, mut builder) = args.resolve.declaration(args.requests.as_deref(), refusal)?;
    let mut references = Vec::new();
    if let Some((text, format, path)) = &configuration {
        let about_file = |error: secrets_runtime::Error| rename_origin(&error, path);
        references = config::references(text, *format).map_err(about_file)?;
        builder = builder.config(text, *format).map_err(about_file)?;
        if references.is_empty() {
            reporter.info(&format!("note: {path} has no references such as {{{{db.password}}}}"));
        }
    }
    let declaration = builder.build();
    let level = args.level.unwrap_or_else(|| resolver.validation_level());
    let mut report = resolver.validate_blocking(level, &declaration);
    if args.register_missing && !report.is_ok() {
        let missing = missing(&report, &references);
        if !missing.is_empty() {
            register(&missing, &resolver, args.resolve.backend.as_deref(), reporter)?;
            report = check_again(args, level, &declaration)?;
        }
    }
    let mut output = WipedOutput::default();
    match args.format {
        OutputFormat::Text => table(&mut output, &report),
        OutputFormat::Json => json(&mut output, level, &report),
    }
    output.print()?;
    report.into_result().map_err(|error| {
        let form = |_, meant: &TypedReference<'_>| meant.table();
        typed_references::explain(&error, &resolver, &references, form).into()
    })
}

/// Returns the format of a configuration. One with another format than its name says, such as a template of YAML with
/// `{{db.user}}` outside of quotes, is a text to `render`, and so it is here.
fn readable_format(
    text: &str,
    format: ConfigFormat,
    path: &str,
    reporter: &Reporter,
) -> ConfigFormat {
    let Err(error) = config::references(text, format) else { return format };
    let as_text = config::references(text, ConfigFormat::Text);
    if !as_text.is_ok_and(|references| !references.is_empty()) {
        return format;
    }
    let reason = error.problems().first().map_or("", |problem| problem.message());
    reporter.info(&format!(
        "note: {path} is checked as a text, since it has another format than its name says: {reason}"
    ));
    ConfigFormat::Text
}

/// Validates again with a new resolver, whose cache is empty.
fn check_again(
    args: &Check,
    level: ValidationLevel,
    declaration: &Declaration,
) -> Result<Report, Failure> {
    let resolver = stores::resolver(args.resolve.backend.as_deref())?;
    Ok(resolver.validate_blocking(level, declaration))
}

/// Returns the secrets that a configuration refers to and that do not exist or lack fields, with these fields.
fn missing<'a>(
    report: &Report,
    references: &'a [config::Reference],
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let failed: HashSet<_> =
        report.checked().iter().filter_map(|one| Some((one.name(), one.kind()?))).collect();
    let has_failed = |name: &str, kind: ErrorKind| failed.contains(&(name, kind));
    let mut known = HashSet::new();
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for reference in references {
        let (name, key) = (reference.name(), reference.key());
        if has_failed(name, ErrorKind::NotFound)
            || has_failed(&format!("{name}/{key}"), ErrorKind::KeyNotFound)
        {
            let keys = missing.entry(name).or_default();
            if known.insert((name, key)) {
                keys.push(key);
            }
        }
    }
    missing
}

/// Asks for the missing values, and stores them where the configuration will look for them.
fn register(
    missing: &BTreeMap<&str, Vec<&str>>,
    resolver: &Resolver,
    backend: Option<&str>,
    reporter: &Reporter,
) -> Result<(), Failure> {
    if !prompt::is_interactive() {
        let fields = missing
            .iter()
            .flat_map(|(name, keys)| keys.iter().map(move |key| format!("`{name}.{key}`")));
        let fields: Vec<String> = fields.collect();
        let help =
            "run it at a terminal, or store them with `secrets register` and `secrets update`";
        let message = format!("nobody can be asked for the missing fields: {}", fields.join(", "));
        return Err(Failure::usage(message, help));
    }
    for (&name, keys) in missing {
        let mapped = resolver.mapped_sources().find(|(known, ..)| *known == name);
        let (kind, id) = mapped.map_or((None, None), |(_, kind, id)| (kind, id));
        let (stores, id) = (Stores::open(kind.or(backend))?, id.unwrap_or(name));
        stores.store()?;
        let mut answers = Vec::new();
        for key in keys {
            if let Some(value) = prompt::ask_value(&format!("{name}.{key}: "), true, reporter)? {
                answers.push((key, value));
            }
        }
        stores.update(id, |current| {
            let mut secret = current.or_else(|_| StoredSecret::from_json("{}"))?;
            for (key, value) in &answers {
                if secret.fields().iter().any(|field| field.key() == **key) {
                    let message =
                        format!("the field `{key}` was stored by another program meanwhile");
                    let help = "run it again, which asks for what is still missing";
                    return Err(Failure::about(id, ErrorKind::Conflict, message, help));
                }
                let set = secret.set(key, value.clone());
                set.map_err(|error| error.about(id, Some(stores.kind())))?;
            }
            Ok(secret)
        })?;
        reporter.info(&format!("stored `{id}` in {}", stores.kind()));
    }
    Ok(())
}

fn table(output: &mut WipedOutput, report: &Report) {
    let state = |kind: Option<ErrorKind>| kind.map_or("ok", ErrorKind::as_str);
    let checked = report.checked();
    let width = checked.iter().map(|c| state(c.kind()).len()).max().unwrap_or(0);
    let names =
        checked.iter().map(|c| escape_controls(c.name()).chars().count()).max().unwrap_or(0);
    for one in checked {
        let (state, name) = (state(one.kind()), escape_controls(one.name()));
        let line = format!("{state:width$}  {name:names$}  {}", one.backend().unwrap_or(""));
        output.push(format!("{}\n", line.trim_end()));
    }
}

fn json(output: &mut WipedOutput, level: ValidationLevel, report: &Report) {
    let checked = report.checked().iter().map(|one| {
        format!(
            "{{\"name\":{},\"backend\":{},\"ok\":{},\"kind\":{}}}",
            json_string(one.name()),
            json_string_or_null(one.backend()),
            one.kind().is_none(),
            json_string_or_null(one.kind().map(ErrorKind::as_str)),
        )
    });
    let checked: Vec<String> = checked.collect();
    let problems: Vec<String> = report.problems().iter().map(problem_json).collect();
    output.push(format!(
        "{{\"level\":{},\"ok\":{},\"checked\":[{}],\"problems\":[{}]}}\n",
        json_string(level.as_str()),
        report.is_ok(),
        checked.join(","),
        problems.join(","),
    ));
}
