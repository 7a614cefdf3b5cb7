//! The Roles that `policy` prints, on a real API server (`SECRETS_TEST_KUBERNETES`, which `cargo xtask test kubernetes` starts).

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    commands::program::{policy, step},
    support::{CliOutput, Sandbox},
};

/// The server, as `xtask` has described it.
struct Cluster(Value);

impl Cluster {
    fn start() -> Option<Self> {
        let Ok(file) = std::env::var("SECRETS_TEST_KUBERNETES") else {
            println!("skipped: SECRETS_TEST_KUBERNETES is not set");
            return None;
        };
        Some(Self(serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()))
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    /// Runs `kubectl` as one who may do everything. Returns whether it succeeds, and what it prints.
    fn kubectl(&self, arguments: &[&str], input: &str) -> (bool, String) {
        let mut command = Command::new(Path::new(self.text("programs")).join("kubectl"));
        command.arg("--kubeconfig").arg(self.text("kubeconfig")).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str], input: &str) -> String {
        let (is_ok, text) = self.kubectl(arguments, input);
        assert!(is_ok, "{arguments:?}: {text}");
        text
    }

    /// Waits until the server knows whether the account may read a Secret.
    #[track_caller]
    fn wait(&self, namespace: &str, secret: &str, may: bool) {
        let secret = format!("secret/{secret}");
        let account = "--as=system:serviceaccount:policy-jobs:runner";
        let asked = ["auth", "can-i", "get", &secret, "-n", namespace, account, "--quiet"];
        let start = Instant::now();
        while self.kubectl(&asked, "").0 != may {
            assert!(start.elapsed() < Duration::from_secs(30), "{secret} of {namespace}");
        }
    }
}

/// Runs `check` in a pod of the account.
fn check(cluster: &Cluster, sandbox: &Sandbox, source: &str) -> CliOutput {
    let mut command = sandbox.command(["check", "--level", "SECRET_EXISTS", source]);
    command
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", cluster.0["port"].to_string())
        .env("SECRETS_KUBERNETES_DIR", sandbox.path().join("account"));
    CliOutput::new(command.output().unwrap())
}

#[test]
fn the_roles_permit_what_the_steps_read_and_nothing_else() {
    let Some(cluster) = Cluster::start() else { return };
    let sandbox = policy::program(&[
        step("load", r#"[{"id":"db","type":"kubernetes"}]"#),
        step("send", r#"[{"id":"policy-team/api","type":"kubernetes"}]"#),
    ]);
    for namespace in ["policy-jobs", "policy-team"] {
        let object =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
        cluster.ok(&["apply", "-f", "-"], &object.to_string());
        for name in ["db", "api", "other"] {
            let secret = json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name },
                "stringData": { "x": "SeNtInEl" },
            });
            cluster.ok(&["-n", namespace, "apply", "-f", "-"], &secret.to_string());
        }
    }
    let account =
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "runner" } });
    cluster.ok(&["-n", "policy-jobs", "apply", "-f", "-"], &account.to_string());
    let arguments = ["--format=kubernetes", "--namespace=policy-jobs", "--service-account=runner"];
    let roles = policy::text(&sandbox, &arguments);
    cluster.ok(&["apply", "-f", "-"], &roles);
    // The token and the certificate, as they are in a pod.
    let folder = sandbox.path().join("account");
    fs::create_dir(&folder).unwrap();
    let request = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": { "expirationSeconds": 3600 },
    });
    let path = "/api/v1/namespaces/policy-jobs/serviceaccounts/runner/token";
    let answer = cluster.ok(&["create", "--raw", path, "-f", "-"], &request.to_string());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    fs::write(folder.join("token"), answer["status"]["token"].as_str().unwrap()).unwrap();
    fs::write(folder.join("namespace"), "policy-jobs").unwrap();
    fs::copy(cluster.text("certificate"), folder.join("ca.crt")).unwrap();

    cluster.wait("policy-jobs", "db", true);
    cluster.wait("policy-team", "api", true);
    for permitted in ["kubernetes.db", "kubernetes.policy-team/api"] {
        let result = check(&cluster, &sandbox, permitted);
        assert_eq!(result.code, Some(0), "{permitted}: {result:?}");
    }
    for other in ["kubernetes.api", "kubernetes.other", "kubernetes.policy-team/db"] {
        let result = check(&cluster, &sandbox, other);
        assert_eq!(result.code, Some(4), "{other}: {result:?}");
        assert!(!result.stderr.contains("SeNtInEl"), "{result:?}");
    }
    // With one name less it is denied.
    cluster.ok(&["apply", "-f", "-"], &roles.replace("\"db\"", "\"another\""));
    cluster.wait("policy-jobs", "db", false);
    assert_eq!(check(&cluster, &sandbox, "kubernetes.db").code, Some(4));
}
