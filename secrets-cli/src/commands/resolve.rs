use secrets_runtime::{Entry, SecretValue, Secrets};

use crate::{
    args::{ExportFormat, Resolve},
    asked, dotenv,
    failure::Failure,
    page::{MASK, Page, json_string},
};

/// Resolves sources as a step would, and shows what it would have: its variables, and its groups and keys.
pub fn run(args: &Resolve) -> Result<(), Failure> {
    let secrets = asked::resolve(&args.asked, args.requests.as_deref())?;
    let variables = secrets.exports(|name| std::env::var_os(name))?;
    let mut page = Page::default();
    let push = match args.format {
        Some(ExportFormat::Json) => {
            json(&mut page, &secrets, &variables, args.reveal);
            return page.print();
        }
        Some(ExportFormat::Shell) => dotenv::push_shell,
        Some(ExportFormat::Dotenv) | None => dotenv::push_dotenv,
    };
    for (name, value) in variables {
        // A variable's value is text; it is shown if that was asked for.
        match args.reveal {
            true => push(&mut page, name, value.expose_str()?),
            false if args.format.is_none() => page.push(format!("{name}={MASK}\n")),
            false => push(&mut page, name, MASK),
        }
    }
    page.print()
}

fn json(page: &mut Page, secrets: &Secrets, variables: &[(&str, &SecretValue)], reveal: bool) {
    page.push("{\"env\":{");
    for (index, (name, value)) in variables.iter().enumerate() {
        page.push(if index > 0 { "," } else { "" });
        page.push(json_string(name));
        page.push(":");
        page.push_json(value, false, reveal);
    }
    page.push("},\"secrets\":{");
    let entries: Vec<Entry<'_>> = secrets.entries().collect();
    for (index, group) in secrets.groups().enumerate() {
        page.push(if index > 0 { "," } else { "" });
        page.push(json_string(group));
        page.push(":{");
        for (index, entry) in entries.iter().filter(|entry| entry.group() == group).enumerate() {
            page.push(if index > 0 { "," } else { "" });
            page.push(json_string(entry.key()));
            page.push(":");
            page.push_json(entry.value(), entry.is_binary(), reveal);
        }
        page.push("}");
    }
    page.push("}}\n");
}
