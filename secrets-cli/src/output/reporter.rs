//! Messages on standard error, and the results of changes.

use std::io::{IsTerminal, Write};

use secrets_runtime::{HelpCode, Problem};
use secrets_spec::shell_word;

use crate::{
    failure::Failure,
    output::{
        escape::{escape_controls, json_string, json_string_or_null},
        repeated_options::with_options,
        wiped_output::WipedOutput,
    },
};

/// A secret that was written or deleted.
pub struct Change<'a> {
    pub name: &'a str,
    pub backend: &'a str,
    /// The new version, if the secret was written.
    pub version: Option<String>,
    /// The source with which a step reaches the secret, if its name alone is not enough.
    pub qualified_source: Option<String>,
}

/// Reports to a person in text, or to a program in JSON.
#[derive(Debug, Clone)]
pub struct Reporter {
    json: bool,
    colour: bool,
}

impl Reporter {
    pub fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let capable = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self { json, colour: wanted && capable && std::io::stderr().is_terminal() }
    }

    /// Returns whether a person reads the messages at a terminal.
    pub fn is_on_terminal(&self) -> bool {
        !self.json && std::io::stderr().is_terminal()
    }

    /// Prints one line for a person. Prints nothing if the output is JSON.
    pub fn info(&self, text: &str) {
        if !self.json {
            write(&format!("{}\n", escape_controls(&with_options(text))));
        }
    }

    /// Prints a warning, for a program that reads JSON too.
    pub fn warning(&self, text: &str) {
        write(&format!("warning: {}\n", escape_controls(text)));
    }

    /// Reports changes: `text` for a person, or one line of JSON per change on standard output.
    pub fn changes(&self, text: &str, changes: &[Change<'_>]) -> Result<(), Failure> {
        self.info(text);
        for change in changes {
            if let Some(source) = &change.qualified_source {
                let name = change.name;
                self.info(&format!("note: a step cannot use the name `{name}`: write {source}"));
            }
        }
        if !self.json {
            return Ok(());
        }
        let mut output = WipedOutput::default();
        for change in changes {
            output.push(format!(
                "{{\"name\":{},\"backend\":{},\"version\":{}}}\n",
                json_string(change.name),
                json_string(change.backend),
                json_string_or_null(change.version.as_deref()),
            ));
        }
        output.print()
    }

    /// Reports why the command failed.
    pub fn failure(&self, failure: &Failure) {
        match failure {
            Failure::BrokenPipe => {}
            Failure::Clap(error) if !error.use_stderr() => {
                // Help and version are data. An error means that nobody reads them.
                let _ = std::io::stdout().write_all(error.to_string().as_bytes());
            }
            _ if self.json => write(&failure_json(failure)),
            Failure::Clap(error) => write(&escape_lines(&error.to_string())),
            Failure::Interrupted => write("\nnothing was changed\n"),
            Failure::Usage { message, help } => {
                let help = help.as_deref().map(with_options);
                self.problem("", message, help.as_deref());
            }
            Failure::Program { message, .. } => self.problem("", message, None),
            Failure::Secrets(error) => {
                for problem in error.problems() {
                    let help = help(problem);
                    self.problem(&origin(problem), problem.message(), help.as_deref());
                }
            }
        }
    }

    /// Reports a mistake of this program.
    pub fn internal_error(&self, message: &str) {
        let help = "report it with the command and its version; the text of the error is not shown, since it may contain a value";
        match self.json {
            true => {
                write(&error_json("Other", &[problem_object("Other", "", message, Some(help))]))
            }
            false => self.problem("", message, Some(help)),
        }
    }

    fn problem(&self, origin: &str, message: &str, help: Option<&str>) {
        let [red, bold, plain] =
            if self.colour { ["\x1b[1;31m", "\x1b[1m", "\x1b[0m"] } else { [""; 3] };
        let (origin, message) = (escape_controls(origin), escape_lines(message));
        let mut text = format!("{red}error:{plain} {origin}{message}\n");
        if let Some(help) = help {
            text.push_str(&format!("  {bold}help:{plain} {}\n", escape_lines(help)));
        }
        write(&text);
    }
}

/// Escapes the control characters of a text that may have several lines.
fn escape_lines(text: &str) -> String {
    text.split('\n').map(escape_controls).collect::<Vec<_>>().join("\n")
}

