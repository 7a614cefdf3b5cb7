//! A recording program in the place of the user's `kubectl`.

use std::fs;

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox};

const RECORDING: &str = r#"
echo "$*" >> calls
case "$*" in
"config current-context") echo kind-test ;;
config*) echo jobs ;;
*) cat > manifest.yaml; echo applied ;;
esac"#;

const CREATE: [&str; 4] = ["argo-workflows", "create", "--image", "i:1"];

#[test]
fn a_manifest_is_applied_after_saying_where() {
    let sandbox = FlowSandbox::new();
    let path = sandbox.program("kubectl", RECORDING);
    let output = FlowOutput::of(sandbox.command("dbflow", &CREATE).env("PATH", &path));
    let said = output.stderr.find("context kind-test, namespace jobs").expect("it says where");
    assert!(said > 0 && output.stdout == "applied\n", "{output:?}");
    let calls = fs::read_to_string(sandbox.path().join("calls")).unwrap();
    assert_eq!(calls.lines().last(), Some("apply -f -"), "{calls}");
    let printed = sandbox.run("dbflow", &[CREATE.as_slice(), &["--only-yaml"]].concat()).ok();
    assert_eq!(fs::read_to_string(sandbox.path().join("manifest.yaml")).unwrap(), printed);

    let trigger = ["argo-workflows", "trigger", "--namespace", "other"];
    let output = FlowOutput::of(sandbox.command("dbflow", &trigger).env("PATH", &path));
    assert!(output.stderr.contains("namespace other"), "{output:?}");
    let calls = fs::read_to_string(sandbox.path().join("calls")).unwrap();
    assert_eq!(calls.lines().last(), Some("create -f -"), "{calls}");
}

#[test]
fn its_own_words_and_its_exit_code_are_passed_on() {
    let sandbox = FlowSandbox::new();
    let path = sandbox.program("kubectl", "echo 'no such host' >&2; exit 9");
    let output = FlowOutput::of(sandbox.command("dbflow", &CREATE).env("PATH", path));
    assert!(output.failed(9).ends_with("no such host\n"));
}

#[test]
fn without_kubectl_the_manifest_can_be_printed() {
    let sandbox = FlowSandbox::new();
    let output = FlowOutput::of(sandbox.command("dbflow", &CREATE).env("PATH", sandbox.path()));
    assert!(output.failed(127).contains("--only-yaml"));
}

#[test]
fn nothing_is_contacted_to_print() {
    let sandbox = FlowSandbox::new();
    let path = sandbox.program("kubectl", RECORDING);
    for option in ["--only-yaml", "--only-json"] {
        let create = [CREATE.as_slice(), &[option]].concat();
        FlowOutput::of(sandbox.command("dbflow", &create).env("PATH", &path)).ok();
    }
    assert!(!sandbox.path().join("calls").exists());
}
