use std::fs;

use crate::workspace::Workspace;

const STEPS: &str = r#"
use secrets_runtime::{Error, current_context, secrets};

#[secrets(sources = ["prod-db"])]
fn first() -> Result<(), Error> {
    current_context().secrets.get("prod-db", "user").map(|_| ())
}

#[secrets(sources = ["prod-db"])]
fn second() -> Result<(), Error> {
    Ok(())
}

fn main() {
    let _ = (first(), second());
}
"#;
const NONE: &str = "fn main() { let _ = secrets_runtime::try_current_context(); }";
const LOCK: &str = "version = 1\n[secrets]\n\"prod-db\" = [\"password\", \"user\"]\n";

#[test]
fn a_changed_file_compiles_what_depends_on_it_and_nothing_else() {
    let workspace =
        Workspace::new("rebuilds", &[("app", STEPS), ("other", STEPS), ("plain", NONE)]);
    workspace.write("app/secrets.lock", LOCK);
    workspace.write("secrets.lock", LOCK);
    assert!(workspace.build(None).is_ok);
    workspace.build(None).assert_compiled(&[]);
    // The nearest file is the crate's own.
    let of_app = format!("{LOCK}\"api\" = \"text\"\n");
    workspace.write("app/secrets.lock", &of_app);
    workspace.build(None).assert_compiled(&["app"]);
    workspace.write("secrets.lock", &of_app);
    workspace.build(None).assert_compiled(&["other"]);
    workspace.build(None).assert_compiled(&[]);

    // A name that is gone is found by the next build.
    workspace.write("secrets.lock", LOCK.replace("\"user\"", "\"usr\""));
    let build = workspace.build(None);
    assert_eq!(build.errors.len(), 1, "{:?}", build.errors);
    assert!(build.errors[0].contains("has no key \"user\""), "{:?}", build.errors);
    // Switched off, nothing is opened; the variable is part of what a crate depends on.
    workspace.build(Some("off")).assert_compiled(&["app", "other"]);
    workspace.build(Some("off")).assert_compiled(&[]);
    workspace.write("secrets.lock", "no lock");
    workspace.build(Some("off")).assert_compiled(&[]);
    // A path begins at the package.
    workspace.write("app/own.lock", LOCK);
    workspace.write("other/own.lock", LOCK);
    workspace.build(Some("own.lock")).assert_compiled(&["app", "other"]);
    workspace.write("other/own.lock", &of_app);
    workspace.build(Some("own.lock")).assert_compiled(&["other"]);

    // The programs know nothing of the file.
    workspace.write("secrets.lock", LOCK);
    assert!(workspace.build(None).is_ok);
    for name in ["app", "other"] {
        let program = fs::read(workspace.program(name)).unwrap();
        for text in ["secrets.lock", "own.lock", "version = 1\n[secrets]"] {
            let has = program.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(!has, "{name} contains {text:?}");
        }
    }
}
