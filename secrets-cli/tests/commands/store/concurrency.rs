//! Several commands at one moment: whatever exits 0 has happened, as if they had run one after another.

use std::process::Stdio;

use crate::support::{CliOutput, Sandbox};

/// How often each case is tried.
const ROUNDS: usize = 6;

/// Starts all of these at once. Returns their exit codes.
fn at_once(sandbox: &Sandbox, commands: &[Vec<String>]) -> Vec<i32> {
    let start = |arguments: &Vec<String>| {
        let mut command = sandbox.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = commands.iter().map(start).collect();
    let wait = |child: std::process::Child| CliOutput::new(child.wait_with_output().unwrap());
    let outputs: Vec<CliOutput> = children.into_iter().map(wait).collect();
    for output in &outputs {
        assert!(!output.stderr.contains("SeNtInEl"), "a value is shown: {output:?}");
    }
    outputs.iter().map(|output| output.code.unwrap()).collect()
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn revealed(sandbox: &Sandbox, name: &str) -> String {
    sandbox.ok(["get", name, "--reveal"])
}

/// Returns whether a command found the secret, and what it has then.
fn get(sandbox: &Sandbox, name: &str) -> Option<String> {
    let result = sandbox.run(["get", name, "--reveal"]);
    assert!(matches!(result.code, Some(0 | 3)), "{result:?}");
    (result.code == Some(0)).then(|| result.text())
}

#[test]
fn every_field_whose_update_succeeds_is_there() {
    for round in 0..ROUNDS {
        let sandbox = Sandbox::new();
        sandbox.ok(["register", "db", "--old=SeNtInEl"]);
        let count = if round % 2 == 0 { 8 } else { 2 };
        let commands: Vec<_> = (0..count)
            .map(|number| match round % 3 {
                0 => {
                    let json = format!("{number}.json");
                    sandbox.write(&json, format!(r#"{{"f{number}": "v{number}"}}"#));
                    words(&format!("update db --from-json {json}"))
                }
                _ => words(&format!("update db --f{number}=v{number}")),
            })
            .chain([words("update db --remove old")])
            .collect();
        assert_eq!(at_once(&sandbox, &commands), vec![0; count + 1]);
        let mut lines: Vec<_> = revealed(&sandbox, "db").lines().map(str::to_owned).collect();
        lines.sort();
        let expected: Vec<_> = (0..count).map(|number| format!("f{number}=v{number}")).collect();
        assert_eq!(lines, expected);
    }
}

#[test]
fn of_several_first_registers_one_succeeds_and_the_value_is_its_own() {
    for round in 0..ROUNDS {
        let sandbox = Sandbox::new();
        let count = if round % 2 == 0 { 12 } else { 2 };
        let commands: Vec<_> = (0..count)
            .map(|number| match round % 3 {
                0 => {
                    let json = format!("{number}.json");
                    sandbox.write(&json, format!(r#"{{"v": "{number}"}}"#));
                    words(&format!("register same --from-json {json}"))
                }
                _ => words(&format!("register same --v={number}")),
            })
            .collect();
        let codes = at_once(&sandbox, &commands);
        let winner = codes.iter().position(|code| *code == 0).unwrap();
        let others = codes.iter().filter(|code| **code == 5).count();
        assert_eq!(others, count - 1, "{codes:?}");
        assert_eq!(revealed(&sandbox, "same"), format!("v={winner}\n"));
    }
}

#[test]
fn sixteen_first_secrets_have_one_key() {
    let sandbox = Sandbox::new();
    let commands: Vec<_> = (0..16).map(|n| words(&format!("register s{n} --v={n}"))).collect();
    assert_eq!(at_once(&sandbox, &commands), [0; 16]);
    for number in 0..16 {
        assert_eq!(revealed(&sandbox, &format!("s{number}")), format!("v={number}\n"));
    }
}

#[test]
fn a_rename_loses_no_value_and_what_is_renamed_does_not_come_back() {
    for _ in 0..ROUNDS {
        let sandbox = Sandbox::new();
        for name in ["a", "b", "c", "d", "e"] {
            sandbox.ok(["register", name, &format!("--v={name}")]);
        }
        // Two go to one name.
        let codes = at_once(&sandbox, &[words("rename a x"), words("rename b x")]);
        assert!(codes == [0, 5] || codes == [5, 0], "{codes:?}");
        let (won, lost) = if codes[0] == 0 { ("a", "b") } else { ("b", "a") };
        assert_eq!(revealed(&sandbox, "x"), format!("v={won}\n"));
        assert_eq!(revealed(&sandbox, lost), format!("v={lost}\n"));
        assert_eq!(get(&sandbox, won), None);
        // One goes to two names.
        let codes = at_once(&sandbox, &[words("rename c y"), words("rename c z")]);
        assert!(codes == [0, 3] || codes == [3, 0], "{codes:?}");
        let names = ["c", "y", "z"].map(|name| get(&sandbox, name));
        assert_eq!(names.iter().flatten().collect::<Vec<_>>(), ["v=c\n"]);
        assert_eq!(names[0], None);
        // It is changed meanwhile.
        let codes = at_once(&sandbox, &[words("rename d w"), words("update d --new=n")]);
        assert!(codes[0] == 0 && [0, 3].contains(&codes[1]), "{codes:?}");
        let expected = if codes[1] == 0 { "v=d\nnew=n\n" } else { "v=d\n" };
        assert_eq!((get(&sandbox, "d"), revealed(&sandbox, "w").as_str()), (None, expected));
        // The name is taken meanwhile, and the secret deleted.
        let codes = at_once(
            &sandbox,
            &[words("rename e f"), words("register f --v=other"), words("delete e --yes")],
        );
        assert_eq!(get(&sandbox, "e"), None, "{codes:?}");
        match codes[..] {
            [0, 5, 3] => assert_eq!(revealed(&sandbox, "f"), "v=e\n"),
            [3 | 5, 0, 0] => assert_eq!(revealed(&sandbox, "f"), "v=other\n"),
            _ => panic!("{codes:?}"),
        }
    }
}

#[test]
fn a_deleted_secret_stays_deleted() {
    for _ in 0..ROUNDS {
        let sandbox = Sandbox::new();
        for name in ["a", "b", "c"] {
            sandbox.ok(["register", name, "--v=SeNtInEl"]);
        }
        let codes = at_once(&sandbox, &[words("delete a --yes"), words("update a --new=n")]);
        assert!(codes[0] == 0 && [0, 3].contains(&codes[1]), "{codes:?}");
        assert_eq!(get(&sandbox, "a"), None);
        let codes = at_once(&sandbox, &[words("delete b c --yes"), words("delete c --yes")]);
        assert!(codes == [0, 3] || codes == [3, 0], "{codes:?}");
        // All of them or none.
        assert_eq!(get(&sandbox, "b").is_some(), codes[0] == 3);
        assert_eq!(get(&sandbox, "c"), None);
    }
}

#[test]
fn an_import_and_updates_of_its_secrets_come_one_after_another() {
    for round in 0..ROUNDS {
        let sandbox = Sandbox::new();
        let count = if round % 2 == 0 { 1 } else { 4 };
        let json: Vec<_> = (0..count).map(|n| format!(r#""s{n}": {{"v": "new"}}"#)).collect();
        sandbox.write("all.json", format!("{{{}}}", json.join(", ")));
        for number in 0..count {
            sandbox.ok(["register", &format!("s{number}"), "--v=old"]);
        }
        let updates = (0..count).map(|number| words(&format!("update s{number} --x=1")));
        let commands: Vec<_> = [words("import all.json")].into_iter().chain(updates).collect();
        assert_eq!(at_once(&sandbox, &commands), vec![0; count + 1]);
        for number in 0..count {
            // The update came first and was replaced by the import, or it came last.
            let found = revealed(&sandbox, &format!("s{number}"));
            assert!(found == "v=new\n" || found == "v=new\nx=1\n", "{found}");
        }
    }
}

#[test]
fn an_export_leaves_out_what_has_gone_and_finds_what_was_renamed() {
    let sandbox = Sandbox::new();
    for name in ["stays", "moves-0"] {
        sandbox.ok(["register", name, "--v=SeNtInEl"]);
    }
    for number in 0..30 {
        let commands = [
            words("export --all"),
            words(&format!("rename moves-{number} moves-{}", number + 1)),
            words(&format!("register other-{number} --v=1")),
        ];
        let start = |arguments: &Vec<String>| {
            let mut command = sandbox.command(arguments);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<_> = commands.iter().map(start).collect();
        let outputs: Vec<_> = children
            .into_iter()
            .map(|child| CliOutput::new(child.wait_with_output().unwrap()))
            .collect();
        assert!(outputs.iter().all(|output| output.code == Some(0)), "{outputs:?}");
        let exported: serde_json::Value = serde_json::from_slice(&outputs[0].stdout).unwrap();
        let names: Vec<_> = exported.as_object().unwrap().keys().collect();
        assert!(names.iter().any(|name| *name == "stays"), "{names:?}");
        assert!(names.iter().any(|name| name.starts_with("moves-")), "{names:?}");
        sandbox.ok(["delete", &format!("other-{number}"), "--yes"]);
    }
}
