//! Credentials and addresses of servers, from variables and files.

use std::ffi::{OsStr, OsString};

use crate::support::{CliOutput, Sandbox};

/// An address at which nothing listens.
const NOWHERE: &str = "http://127.0.0.1:1";

/// A variable and its value.
type Set<'a> = (&'a str, &'a OsStr);

fn get(sandbox: &Sandbox, backend: &str, variables: &[Set<'_>]) -> CliOutput {
    let name = if backend == "vault" { "secret/db" } else { "db" };
    let mut command = sandbox.command(["get", name, "--backend", backend]);
    command.envs(variables.iter().copied());
    let result = CliOutput::new(command.output().unwrap());
    result.assert_fails(5);
    assert!(!result.stderr.contains("InEl"), "{result:?}");
    result
}

/// Bytes that are not UTF-8.
#[cfg(unix)]
fn no_text() -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(b"SeNt\xffInEl".to_vec())
}

#[cfg(unix)]
#[test]
fn a_credential_with_a_wrong_content_is_named_by_its_place() {
    let sandbox = Sandbox::new();
    let (broken, accent) = (OsString::from("SeNt\nInEl"), OsString::from("SeNt\u{e9}InEl"));
    let (flaws, no_text) = (["has a line break", "has a character that is not ASCII"], no_text());
    let url = OsStr::new(NOWHERE);
    let vault = ("SECRETS_VAULT_ADDR", url);
    let mut cases: Vec<(&str, Vec<Set<'_>>, String)> = Vec::new();
    for (value, flaw) in [(&broken, flaws[0]), (&accent, flaws[1]), (&no_text, flaws[1])] {
        let value = value.as_os_str();
        if cfg!(feature = "vault") {
            for variable in ["BAO_TOKEN", "VAULT_TOKEN"] {
                let message = format!("the token for Vault in {variable} {flaw}");
                cases.push(("vault", vec![vault, (variable, value)], message));
            }
        }
        if cfg!(feature = "prefect") {
            let message = format!("the key for Prefect's API in PREFECT_API_KEY {flaw}");
            let variables = vec![("PREFECT_API_URL", url), ("PREFECT_API_KEY", value)];
            cases.push(("prefect", variables, message));
        }
        if cfg!(feature = "aws-agent") {
            for variable in ["AWS_TOKEN", "AWS_SESSION_TOKEN"] {
                let variables =
                    vec![("SECRETS_AWS_TRANSPORT", OsStr::new("agent")), (variable, value)];
                let message = format!("the token of the AWS agent in {variable} {flaw}");
                cases.push(("aws-secrets-manager", variables, message));
            }
        }
    }
    if cfg!(feature = "prefect") {
        let cloud = [
            ("PREFECT__BACKEND", OsStr::new("cloud")),
            ("PREFECT__CLOUD__USE_LOCAL_SECRETS", OsStr::new("false")),
            ("PREFECT__CLOUD__API", url),
        ];
        let key = [("PREFECT__CLOUD__API_KEY", broken.as_os_str())];
        let message = "the key for Prefect's Cloud in PREFECT__CLOUD__API_KEY has a line";
        cases.push(("prefect", [&cloud[..], &key].concat(), message.to_owned()));
        let tenant = [
            ("PREFECT__CLOUD__API_KEY", OsStr::new("SeNtInEl")),
            ("PREFECT__CLOUD__TENANT_ID", &*broken),
        ];
        let message = "the tenant of Prefect's Cloud in PREFECT__CLOUD__TENANT_ID has a";
        cases.push(("prefect", [&cloud[..], &tenant].concat(), message.to_owned()));
    }
    if cfg!(feature = "zenml") {
        let variables = vec![("SECRETS_ZENML_URL", url), ("SECRETS_ZENML_PASSWORD", &*no_text)];
        let message = "the password for ZenML in SECRETS_ZENML_PASSWORD is not UTF-8";
        cases.push(("zenml", variables, message.to_owned()));
    }
    if cfg!(feature = "vault") {
        let role_id = vec![vault, ("SECRETS_VAULT_ROLE_ID", &*no_text)];
        let message = "the role id for Vault in SECRETS_VAULT_ROLE_ID is not UTF-8";
        cases.push(("vault", role_id, message.to_owned()));
    }
    for (backend, variables, message) in cases {
        let result = get(&sandbox, backend, &variables);
        assert!(result.stderr.contains(&message), "{message}: {result:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_with_a_wrong_credential_is_named() {
    let sandbox = Sandbox::new();
    let path = |name: &str| sandbox.path().join(name).display().to_string();
    let (home, folder) = (path(".vault-token"), path("token"));
    let url = OsStr::new(NOWHERE);
    let token = OsString::from(format!("file://{folder}"));
    let here = sandbox.path().as_os_str().to_owned();
    sandbox.write("namespace", "default");
    for (content, flaw) in [
        (&b"SeNt\nInEl\n"[..], "has a line break"),
        (b"SeNt\xc3\xa9InEl\n", "has a character that is not ASCII"),
        (b" \n", "empty"),
    ] {
        sandbox.write(".vault-token", content);
        sandbox.write("token", content);
        if cfg!(feature = "vault") {
            let result = get(&sandbox, "vault", &[("SECRETS_VAULT_ADDR", url)]);
            assert!(result.stderr.contains(&home) && result.stderr.contains(flaw), "{result:?}");
        }
        if cfg!(feature = "kubernetes") {
            let variables = [("SECRETS_KUBERNETES_URL", url), ("SECRETS_KUBERNETES_DIR", &here)];
            let result = get(&sandbox, "kubernetes", &variables);
            assert!(result.stderr.contains(&folder) && result.stderr.contains(flaw), "{result:?}");
        }
        if cfg!(feature = "aws-agent") {
            let variables = [("SECRETS_AWS_TRANSPORT", OsStr::new("agent")), ("AWS_TOKEN", &token)];
            let result = get(&sandbox, "aws-secrets-manager", &variables);
            assert!(result.stderr.contains(&folder) && result.stderr.contains(flaw), "{result:?}");
        }
    }
}

/// An address is not secret, and its row and that of its backend agree.
#[cfg(feature = "vault")]
#[test]
fn doctor_shows_an_address_without_the_credentials_in_it() {
    let sandbox = Sandbox::new();
    let doctor = |format: &str, address: &str| {
        let mut command = sandbox.command(["doctor", format]);
        command.env("SECRETS_VAULT_ADDR", address).env("VAULT_TOKEN", "SeNtInEl");
        let result = CliOutput::new(command.output().unwrap());
        assert!(!format!("{result:?}").contains("SeNtInEl"), "{result:?}");
        result.text()
    };
    for address in ["http://127.0.0.1:1", "http://ada:SeNtInEl@127.0.0.1:1"] {
        let text = doctor("--format=text", address);
        let row = text.lines().find(|line| line.contains("SECRETS_VAULT_ADDR ")).unwrap();
        assert!(row.ends_with("  http://127.0.0.1:1  (SECRETS_VAULT_ADDR)"), "{row}");
        let json: serde_json::Value =
            serde_json::from_str(&doctor("--format=json", address)).unwrap();
        let place = |list: &str, name: &str, of: &str, wanted: &str| {
            let all = json[list].as_array().unwrap();
            all.iter().find(|one| one[name] == of).unwrap()[wanted].as_str().unwrap().to_owned()
        };
        let value = place("settings", "name", "SECRETS_VAULT_ADDR", "value");
        assert_eq!(value, "http://127.0.0.1:1");
        let backend = place("backends", "type", "vault", "place");
        assert!(backend.contains(&value), "{backend}");
    }
    assert!(doctor("--format=text", "SeNtInEl").contains("set, not shown  (SECRETS_VAULT_ADDR)"));
}