/// Returns what to do about a problem. What a program writes in its code is an option here, or cannot be.
fn help(problem: &Problem) -> Option<String> {
    Some(match problem.help_code() {
        Some(HelpCode::AllowOverride) => "use --allow-override if that is meant".to_owned(),
        Some(HelpCode::UnsetOrAllowOverride) => "unset it, or use --allow-override".to_owned(),
        Some(HelpCode::NameVariables { variable, fields }) => choose_variable(variable, fields),
        Some(HelpCode::BuildWithFeature { feature, reason }) => {
            let reason = reason.as_ref().map(|reason| format!("{reason}: ")).unwrap_or_default();
            format!(
                "{reason}install the command again as before, with `--features {feature}` added"
            )
        }
        Some(HelpCode::RegisterBackend { near, registered, table, new_table, .. }) => {
            let near = near.as_ref().map(|near| format!("did you mean `{near}`? "));
            let types: Vec<_> = registered.iter().map(|kind| format!("`{kind}`")).collect();
            let table = table.as_ref().map(|table| format!("{table}; "));
            let (table, near) = (table.unwrap_or_default(), near.unwrap_or_default());
            let new_table = new_table.as_ref().map(|table| format!("; or {table}"));
            let new_table = new_table.unwrap_or_default();
            format!("{table}{near}the types here are {}{new_table}", types.join(", "))
        }
        Some(HelpCode::PlainValue) => {
            let program =
                problem.backend().filter(|kind| secrets_spec::BuiltIn::parse(kind).is_none());
            let source = plain_source(problem.origin(), program);
            let help = format!("store a JSON object, or read it as one plain value: '{source}'");
            match program {
                Some(kind) => format!("{help}; or set format = \"text\" in [backends.{kind}]"),
                None => help,
            }
        }
        _ => with_options(problem.help()?).into_owned(),
    })
}

/// Returns how to choose between fields that become one variable, each as `group.key`.
fn choose_variable(variable: &str, fields: &[String]) -> String {
    let only = "`--only NAME,..` to pass other fields only";
    let mut usable = fields.iter().filter(|field| is_reference(field));
    let env = |name: &str, field: &str| shell_word(&format!("{name}={field}"));
    let Some(first) = usable.next() else {
        return format!(
            "`secrets run` takes a source with a group, '{{\"id\": \"..\", \"type\": \"..\", \"group\": \"a\"}}', with `--env {variable}=a.KEY` to \
             choose one, and {only}"
        );
    };
    let choice = format!("`secrets run` takes `--env {}` to choose one", env(variable, first));
    match usable.next_back() {
        Some(last) => {
            let other = env("NAME", last);
            format!("{choice}, `--env {other}` beside it to set another variable, and {only}")
        }
        None => format!("{choice}, and {only}"),
    }
}

/// Returns whether `--env` finds a field by this text.
pub fn is_reference(field: &str) -> bool {
    let reference = format!("{{{{{field}}}}}");
    let Some((group, _)) = field.split_once('.') else { return false };
    secrets_spec::Template::parse(&reference).is_ok() && secrets_spec::Source::parse(group).is_ok()
}

/// Returns a source as JSON that reads its payload as one plain value. The text of a source has no type that is not
/// built in, such as `program`.
fn plain_source(origin: &str, program: Option<&str>) -> String {
    let source = secrets_spec::Source::parse(origin).ok();
    let kind = source.as_ref().and_then(|source| source.backend()).map(|kind| kind.as_str());
    let kind = kind.or(program).map(|kind| format!("\"type\": {}, ", json_string(kind)));
    let id = source.as_ref().map_or(origin, |source| source.id());
    let (kind, id) = (kind.unwrap_or_default(), json_string(id));
    format!("{{{kind}\"id\": {id}, \"options\": {{\"json\": false}}}}")
}

fn origin(problem: &Problem) -> String {
    match (problem.origin(), problem.backend()) {
        ("", None) => String::new(),
        ("", Some(backend)) => format!("{backend}: "),
        (origin, None) => format!("{origin}: "),
        (origin, Some(backend)) => format!("{origin} ({backend}): "),
    }
}

/// Returns `{"error":{"kind":..,"problems":[..]}}` and a line break.
fn failure_json(failure: &Failure) -> String {
    let (kind, problems) = match failure {
        Failure::Secrets(error) => {
            (error.kind().as_str(), error.problems().iter().map(problem_json).collect())
        }
        Failure::Usage { message, help } => {
            let help = help.as_deref().map(with_options);
            ("Usage", vec![problem_object("Usage", "", message, help.as_deref())])
        }
        Failure::Clap(error) => {
            let text = error.to_string();
            let text = text.trim_start_matches("error: ");
            let (message, help) = text.split_once("\n\n").unwrap_or((text, ""));
            let help = Some(help.trim()).filter(|help| !help.is_empty());
            ("Usage", vec![problem_object("Usage", "", message.trim(), help)])
        }
        Failure::Program { message, .. } => {
            ("Other", vec![problem_object("Other", "", message, None)])
        }
        Failure::Interrupted | Failure::BrokenPipe => {
            ("Other", vec![problem_object("Other", "", "interrupted", None)])
        }
    };
    error_json(kind, &problems)
}

fn error_json(kind: &str, problems: &[String]) -> String {
    let kind = json_string(kind);
    format!("{{\"error\":{{\"kind\":{kind},\"problems\":[{}]}}}}\n", problems.join(","))
}

/// Returns a problem as a JSON object.
pub fn problem_json(problem: &Problem) -> String {
    let kind = problem.kind().as_str();
    problem_object(kind, problem.origin(), problem.message(), help(problem).as_deref())
}

fn problem_object(kind: &str, source: &str, message: &str, help: Option<&str>) -> String {
    format!(
        "{{\"kind\":{},\"source\":{},\"message\":{},\"help\":{}}}",
        json_string(kind),
        json_string(source),
        json_string(message),
        json_string_or_null(help),
    )
}

/// Writes to standard error. Nothing else is lost if it is closed, so the result is ignored.
fn write(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
