use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox, WITH};

#[test]
fn a_step_has_the_exit_code_of_its_error() {
    let sandbox = FlowSandbox::new();
    // What its own resolution has failed with, whatever its error type keeps of it.
    let forgetful = sandbox.run("behaviour", &["step", "forgetful"]).failed(3);
    assert!(forgetful.contains("step `forgetful`: something is wrong"), "{forgetful}");
    // A field that the body has asked for in vain.
    assert_eq!(sandbox.run("dbflow", &["step", "report"]).code, Some(3));
    let body =
        FlowOutput::of(sandbox.command("behaviour", &["step", "a"]).env("DO_A", "fail no rows"));
    assert_eq!(body.failed(1), "error: step `a`: no rows\n");
    let invalid =
        FlowOutput::of(sandbox.command("dbflow", &["step", "load"]).env("SECRETS_TIMEOUT", "x"));
    assert_eq!(invalid.code, Some(5));
    for (what, code) in [("panic at once", 101), ("exit 7", 7)] {
        let run = FlowOutput::of(sandbox.command("behaviour", &["step", "a"]).env("DO_A", what));
        assert_eq!(run.code, Some(code), "{what}");
    }
}

#[test]
fn a_step_that_is_not_there_is_a_usage_error() {
    let sandbox = FlowSandbox::new();
    let error = sandbox.run("dbflow", &["step", "lod"]).failed(2);
    assert!(error.contains("did you mean `load`?"), "{error}");
    assert_eq!(sandbox.run("dbflow", &["stp", "load"]).code, Some(2));
    assert_eq!(sandbox.run("dbflow", &[]).code, Some(2));
}

#[test]
fn sources_are_attached_at_launch() {
    let sandbox = FlowSandbox::new();
    let arguments = [WITH.as_slice(), &["step", "report"]].concat();
    assert_eq!(sandbox.run("dbflow", &arguments).ok(), "report has ***\n");
}

#[test]
fn an_error_that_contains_a_secret_is_final() {
    let sandbox = FlowSandbox::new();
    // A `secrets.toml` decides too.
    let settings = [("", 4, "1"), ("guard = \"off\"\n", 1, "2")];
    for (file, code, attempts) in settings {
        sandbox.write("secrets.toml", file);
        for mode in [[].as_slice(), &["--in-process"]] {
            let output = sandbox.run("quoting", &[["run"].as_slice(), mode].concat());
            assert!(output.stderr.contains("no connection with ***"), "{output:?}");
            assert_eq!(output.stderr.contains("prod-db/password"), code == 4, "{output:?}");
            let row = format!("quote  exit code {code}  {attempts} ");
            assert!(output.stderr.lines().any(|line| line.starts_with(&row)), "{row}: {output:?}");
            output.failed(code);
        }
    }
}
