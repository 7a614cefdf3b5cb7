//! Help, completions, manual pages and colour.

use crate::support::Sandbox;

#[test]
fn help_and_version_are_data() {
    let sandbox = Sandbox::new();
    for arguments in [&["--help"][..], &["--version"], &["register", "--help"], &["help", "run"]] {
        let result = sandbox.run(arguments);
        assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""), "{result:?}");
        assert!(result.text().contains("secrets"), "{result:?}");
    }
}

#[test]
fn completions_and_the_manual_are_printed() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(sandbox.ok(["completions", shell]).contains("register"), "{shell}");
    }
    assert!(sandbox.ok(["man"]).contains(".TH secrets 1"));
    assert!(sandbox.ok(["man", "register"]).contains("from\\-json"));
}

#[test]
fn nothing_is_coloured_unless_it_goes_to_a_terminal() {
    let sandbox = Sandbox::new();
    let result = sandbox.run(["get", "none"]);
    result.assert_fails(3);
    assert!(!result.stderr.contains('\x1b'), "{result:?}");
}

#[test]
fn completions_know_the_backends() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.ok(["completions", shell]);
        for kind in ["local", "env", "flyte"] {
            assert!(script.contains(kind), "{shell}: {kind}");
        }
        assert_eq!(script.contains("zenml"), cfg!(feature = "zenml"), "{shell}");
        assert!(!script.contains("az-key-vault"), "{shell}: it is not built in yet");
    }
    // A list of types is not refused.
    assert_eq!(sandbox.run(["list", "--backend", "local,env"]).code, Some(0));
    let bash = std::process::Command::new("bash")
        .args(["-c", "source /dev/stdin; COMP_WORDS=(secrets get db --backend pre); COMP_CWORD=4; _secrets secrets pre --backend; echo ${COMPREPLY[*]}"])
        .stdin(std::process::Stdio::from(std::fs::File::open({
            sandbox.write("bash", sandbox.ok(["completions", "bash"]));
            sandbox.path().join("bash")
        }).unwrap()))
        .output();
    // Not every machine has bash.
    if let Ok(output) = bash {
        assert_eq!(String::from_utf8_lossy(&output.stdout), "prefect\n");
    }
}

#[test]
fn help_has_examples_and_the_manual_its_sections() {
    let sandbox = Sandbox::new();
    for command in ["run", "render"] {
        let help = sandbox.ok([command, "--help"]);
        assert!(
            help.contains("Examples:") && help.contains(&format!("secrets {command} ")),
            "{help}"
        );
    }
    let run = sandbox.ok(["run", "--help"]);
    for option in ["--env ", "--env-file", "--requests", "--only", "--prefix", "--profile"] {
        assert!(run.contains(option), "{option}");
    }
    for page in [&["man"][..], &["man", "run"], &["man", "register"]] {
        let page = sandbox.ok(page);
        for section in ["EXAMPLES", "FILES", "ENVIRONMENT", "\"SEE ALSO\""] {
            assert_eq!(page.matches(&format!(".SH {section}\n")).count(), 1, "{section}: {page}");
        }
        assert!(page.contains("SECRETS_DEFAULT_BACKEND") && page.contains("secrets.toml"));
        // A line of text that starts with a dot would be a request.
        let requests =
            [".SH", ".TP", ".PP", ".RS", ".RE", ".TH", ".ie", ".el", ".br", ".SS", ".IP"];
        for line in page.lines().filter(|line| line.starts_with('.')) {
            assert!(requests.iter().any(|request| line.starts_with(request)), "{line}");
        }
    }
}

#[test]
fn the_help_of_trust_says_what_forget_takes_and_does() {
    let help = Sandbox::new().ok(["trust", "--help"]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "--forget Withdraw the trust in FILE",
        "or in the nearest secrets.toml",
        "no longer applies",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn every_command_takes_a_profile() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "secrets.toml",
        "[profile.one]\nlocal_dir = 'one'\n[profile.two]\nlocal_dir = 'two'\n",
    );
    let run = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env_remove("SECRETS_LOCAL_DIR").env("SECRETS_CONFIG", "secrets.toml");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["register", "db", "--a=SeNtInEl", "--profile", "one"]);
    run(&["--profile", "two", "register", "other", "--b=SeNtInEl"]);
    assert_eq!(run(&["list", "--profile=one"]), "db\n");
    assert_eq!(run(&["list", "--profile=two"]), "other\n");
    run(&["--profile=one", "update", "db", "--b=x"]);
    assert_eq!(run(&["get", "db", "b", "--reveal", "--profile=one"]), "x");
    assert_eq!(run(&["resolve", "db", "--profile=one"]), "a=***\nb=***\n");
    assert_eq!(run(&["run", "db", "--profile=one", "--", "sh", "-c", "echo $b"]), "x\n");
    run(&["check", "db", "--profile=one"]);
    run(&["rename", "db", "new", "--profile=one"]);
    run(&["export", "--all", "--profile=one", "--output", "out.json"]);
    run(&["import", "out.json", "--profile=two"]);
    run(&["delete", "new", "--yes", "--profile=one"]);
    assert_eq!(run(&["list", "--profile=one"]), "");
    assert!(run(&["doctor", "--profile=two"]).contains("two  (--profile)"));
    // A field with the name of the option is written after `--`.
    run(&["register", "p", "--profile=one", "--", "--profile=x"]);
    assert_eq!(run(&["get", "p", "profile", "--reveal", "--profile=one"]), "x");
}
