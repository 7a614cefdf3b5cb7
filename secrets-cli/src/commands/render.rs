use std::path::{Path, PathBuf};

use secrets_runtime::{
    Error,
    config::{Document, Format},
};

use crate::{
    args::{
        Render,
        typed_references::{self, TypedReference},
    },
    failure::Failure,
    input::value::read_document,
    leases,
    output::{format::DocumentFormat, output_file, reporter::Reporter, wiped_output::WipedOutput},
    stores,
};

/// What is left of a name without these ends says which format the file has.
const TEMPLATE_ENDS: [&str; 6] = ["in", "j2", "template", "tmpl", "tpl", "example"];

/// Fills in the references of a template. Writes nothing unless all of them can be filled in.
pub fn run(args: &Render, reporter: &Reporter) -> Result<(), Failure> {
    let output = args.output.as_deref().filter(|path| *path != Path::new("-"));
    if args.mode.is_some() && output.is_none() {
        return Err(Failure::usage("standard output has no mode", "name a file, or remove --mode"));
    }
    let origin = match args.file.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => args.file.display().to_string(),
    };
    let about_file = |error: Error| with_delimiters_hint(error, args).about(&origin, None);
    let text = read_document(&args.file, reporter)?;
    // A template is not a secret value, although it may contain some.
    let text = text.expose_str()?;
    let of_format = |format| {
        Document::new(text, format).with_delimiters(args.delimiters.clone().unwrap_or_default())
    };
    let document = match args.format {
        Some(format) => of_format(as_config_format(format)),
        None => {
            let named = output.and_then(format_of).or_else(|| format_of(&args.file));
            let document = of_format(named.unwrap_or(Format::Text));
            match document.check_format() {
                Err(error) if document.references().is_ok_and(|found| !found.is_empty()) => {
                    let reason = error.problems().first().map_or("", |problem| problem.message());
                    reporter.info(&format!(
                        "note: values are written as they are, since {origin} has another format than its name says: {reason}"
                    ));
                    of_format(Format::Text)
                }
                _ => document,
            }
        }
    };
    let resolver = stores::resolver(args.backend.as_deref())?;
    let filled = resolver.fill_blocking(&document).map_err(|error| {
        let references = document.references().unwrap_or_default();
        let form = |_, meant: &TypedReference<'_>| meant.table();
        about_file(typed_references::explain(&error, &resolver, &references, form))
    })?;
    match output {
        None => {
            let mut output = WipedOutput::default();
            output.push(filled.expose_bytes());
            output.print()?;
        }
        Some(path) => {
            let note = output_file::write(path, &filled, args.mode)?;
            reporter.info(&format!("wrote {}", path.display()));
            if let Some(note) = note {
                reporter.info(&format!("note: {note}"));
            }
        }
    }
    leases::leave(reporter);
    Ok(())
}

fn as_config_format(format: DocumentFormat) -> Format {
    match format {
        DocumentFormat::Text => Format::Text,
        DocumentFormat::Json => Format::Json,
        DocumentFormat::Yaml => Format::Yaml,
        DocumentFormat::Toml => Format::Toml,
    }
}

/// Returns the format of a file by its name: that of `app.toml.in` is the one of `app.toml`.
fn format_of(path: &Path) -> Option<Format> {
    let is_template = path.extension().is_some_and(|end| TEMPLATE_ENDS.iter().any(|it| end == *it));
    let name = if is_template { path.file_stem().map(PathBuf::from)? } else { path.to_owned() };
    Format::of_path(&name)
}

/// Adds to the help on braces that others can be chosen.
fn with_delimiters_hint(error: Error, args: &Render) -> Error {
    if args.delimiters.is_some() {
        return error;
    }
    let problems = error.problems().iter().map(|problem| match problem.help() {
        Some(help) if help.contains("\\{{") => {
            let help =
                format!("{help}; --delimiters '<% %>' leaves the braces of another tool alone");
            problem.clone().with_help(help)
        }
        _ => problem.clone(),
    });
    Error::join(problems).unwrap_or(error.clone())
}
