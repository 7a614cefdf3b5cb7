//! Mounted keys and certificates, and the paths that a platform sets.

use std::{fs, path::PathBuf, process::Command};

use crate::support::{CliOutput, Sandbox};

const PEM: &str = "-----BEGIN CERTIFICATE-----\r\nSeNtInEl\r\n-----END CERTIFICATE-----\r\n";

/// A folder with mounted files, and each variable that names such a folder.
fn mounted() -> (Sandbox, PathBuf, [(&'static str, &'static str); 3]) {
    let sandbox = Sandbox::new();
    let folder = sandbox.path().join("mounted");
    fs::create_dir_all(folder.join("tls")).unwrap();
    fs::write(folder.join("tls/cert"), PEM).unwrap();
    fs::write(folder.join("tls/password"), "SeNtInEl pw\r\n").unwrap();
    fs::write(folder.join("DeployKey"), "a\nSeNtInEl\n\n").unwrap();
    let places = [
        ("file", "SECRETS_FILE_DIR"),
        ("file", "CREDENTIALS_DIRECTORY"),
        ("flyte", "FLYTE_SECRETS_DEFAULT_DIR"),
    ];
    (sandbox, folder, places)
}

#[test]
fn a_certificate_keeps_its_line_breaks() {
    let (sandbox, folder, places) = mounted();
    sandbox.write("template", "{{cert.cert | json}} {{cert.password}}");
    for (backend, variable) in places {
        let config = format!("[sources.cert]\ntype = \"{backend}\"\nid = \"tls\"\n");
        sandbox.write("secrets.toml", config);
        let ok = |arguments: &[&str]| {
            let mut command = sandbox.command(arguments);
            let result = CliOutput::new(command.env(variable, &folder).output().unwrap());
            assert_eq!(result.code, Some(0), "{variable}: {result:?}");
            result.text()
        };
        let shell = "printf '%s|%s' \"$cert\" \"$password\"";
        let expected = format!("{PEM}|SeNtInEl pw");
        assert_eq!(ok(&["run", "cert", "--", "sh", "-c", shell]), expected);
        let deploy = format!("{backend}.DeployKey");
        let shell = "printf %s \"$DeployKey\"";
        assert_eq!(ok(&["run", &deploy, "--", "sh", "-c", shell]), "a\nSeNtInEl\n\n");
        let resolved: serde_json::Value =
            serde_json::from_str(&ok(&["resolve", "cert", "--format", "json", "--reveal"]))
                .unwrap();
        assert_eq!(resolved["env"]["cert"], PEM);
        assert_eq!(resolved["env"]["password"], "SeNtInEl pw");
        let filled = ok(&["render", "template"]);
        assert_eq!(filled, format!("{} SeNtInEl pw", serde_json::to_string(PEM).unwrap()));
    }
}

#[test]
fn a_key_of_open_ssh_is_one() {
    let (sandbox, folder, _) = mounted();
    let key = folder.join("ssh/key");
    fs::create_dir(folder.join("ssh")).unwrap();
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
    if !keygen.status().is_ok_and(|status| status.success()) {
        println!("`ssh-keygen` is missing: no key is tried");
        return;
    }
    let shell = "umask 077; printf %s \"$key\" > copy; ssh-keygen -y -f copy";
    let mut command = sandbox.command(["run", "file.ssh", "--", "sh", "-c", shell]);
    let result = CliOutput::new(command.env("SECRETS_FILE_DIR", &folder).output().unwrap());
    assert_eq!(result.code, Some(0), "{}", result.stderr);
    assert!(result.text().starts_with("ssh-ed25519 "));
}

#[test]
fn the_path_that_a_platform_has_set_is_no_collision() {
    let (sandbox, folder, places) = mounted();
    let requests = r#"[{"group": "tls", "key": "password", "mount_requirement": "FILE", "env_var": "TLS_PW"}]"#;
    let (own, other) = (folder.join("tls/password"), folder.join("tls/cert"));
    for (backend, variable) in places {
        let resolve = |path: &PathBuf| {
            let arguments = ["resolve", "--requests", requests, "--format", "json", "--reveal"];
            let mut command = sandbox.command(arguments);
            command.env("SECRETS_DEFAULT_BACKEND", backend).env(variable, &folder);
            CliOutput::new(command.env("TLS_PW", path).output().unwrap())
        };
        let result = resolve(&own);
        assert_eq!(result.code, Some(0), "{result:?}");
        let resolved: serde_json::Value = serde_json::from_str(&result.text()).unwrap();
        assert_eq!(resolved["secrets"]["tls"]["password"], "SeNtInEl pw");
        // The variable stays.
        assert_eq!(resolved["env"]["TLS_PW"], own.to_str().unwrap());
        assert_eq!(resolve(&other).json_kind(), "Collision");
        resolve(&PathBuf::from("/etc/hostname")).assert_fails(5);
    }
}
