use secrets_runtime::RequestView;
use secrets_spec::{DeclaredSource, GuardMode, MountType, OptionValue, Request, StepSpec};

use crate::{
    args::program_args::Inspect,
    compiled_program::CompiledProgram,
    failure::Failure,
    output::{
        escape::json_string,
        format::OutputFormat,
        json_object::{JsonObject, json_texts},
        reporter::Reporter,
        table::Table,
        wiped_output::{MASK, WipedOutput},
    },
};

/// Shows what the steps of a compiled program declare. The program is not run.
pub fn run(args: &Inspect, reporter: &Reporter) -> Result<(), Failure> {
    let program = CompiledProgram::read(&args.program)?;
    program.warn(reporter);
    program.require_steps()?;
    let mut output = WipedOutput::default();
    match args.format {
        OutputFormat::Text => print_table(&program, &mut output),
        OutputFormat::Json => {
            let steps = program.steps().iter().map(step_json);
            let json = JsonObject::default().raw("version", "1").list("steps", steps).finish();
            output.push(format!("{json}\n"));
        }
    }
    output.print()
}

fn print_table(program: &CompiledProgram, output: &mut WipedOutput) {
    let mut table = Table::new(["STEP", "AT", "DECLARES", "WITH"]);
    for step in program.steps() {
        let name = format!("{}::{}", step.module, step.name);
        let place = format!("{}:{}", step.file, step.line);
        let mut rows = Vec::new();
        for declared in sources(step) {
            let (source, details) = (&declared.source, source_details(&declared));
            let typed = source.backend().filter(|_| source.origin() == source.id());
            let id = match typed {
                Some(kind) => format!("{kind}.{}", source.id()),
                None => source.origin().to_owned(),
            };
            rows.push((format!("source {id}"), details));
        }
        for request in &step.requests {
            let details = request_details(request.view());
            rows.push((format!("request {}", group_and_key(request)), details));
        }
        let of_step = [
            step.role.as_str().map(|role| format!("role {}", name_or_none(role))),
            step.guard.map(|mode| format!("guard {mode}")),
            step.serialize.then(|| "output serialize".to_owned()),
        ];
        rows.extend(of_step.into_iter().flatten().map(|what| (what, String::new())));
        if rows.is_empty() {
            rows.push(("nothing: it gets its sources at launch".to_owned(), String::new()));
        }
        for (index, (what, details)) in rows.iter().enumerate() {
            let (name, place) = if index == 0 { (name.as_str(), place.as_str()) } else { ("", "") };
            table.row([name, place, what, details]);
        }
    }
    table.print(output);
}

fn source_details(declared: &DeclaredSource) -> String {
    let source = &declared.source;
    let mut details = Vec::new();
    details.extend(source.alias().map(|group| format!("group {group}")));
    if !declared.keys.is_empty() {
        details.push(format!("keys {}", declared.keys.join(", ")));
    }
    details.extend(source.role().as_str().map(|role| format!("role {}", name_or_none(role))));
    details.extend(source.options().iter().map(|(name, value)| match value {
        OptionValue::Flag(flag) => format!("{name} {flag}"),
        OptionValue::Number(number) => format!("{name} {number}"),
        OptionValue::Text(text) => format!("{name} {text}"),
        OptionValue::Texts(texts) => {
            let names: Vec<_> = texts.iter().map(|(name, _)| name).collect();
            format!("{name} {}", names.join(", "))
        }
    }));
    details.join("; ")
}

fn request_details(view: RequestView<'_>) -> String {
    let mut details = Vec::new();
    details.extend(view.group_version.map(|version| format!("version {version}")));
    if view.mount_requirement != MountType::ANY {
        details.push(format!("as {}", view.mount_requirement.as_str()));
    }
    details.extend(view.env_var.map(|name| format!("variable {name}")));
    details.join("; ")
}

fn group_and_key(request: &Request) -> String {
    let view = request.view();
    let parts = [view.group, view.key].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("/")
}

fn name_or_none(role: &str) -> &str {
    if role.is_empty() { "none" } else { role }
}

/// Returns the sources of a step. The program has been read, so that they are good.
fn sources(step: &StepSpec) -> Vec<DeclaredSource> {
    step.declared_sources().unwrap_or_default()
}

fn step_json(step: &StepSpec) -> String {
    let object = JsonObject::default()
        .text("step", &step.name)
        .text("module", &step.module)
        .text("file", &step.file)
        .raw("line", &step.line.to_string())
        .list("sources", sources(step).iter().map(source_json))
        .list("requests", step.requests.iter().map(request_json))
        .text_or_null("role", step.role.as_str())
        .text_or_null("guard", step.guard.map(GuardMode::as_str))
        .text_or_null("output", step.serialize.then_some("serialize"));
    object.finish()
}

fn source_json(DeclaredSource { source, keys }: &DeclaredSource) -> String {
    let options = source.options().iter().fold(JsonObject::default(), |object, (name, value)| {
        let value = match value {
            OptionValue::Flag(flag) => flag.to_string(),
            OptionValue::Number(number) => number.to_string(),
            OptionValue::Text(text) => json_string(&text),
            // The record has masks already, unless it is forged.
            OptionValue::Texts(texts) => {
                let masks = texts.iter().map(|(name, _)| name);
                masks.fold(JsonObject::default(), |object, name| object.text(name, MASK)).finish()
            }
        };
        object.raw(name, &value)
    });
    let object = JsonObject::default()
        .text("id", source.id())
        .text_or_null("type", source.backend().map(|kind| kind.as_str()))
        .raw("options", &options.finish())
        .text_or_null("role", source.role().as_str())
        .text_or_null("group", source.alias());
    match keys.is_empty() {
        true => object.finish(),
        false => object.raw("keys", &json_texts(keys.iter().map(String::as_str))).finish(),
    }
}

fn request_json(request: &Request) -> String {
    let view = request.view();
    let mount = Some(view.mount_requirement).filter(|mount| *mount != MountType::ANY);
    JsonObject::default()
        .text_or_null("group", Some(view.group).filter(|text| !text.is_empty()))
        .text_or_null("key", Some(view.key).filter(|text| !text.is_empty()))
        .text_or_null("group_version", view.group_version)
        .text_or_null("mount_requirement", mount.map(MountType::as_str))
        .text_or_null("env_var", view.env_var)
        .finish()
}
