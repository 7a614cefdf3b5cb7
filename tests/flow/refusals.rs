//! What a manifest cannot contain.

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox};

fn create(flow: &str, kind: &str, more: &[&str]) -> String {
    let arguments = [[kind, "create", "--only-yaml"].as_slice(), more].concat();
    let output = FlowSandbox::new().run(flow, &arguments);
    assert_eq!(output.stdout, "");
    output.failed(2)
}

#[test]
fn every_mistake_of_a_flow_is_in_one_message_before_anything_runs() {
    let sandbox = FlowSandbox::new();
    for arguments in [&["--help"][..], &["run"], &["show"], &[]] {
        let output = sandbox.run("wrong", arguments);
        assert_eq!(output.stdout, "", "{arguments:?}");
        let error = output.failed(2);
        for mistake in ["`wrong-name`", "`.retry(..)`", "`a-b`", "`nope`", "\"much\""] {
            assert!(error.contains(mistake), "{mistake}: {error}");
        }
    }
}

#[test]
fn the_nearest_command_is_suggested() {
    let sandbox = FlowSandbox::new();
    for (words, near) in [
        (["rn"].as_slice(), "'run'"),
        (&["rnu"], "'run'"),
        (&["shwo"], "'show'"),
        (&["argo-workflows", "crate"], "'create'"),
        (&["kube"], "'kubernetes'"),
    ] {
        let error = sandbox.run("dbflow", words).failed(2);
        let tips: Vec<_> = error.lines().filter(|line| line.contains("similar")).collect();
        assert!(matches!(tips.as_slice(), [tip] if tip.ends_with(near)), "{words:?}: {error}");
    }
}

#[test]
fn settings_are_checked_before_a_step_starts() {
    let sandbox = FlowSandbox::new();
    let output = sandbox.run("dbflow", &["--secrets-profile", "cluster", "run"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(5), ""), "{output:?}");
    assert!(
        output.stderr.starts_with("error: ") && output.stderr.contains("cluster"),
        "{output:?}"
    );
    assert!(!output.stderr.contains("load"), "{output:?}");
    let mut command = sandbox.command("dbflow", &["run", "--only", "load"]);
    let wrong = FlowOutput::of(command.env("SECRETS_TIMEOUT", "soon").env("SECRETS_GUARD", "of"));
    for name in ["SECRETS_TIMEOUT", "SECRETS_GUARD"] {
        assert!(wrong.stderr.contains(name) && !wrong.stderr.contains("load"), "{wrong:?}");
    }
    // What the steps get decides.
    command.args(["--set", "SECRETS_TIMEOUT=9", "--set", "SECRETS_GUARD="]);
    assert_eq!(FlowOutput::of(&mut command).ok(), "load | load has ***\n");
}

#[test]
fn every_mistake_of_a_deployment_is_in_one_message() {
    let options = [
        "--image",
        "a b",
        "--name",
        "A",
        "--namespace",
        "a.b",
        "--service-account",
        "_",
        "--schedule",
        "@daily",
        "--timezone",
        "Local",
        "--env",
        "VAULT_TOKEN=SeNtInEl",
        "--env",
        "URL=redis://:SeNtInEl@host",
        "--env",
        "NOT_SET_HERE",
        "--env-from-secret",
        "X=y",
        "--program",
        "a\nb",
    ];
    let error = create("dbflow", "argo-workflows", &options);
    for option in [
        "--image:",
        "--name:",
        "--namespace:",
        "--service-account:",
        "--schedule:",
        "--timezone:",
        "--program:",
    ] {
        assert!(error.contains(option), "{option}: {error}");
    }
    for name in ["VAULT_TOKEN", "URL", "NOT_SET_HERE", "X=SECRET/KEY"] {
        assert!(error.contains(name), "{name}: {error}");
    }
    assert!(error.starts_with("error: 11 mistakes:"), "{error}");
}

#[test]
fn a_long_name_has_no_schedule() {
    let name = "a".repeat(53);
    let options = ["--image", "i", "--name", &name, "--schedule", "* * * * *"];
    assert!(create("dbflow", "kubernetes", &options).contains("at most 52"));
}

#[test]
fn a_group_is_a_number_that_kubernetes_accepts() {
    for group in ["-1", "2147483648", "root"] {
        let group = format!("--fs-group={group}");
        let error = create("dbflow", "argo-workflows", &["--image", "i", &group]);
        assert!(error.contains("--fs-group"), "{error}");
    }
}

#[test]
fn a_time_zone_needs_a_schedule() {
    let error = create("dbflow", "argo-workflows", &["--image", "i", "--timezone", "UTC"]);
    assert!(error.contains("--schedule"), "{error}");
}

#[test]
fn placeholders_and_credentials_of_steps_are_refused() {
    let error = create("braces", "argo-workflows", &["--image", "{{image}}"]);
    assert!(error.contains("DB_PASSWORD is a credential"), "{error}");
    // The image of both steps, and the variable of one.
    assert_eq!(error.matches("`{{`").count(), 2, "{error}");
    assert!(error.contains(" and in one other place: Argo would replace it"), "{error}");
    let error = create("two-values", "kubernetes", &["--image", "i"]);
    assert!(error.contains("set the variable K to two values"), "{error}");
}

#[test]
fn values_of_inline_sources_are_refused_wherever_they_are() {
    let sandbox = FlowSandbox::new();
    let inline = r#"{"id":"a","type":"inline","options":{"env_vars":{"A":"SeNtInEl"}}}"#;
    let with = format!("secrets:sources=[{inline}]");
    let create = ["argo-workflows", "create", "--image", "i", "--only-yaml"];
    let refused = |output: FlowOutput| {
        let error = output.failed(2);
        assert!(error.contains("inline"), "{error}");
    };
    refused(sandbox.run("dbflow", &[["--with", &with].as_slice(), &create].concat()));
    refused(FlowOutput::of(sandbox.command("dbflow", &create).env("SECRETS_WITH", &with)));
    let sources = r#"{"prod-db":{"type":"inline","options":{"env_vars":{"A":"SeNtInEl"}}}}"#;
    refused(FlowOutput::of(sandbox.command("dbflow", &create).env("SECRETS_SOURCES", sources)));
    let variable = format!("SECRETS_WITH={with}");
    refused(sandbox.run("dbflow", &[create.as_slice(), &["--env", &variable]].concat()));
}

#[test]
fn secrets_of_one_folder_are_refused() {
    let sandbox = FlowSandbox::new();
    let sources = r#"{"prod-db":{"type":"file","id":"db","kubernetes_secret":"a"},"warehouse":{"type":"file","id":"db","kubernetes_secret":"b"}}"#;
    let create = |kind: &str| {
        let arguments = [kind, "create", "--image", "i", "--only-yaml"];
        FlowOutput::of(sandbox.command("dbflow", &arguments).env("SECRETS_SOURCES", sources))
    };
    // Each is in the pod of its own step.
    create("argo-workflows").ok();
    assert!(create("kubernetes").failed(2).contains("/run/secrets/db"));
}

#[test]
fn a_table_of_sources_is_not_a_variable_of_a_manifest() {
    for kind in ["argo-workflows", "kubernetes"] {
        let error = create("inline", kind, &["--image", "i"]);
        assert!(error.contains("step `load`: each pod gets a SECRETS_SOURCES"), "{error}");
    }
    let option = ["--image", "i", "--env-from-secret", "SECRETS_SOURCES=a/b"];
    let error = create("dbflow", "argo-workflows", &option);
    assert!(error.contains("--env-from-secret: each pod gets a SECRETS_SOURCES"), "{error}");
}
