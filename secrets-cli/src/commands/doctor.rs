use secrets_runtime::{Error, Problem, Resolver, admin::Setting, settings::variables};

use crate::{
    args::Doctor,
    failure::{Failure, fail_on_any},
    leases,
    output::{
        escape::{escape_controls, json_string, json_string_or_null},
        format::OutputFormat,
        proxy_variables,
        wiped_output::WipedOutput,
    },
    process::ephemeral_host,
    stores,
};

/// Shows every setting, where it comes from, and whether the backends are reachable. Fails if a default backend is
/// not reachable, or if the audit log cannot be written.
pub fn run(args: &Doctor) -> Result<(), Failure> {
    let (resolver, setting_error) =
        stores::resolver_builder(args.common.backend.as_deref()).build_anyway();
    // The logins of the backends are revoked, whatever happens below.
    leases::remember(&resolver);
    // With invalid settings left out, the answers of the backends would mean nothing.
    let statuses = if setting_error.is_none() { statuses(&resolver) } else { Vec::new() };
    let warnings =
        sdk_logs_values().into_iter().chain(ephemeral_store(&resolver)).chain(misspelt_variables());
    let warnings: Vec<String> = warnings.collect();
    let mut output = WipedOutput::default();
    match args.common.format {
        OutputFormat::Text => text(&mut output, &resolver, &statuses, &warnings),
        OutputFormat::Json => json(&mut output, &resolver, &statuses, &warnings),
    }
    output.print()?;
    if let Some(error) = setting_error {
        return Err(error.into());
    }
    let errors = statuses.into_iter().filter(|status| status.is_default).filter_map(|s| s.error);
    fail_on_any(resolver.check_audit().err().into_iter().chain(errors).collect())
}

/// Warns of a switch of the AWS SDK, with which the log at the level TRACE contains AWS's answers unmasked.
fn sdk_logs_values() -> Option<String> {
    let value = std::env::var("LOG_SENSITIVE_BODIES").ok()?;
    let message = "LOG_SENSITIVE_BODIES=true makes the AWS SDK write secrets into the log of a program that logs at the level TRACE: unset it";
    value.eq_ignore_ascii_case("true").then(|| message.to_owned())
}

/// Warns of variables that are nearly named like a setting. Other variables with our prefix may belong to a program.
fn misspelt_variables() -> Vec<String> {
    let known: Vec<&str> = variables::ALL.iter().map(|variable| variable.name()).collect();
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = names.filter(|name| name.starts_with("SECRETS_") && !known.contains(&&**name));
    let mut warnings: Vec<String> = unknown
        .filter_map(|name| {
            let near = secrets_spec::closest(&name, known.iter().copied())?;
            Some(format!("{name} is not a setting: did you mean {near}?"))
        })
        .collect();
    warnings.sort();
    warnings
}

/// A backend, and whether it answers.
struct BackendStatus {
    kind: String,
    place: String,
    is_default: bool,
    /// As whom the backend knows this process, if it says so.
    caller: Option<String>,
    /// Why the backend does not answer.
    error: Option<Error>,
}

/// Warns of a local store that is lost with its host.
fn ephemeral_store(resolver: &Resolver) -> Option<String> {
    let host =
        ephemeral_host::detect().filter(|_| resolver.default_backends().next() == Some("local"))?;
    Some(format!(
        "the default backend is the local store, and this is {host}: secrets stored here are lost with it; \
         choose another backend with SECRETS_DEFAULT_BACKEND"
    ))
}

fn statuses(resolver: &Resolver) -> Vec<BackendStatus> {
    let defaults: Vec<&str> = resolver.default_backends().collect();
    let mut statuses: Vec<BackendStatus> = resolver
        .backends()
        .map(|backend| {
            let (kind, probe) = (backend.kind(), backend.probe_blocking());
            BackendStatus {
                kind: kind.to_owned(),
                place: backend.to_string(),
                is_default: defaults.contains(&kind),
                caller: probe.caller().map(str::to_owned),
                error: probe.error().map(|error| error.clone().about("", Some(kind))),
            }
        })
        .collect();
    for kind in defaults {
        if let Err(error) = resolver.backend(kind) {
            let (kind, place) = (kind.to_owned(), "not available".to_owned());
            statuses.push(BackendStatus {
                kind,
                place,
                is_default: true,
                caller: None,
                error: Some(error),
            });
        }
    }
    statuses
}

