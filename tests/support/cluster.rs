//! The API server of Kubernetes that `cargo xtask test kubernetes` has started (`SECRETS_TEST_KUBERNETES`).

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::http;

/// An API server, with a `kubectl proxy` whose user may do everything.
pub struct Cluster {
    /// Addresses and paths, as `xtask` has written them.
    description: Value,
}

impl Cluster {
    /// The server; `None` if it is not started.
    ///
    /// # Panics
    ///
    /// If its description cannot be read.
    pub fn start() -> Option<Self> {
        let file = http::server("SECRETS_TEST_KUBERNETES")?;
        let text = fs::read_to_string(file).expect("xtask describes it");
        Some(Self { description: serde_json::from_str(&text).expect("JSON") })
    }

    fn text(&self, name: &str) -> &str {
        self.description[name].as_str().expect("a text")
    }

    /// The address of `kubectl proxy`.
    pub fn proxy(&self) -> &str {
        self.text("proxy")
    }

    /// The address of etcd.
    pub fn etcd(&self) -> &str {
        self.text("etcd")
    }

    /// The port of the server itself at 127.0.0.1, which has TLS.
    pub fn port(&self) -> String {
        self.description["port"].to_string()
    }

    /// Its certificate, and that of the CA which has signed it.
    pub fn certificate(&self) -> PathBuf {
        self.text("certificate").into()
    }

    /// The private key that signs the tokens of its service accounts.
    pub fn signing_key(&self) -> PathBuf {
        self.text("signing_key").into()
    }

    /// The definitions of Argo's resources, if there are any.
    pub fn argo(&self) -> Option<PathBuf> {
        let file = self.description["argo"].as_str().map(PathBuf::from);
        if file.is_none() {
            println!("skipped: SECRETS_TEST_ARGO_CRDS is not set");
        }
        file
    }

    /// The folder of `kubectl`, and its configuration.
    pub fn kubectl(&self) -> (PathBuf, PathBuf) {
        (self.text("programs").into(), self.text("kubeconfig").into())
    }

    /// Asks as one who may do everything.
    pub fn admin(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        http::ask(self.proxy(), method, path, "content-type: application/json\r\n", &body)
    }

    /// Asks for a path with this token. The answer is a status and a text.
    pub fn ask(&self, token: &str, path: &str) -> (u16, String) {
        let headers = format!("authorization: Bearer {token}\r\naccept: application/json\r\n");
        http::request(self.proxy(), "GET", path, &headers, "")
    }

    /// Creates an object, unless it is there already.
    ///
    /// # Panics
    ///
    /// If it is refused.
    #[track_caller]
    pub fn create(&self, path: &str, object: &Value) {
        let (status, answer) = self.admin("POST", path, object);
        assert!([201, 409].contains(&status), "{path}: {status} {answer}");
    }

    /// Creates a namespace, unless it is there already.
    pub fn namespace(&self, name: &str) {
        self.create("/api/v1/namespaces", &json!({ "metadata": { "name": name } }));
    }

    /// Creates a Secret whose data is a text for each name, unless it is there already.
    pub fn secret(&self, namespace: &str, name: &str, data: &Value) {
        let secret = json!({ "metadata": { "name": name }, "stringData": data });
        self.create(&format!("/api/v1/namespaces/{namespace}/secrets"), &secret);
    }

    /// Creates a service account that may `get` these Secrets and do nothing else, and returns a token of it.
    ///
    /// # Panics
    ///
    /// If the server makes no token.
    pub fn account(&self, namespace: &str, name: &str, secrets: &[&str]) -> String {
        let below = |what: &str| format!("/api/v1/namespaces/{namespace}/{what}");
        let rbac = |what: &str| {
            format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/{what}")
        };
        let metadata = json!({ "name": name });
        self.create(&below("serviceaccounts"), &json!({ "metadata": metadata }));
        let rule = json!({
            "apiGroups": [""], "resources": ["secrets"], "resourceNames": secrets, "verbs": ["get"],
        });
        if !secrets.is_empty() {
            self.create(&rbac("roles"), &json!({ "metadata": metadata, "rules": [rule] }));
            let group = "rbac.authorization.k8s.io";
            let binding = json!({
                "metadata": metadata,
                "roleRef": { "apiGroup": group, "kind": "Role", "name": name },
                "subjects": [{ "kind": "ServiceAccount", "namespace": namespace, "name": name }],
            });
            self.create(&rbac("rolebindings"), &binding);
            secrets.iter().for_each(|secret| self.wait_until_permitted(namespace, name, secret));
        }
        let request = json!({ "spec": { "expirationSeconds": 3600 } });
        let path = below(&format!("serviceaccounts/{name}/token"));
        let (status, answer) = self.admin("POST", &path, &request);
        assert_eq!(status, 201, "{answer}");
        answer["status"]["token"].as_str().expect("a token").to_owned()
    }

    /// Waits until the server has taken note of a role.
    fn wait_until_permitted(&self, namespace: &str, account: &str, secret: &str) {
        let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {
            "user": format!("system:serviceaccount:{namespace}:{account}"),
            "resourceAttributes": {
                "namespace": namespace, "verb": "get", "resource": "secrets", "name": secret,
            },
        } });
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let start = Instant::now();
        while self.admin("POST", path, &review).1["status"]["allowed"] != true {
            assert!(start.elapsed() < Duration::from_secs(30), "{account} may read {secret}");
        }
    }

    /// The command `kubectl`, as one who may do everything.
    pub fn kubectl_command(&self) -> Command {
        let (programs, config) = self.kubectl();
        let mut command = Command::new(programs.join("kubectl"));
        command.arg("--kubeconfig").arg(config);
        command
    }
}
