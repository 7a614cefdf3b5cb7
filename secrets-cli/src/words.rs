//! What is said on standard error.

use std::io::{IsTerminal, Write};

use secrets_runtime::{HelpCode, Problem};

use crate::{
    failure::Failure,
    page::{Page, json_string, plainly},
};

/// A secret that was written or deleted, its version if it has one, and how a step reaches it where its name
/// alone is not enough.
pub struct Kept<'a> {
    pub name: &'a str,
    pub backend: &'a str,
    pub version: Option<String>,
    pub detour: Option<String>,
}

/// How the command speaks: in words, or in one line of JSON for programs.
#[derive(Debug)]
pub struct Words {
    json: bool,
    colour: bool,
}

impl Words {
    pub fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let capable = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self { json, colour: wanted && capable && std::io::stderr().is_terminal() }
    }

    /// What was done, or what a person should know, in one line. Programs that asked for JSON are not told.
    pub fn say(&self, text: &str) {
        if !self.json {
            write(&format!("{}\n", plainly(text)));
        }
    }

    /// What was kept: a line of words, or for programs a line of JSON on standard output.
    pub fn kept(&self, text: &str, kept: &[Kept<'_>]) -> Result<(), Failure> {
        self.say(text);
        let detours = kept.iter().filter_map(|kept| Some((kept.name, kept.detour.as_ref()?)));
        for (name, detour) in detours {
            self.say(&format!("note: a step does not reach `{name}` by that name: write {detour}"));
        }
        if !self.json {
            return Ok(());
        }
        let mut page = Page::default();
        for kept in kept {
            page.push(format!(
                "{{\"name\":{},\"backend\":{},\"version\":{}}}\n",
                json_string(kept.name),
                json_string(kept.backend),
                kept.version.as_deref().map_or("null".to_owned(), json_string),
            ));
        }
        page.print()
    }

    /// Why the command failed.
    pub fn failure(&self, failure: &Failure) {
        match failure {
            Failure::ReaderGone => {}
            Failure::Clap(error) if !error.use_stderr() => {
                // Help and version are data. If nobody reads them, nobody misses them.
                let _ = std::io::stdout().write_all(error.to_string().as_bytes());
            }
            _ if self.json => write(&json(failure)),
            Failure::Clap(error) => write(&error.to_string()),
            Failure::Interrupted => write("\nnothing was changed\n"),
            Failure::Usage { message, help } => {
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

    fn problem(&self, origin: &str, message: &str, help: Option<&str>) {
        let [red, bold, plain] =
            if self.colour { ["\x1b[1;31m", "\x1b[1m", "\x1b[0m"] } else { [""; 3] };
        // A message may have lines of its own, and no other control characters.
        let lines = |text: &str| text.split('\n').map(plainly).collect::<Vec<_>>().join("\n");
        let (origin, message) = (plainly(origin), lines(message));
        let mut text = format!("{red}error:{plain} {origin}{message}\n");
        if let Some(help) = help {
            text.push_str(&format!("  {bold}help:{plain} {}\n", lines(help)));
        }
        write(&text);
    }
}

/// Returns what to do about a problem. What a program writes in its code is an option here, or cannot be.
fn help(problem: &Problem) -> Option<String> {
    Some(match problem.help_code() {
        Some(HelpCode::AllowOverride) => "use --allow-override if that is meant".to_owned(),
        Some(HelpCode::UnsetOrAllowOverride) => "unset it, or use --allow-override".to_owned(),
        Some(HelpCode::RegisterBackend { near, registered }) => {
            let near = near.as_ref().map(|near| format!("did you mean `{near}`? "));
            let types: Vec<_> = registered.iter().map(|kind| format!("`{kind}`")).collect();
            format!("{}the types here are {}", near.unwrap_or_default(), types.join(", "))
        }
        _ => problem.help()?.to_owned(),
    })
}

fn origin(problem: &Problem) -> String {
    match (problem.origin(), problem.backend()) {
        ("", None) => String::new(),
        ("", Some(backend)) => format!("{backend}: "),
        (origin, None) => format!("{origin}: "),
        (origin, Some(backend)) => format!("{origin} ({backend}): "),
    }
}

/// `{"error":{"kind":..,"problems":[..]}}` and a line break.
fn json(failure: &Failure) -> String {
    let (kind, problems) = match failure {
        Failure::Secrets(error) => {
            (error.kind().as_str(), error.problems().iter().map(problem_json).collect())
        }
        Failure::Usage { message, help } => {
            ("Usage", vec![one("Usage", "", message, help.as_deref())])
        }
        Failure::Clap(error) => {
            let text = error.to_string();
            let text = text.trim_start_matches("error: ");
            let (message, help) = text.split_once("\n\n").unwrap_or((text, ""));
            let help = Some(help.trim()).filter(|help| !help.is_empty());
            ("Usage", vec![one("Usage", "", message.trim(), help)])
        }
        Failure::Program { message, .. } => ("Other", vec![one("Other", "", message, None)]),
        Failure::Interrupted | Failure::ReaderGone => {
            ("Other", vec![one("Other", "", "it was interrupted", None)])
        }
    };
    let kind = json_string(kind);
    format!("{{\"error\":{{\"kind\":{kind},\"problems\":[{}]}}}}\n", problems.join(","))
}

/// A problem as JSON.
pub fn problem_json(p: &Problem) -> String {
    one(p.kind().as_str(), p.origin(), p.message(), help(p).as_deref())
}

fn one(kind: &str, source: &str, message: &str, help: Option<&str>) -> String {
    let or_null = |text: Option<&str>| text.map_or("null".to_owned(), json_string);
    format!(
        "{{\"kind\":{},\"source\":{},\"message\":{},\"help\":{}}}",
        json_string(kind),
        json_string(source),
        json_string(message),
        or_null(help),
    )
}

/// Standard error may be closed: nothing is lost by that but the words.
fn write(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