fn text(
    output: &mut WipedOutput,
    resolver: &Resolver,
    statuses: &[BackendStatus],
    warnings: &[String],
) {
    match resolver.config_file() {
        Some(path) => line(output, &format!("secrets.toml: {}", path.display())),
        None => output.push("secrets.toml: none\n"),
    }
    output.push("\nsettings\n");
    let settings: Vec<Setting> = resolver.settings().collect();
    let width = settings.iter().map(|s| s.variable().name().len()).max().unwrap_or(0);
    for setting in &settings {
        let name = setting.variable().name();
        let place =
            if setting.is_set() { format!("  ({})", setting.origin()) } else { String::new() };
        let problem = setting.problem().map(|why| format!("  WRONG: {why}")).unwrap_or_default();
        line(output, &format!("  {name:width$}  {}{place}{problem}", value_text(setting)));
    }
    if let Some(path) = resolver.audit_file() {
        let state = match audit_problem(resolver) {
            None => "can be written".to_owned(),
            Some(problem) => format!("not usable: {}", problem.message()),
        };
        output.push("\naudit log\n");
        line(output, &format!("  {}: {state}", path.display()));
    }
    let mapped: Vec<_> = resolver.mapped_sources().collect();
    if !mapped.is_empty() {
        output.push("\nsources that secrets.toml maps\n");
        for (name, kind, id) in mapped {
            let kind = kind.map(|kind| format!("{kind}.")).unwrap_or_default();
            line(output, &format!("  {name} -> {kind}{}", id.unwrap_or(name)));
        }
    }
    let proxies = proxy_variables::shown();
    if !proxies.is_empty() {
        output.push("\nproxies (a server on this machine is never reached through one)\n");
        for (name, address) in proxies {
            line(output, &format!("  {name}  {address}"));
        }
    }
    output.push("\nbackends\n");
    if statuses.is_empty() {
        output.push("  not asked, because a setting is wrong\n");
    }
    for status in statuses {
        let mark = if status.is_default { "*" } else { " " };
        let (kind, place) = (&status.kind, &status.place);
        match &status.error {
            None => {
                let caller = status.caller.as_ref().map(|caller| format!(", as {caller}"));
                let caller = caller.unwrap_or_default();
                line(output, &format!("{mark} {kind}: reachable: {place}{caller}"));
            }
            Some(error) => {
                let why: Vec<_> = error.problems().iter().map(|p| p.message()).collect();
                line(output, &format!("{mark} {kind}: not reachable: {}", why.join("; ")));
            }
        }
    }
    output.push("  (* marks the default backends, which are asked for sources without a type)\n");
    for warning in warnings {
        output.push("\n");
        line(output, &format!("warning: {warning}"));
    }
}

/// Appends a line. Settings, paths and answers may contain characters on which a terminal acts.
fn line(output: &mut WipedOutput, text: &str) {
    output.push(&*escape_controls(text));
    output.push("\n");
}

/// Returns why the audit log cannot be written.
fn audit_problem(resolver: &Resolver) -> Option<Problem> {
    resolver.check_audit().err()?.problems().first().cloned()
}

fn value_text(setting: &Setting) -> String {
    match (setting.is_set(), setting.text()) {
        (true, Some("")) => "none".to_owned(),
        (true, Some(text)) => text.to_owned(),
        (true, None) => "set, not shown".to_owned(),
        (false, _) if setting.default().is_empty() => "not set".to_owned(),
        (false, _) => setting.default().to_owned(),
    }
}

fn json(
    output: &mut WipedOutput,
    resolver: &Resolver,
    statuses: &[BackendStatus],
    warnings: &[String],
) {
    let config = resolver.config_file().map(|path| path.display().to_string());
    output.push(format!(
        "{{\"config_file\":{},\"settings\":[",
        json_string_or_null(config.as_deref())
    ));
    let settings: Vec<_> = resolver
        .settings()
        .map(|setting| {
            format!(
                "{{\"name\":{},\"value\":{},\"default\":{},\"origin\":{},\"is_set\":{},\"problem\":{}}}",
                json_string(setting.variable().name()),
                json_string_or_null(setting.text()),
                json_string(setting.default()),
                json_string(setting.origin()),
                setting.is_set(),
                json_string_or_null(setting.problem()),
            )
        })
        .collect();
    output.push(settings.join(","));
    output.push("],\"audit\":");
    match resolver.audit_file() {
        None => output.push("null"),
        Some(path) => {
            let problem = audit_problem(resolver);
            output.push(format!(
                "{{\"file\":{},\"problem\":{}}}",
                json_string(&path.display().to_string()),
                json_string_or_null(problem.as_ref().map(Problem::message)),
            ));
        }
    }
    output.push(",\"backends\":[");
    let statuses: Vec<_> = statuses
        .iter()
        .map(|status| {
            let problem = status.error.as_ref().and_then(|error| error.problems().first());
            format!(
                "{{\"type\":{},\"place\":{},\"default\":{},\"reachable\":{},\"caller\":{},\"problem\":{}}}",
                json_string(&status.kind),
                json_string(&status.place),
                status.is_default,
                status.error.is_none(),
                json_string_or_null(status.caller.as_deref()),
                json_string_or_null(problem.map(Problem::message)),
            )
        })
        .collect();
    output.push(statuses.join(","));
    let proxies: Vec<_> = proxy_variables::shown()
        .iter()
        .map(|(name, address)| {
            format!("{{\"name\":{},\"address\":{}}}", json_string(name), json_string(address))
        })
        .collect();
    output.push(format!("],\"proxies\":[{}", proxies.join(",")));
    let warnings: Vec<_> = warnings.iter().map(|warning| json_string(warning)).collect();
    output.push(format!("],\"warnings\":[{}]}}\n", warnings.join(",")));
}
