use std::{fs, path::Path};

use crate::sandbox::{Sandbox, tool};

#[test]
fn dagster_has_the_asset() {
    let Some(python) = tool("SECRETS_TEST_PYTHON_DAGSTER") else { return };
    let sandbox = Sandbox::new();
    let home = sandbox.engine().join("home");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("dagster.yaml"), "telemetry:\n  enabled: false\n").unwrap();
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets.py");
    let mut command = sandbox.command(python);
    // So that nothing is written beside the sources.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.args(["-m", "dagster", "asset", "materialize", "--select", "rows", "-f"]).arg(assets);
    command.env("DAGSTER_HOME", &home).env("LOADER", env!("CARGO_BIN_EXE_dagster"));
    sandbox.run(&mut command);
    sandbox.assert_has_no_secret();
}
