use std::collections::BTreeSet;

use secrets_runtime::Declaration;
use secrets_spec::Template;

use crate::{
    args::Render,
    failure::Failure,
    input::{resolve_args::template_source, value::read_document},
    output::{private_file, reporter::Reporter, wiped_output::WipedOutput},
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
        false => builder.sources(names.into_iter().map(|name| template_source(name, &resolver)))?,
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
            private_file::write(path, filled.expose_bytes())?;
            reporter.info(&format!("wrote {}", path.display()));
            Ok(())
        }
    }
}
