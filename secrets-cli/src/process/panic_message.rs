//! What is printed when the command panics. The text of a panic may quote a value, so it is not shown.

use std::panic::{self, Location};

use crate::output::reporter::Reporter;

/// Replaces the message of every panic from now on.
pub fn install(reporter: Reporter) {
    panic::set_hook(Box::new(move |panic| {
        reporter.internal_error(&message(panic.location()));
    }));
}

/// Says that the command is wrong, and not its user. The place is one of our own source.
fn message(place: Option<&Location<'_>>) -> String {
    let place = place.map(|place| format!(" ({}:{})", place.file(), place.line()));
    format!("this is a bug in `secrets` itself{}", place.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Set in the process that panics.
    const PANICS: &str = "SECRETS_TEST_PANICS";

    #[test]
    fn a_panic_shows_the_place_and_not_its_text() {
        let name = "process::panic_message::tests::a_panic_shows_the_place_and_not_its_text";
        if let Some(format) = std::env::var_os(PANICS) {
            install(Reporter::new(format == "json"));
            let value = String::from("SeNtInEl\nmore");
            let _ = &value[9..20];
        }
        for (format, expected) in [
            ("text", "error: this is a bug in `secrets` itself ("),
            ("json", "{\"error\":{\"kind\":\"Other\",\"problems\":[{\"kind\":\"Other\","),
        ] {
            let mut child = Command::new(std::env::current_exe().unwrap());
            let output = child.args([name, "--exact", "--nocapture"]).env(PANICS, format).output();
            let output = output.unwrap();
            assert!(!output.status.success());
            let (out, err) = (output.stdout, output.stderr);
            let text = String::from_utf8([out, err].concat()).unwrap();
            assert!(text.contains(expected) && text.contains("panic_message.rs:"), "{text}");
            assert!(!text.contains("SeNtInEl"), "{text}");
        }
    }
}
