//! `policy`, against a server that enforces policies: with what it prints every step runs, and with any one statement less
//! one step is denied.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::Command,
};

use secrets_runtime::{Error, current_context, secrets};
use serde_json::{Value, json};

use crate::support::Sandbox;

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";
const READER: &str = "arn:aws:iam::123456789012:role/Reader";
const BATCHER: &str = "arn:aws:iam::123456789012:role/team/Batcher";
const EXTERNAL_ID: &str = "from-this-test";

type Step = fn() -> Result<(), Error>;

/// The steps of this program, by name.
const STEPS: [(&str, Step); 11] = [
    ("one", one),
    ("several", several),
    ("encrypted", encrypted),
    ("elsewhere", elsewhere),
    ("mapped", mapped),
    ("in_role", in_role),
    ("several_in_role", several_in_role),
    ("parameters", parameters),
    ("below_a_path", below_a_path),
    ("encrypted_parameter", encrypted_parameter),
    ("parameter_in_role", parameter_in_role),
];

#[secrets(sources = ["policy/one"])]
fn one() -> Result<(), Error> {
    read(&["policy/one"])
}

#[secrets(sources = ["policy/two", "policy/three"])]
fn several() -> Result<(), Error> {
    read(&["policy/two", "policy/three"])
}

#[secrets(sources = ["policy/encrypted"])]
fn encrypted() -> Result<(), Error> {
    read(&["policy/encrypted"])
}

#[secrets(sources = [{ id = "policy/elsewhere", options = { region = "eu-west-1" } }])]
fn elsewhere() -> Result<(), Error> {
    read(&["policy/elsewhere"])
}

/// `secrets.toml` maps it to a full ARN.
#[secrets(sources = ["logical"])]
fn mapped() -> Result<(), Error> {
    read(&["logical"])
}

#[secrets(sources = [{ id = "policy/in-role", role = "arn:aws:iam::123456789012:role/Reader" }])]
fn in_role() -> Result<(), Error> {
    read(&["policy/in-role"])
}

#[secrets(sources = ["policy/four", "policy/five"], role = "arn:aws:iam::123456789012:role/team/Batcher")]
fn several_in_role() -> Result<(), Error> {
    read(&["policy/four", "policy/five"])
}

#[secrets(sources = [
    { id = "/policy/one", type = "ssm", options = { env_var_name = "key" } },
    { id = "arn:aws:ssm:us-east-1:123456789012:parameter/policy/two", type = "ssm", options = { env_var_name = "key", required = false } },
    { id = "flat:1", type = "ssm", options = { env_var_name = "key" } },
])]
fn parameters() -> Result<(), Error> {
    read(&["/policy/one", "flat:1"])
}

#[secrets(sources = ["ssm./policy/set/*"])]
fn below_a_path() -> Result<(), Error> {
    read(&["/policy/set/*"])
}

#[secrets(sources = [{ id = "/policy/encrypted", type = "ssm", options = { env_var_name = "key" } }])]
fn encrypted_parameter() -> Result<(), Error> {
    read(&["/policy/encrypted"])
}

#[secrets(sources = [{ id = "/policy/in-role", type = "ssm", role = "arn:aws:iam::123456789012:role/Reader", options = { env_var_name = "key" } }])]
fn parameter_in_role() -> Result<(), Error> {
    read(&["/policy/in-role"])
}

fn read(groups: &[&str]) -> Result<(), Error> {
    groups.iter().try_for_each(|group| current_context().secrets.get(group, "key").map(drop))
}

/// The secrets, each with its region and the key with which it is encrypted.
const SECRETS: [(&str, &str, Option<&str>); 9] = [
    ("policy/one", REGION, None),
    ("policy/two", REGION, None),
    ("policy/three", REGION, None),
    ("policy/four", REGION, Some(KEY)),
    ("policy/five", REGION, None),
    ("policy/encrypted", REGION, Some(KEY)),
    ("policy/elsewhere", "eu-west-1", None),
    ("policy/mapped", REGION, None),
    ("policy/in-role", REGION, None),
];

/// The parameters, each with the key with which it is encrypted.
const PARAMETERS: [(&str, Option<&str>); 5] = [
    ("/policy/one", None),
    ("flat", None),
    ("/policy/set/key", None),
    ("/policy/encrypted", Some(KEY)),
    ("/policy/in-role", None),
];

#[test]
#[ignore = "the test of policies runs it in a process of its own"]
fn step_of_policies() {
    let name = std::env::var("SECRETS_TEST_STEP").unwrap();
    let (_, step) = STEPS.iter().find(|(known, _)| *known == name).unwrap();
    if let Err(error) = step() {
        panic!("{}: {error}", error.kind());
    }
}

/// A server that enforces policies, and a user there.
struct Server {
    url: String,
    sandbox: Sandbox,
    /// The id and the secret of the user's key.
    key: (String, String),
}

impl Server {
    fn start() -> Option<Self> {
        let url =
            std::env::var("SECRETS_TEST_MOTO_POLICIES_URL").ok().filter(|url| !url.is_empty());
        let Some(url) = url else {
            println!("skipped: SECRETS_TEST_MOTO_POLICIES_URL is not set");
            return None;
        };
        let mut server = Self { url, sandbox: Sandbox::new(), key: Default::default() };
        server.enforce(false);
        server.request("/moto-api/reset", "", "");
        server.iam(&[("Action", "CreateUser"), ("UserName", "caller")]);
        let keys = server.iam(&[("Action", "CreateAccessKey"), ("UserName", "caller")]);
        server.key = (element(&keys, "AccessKeyId"), element(&keys, "SecretAccessKey"));
        let mut arn = String::new();
        for (name, region, key) in SECRETS {
            let input =
                json!({ "Name": name, "SecretString": r#"{"key":"SeNtInEl"}"#, "KmsKeyId": key });
            let created = server.create_secret(region, &input);
            if name == "policy/mapped" {
                created["ARN"].as_str().unwrap().clone_into(&mut arn);
            }
        }
        for (name, key) in PARAMETERS {
            let mut input = json!({ "Name": name, "Value": "SeNtInEl", "Type": "String" });
            if let Some(key) = key {
                input["Type"] = json!("SecureString");
                input["KeyId"] = json!(key);
            }
            server.call("ssm", "AmazonSSM.PutParameter", REGION, &input);
        }
        let settings = format!(
            "default_backend = \"aws-secrets-manager\"\naws_external_id = \"{EXTERNAL_ID}\"\n[sources.logical]\nid = \"{arn}\"\n"
        );
        server.sandbox.write("secrets.toml", settings);
        Some(server)
    }

    fn request(&self, path: &str, headers: &str, body: &str) -> String {
        let host = self.url.strip_prefix("http://").unwrap().trim_end_matches('/');
        let mut stream = TcpStream::connect(host).unwrap();
        let (method, length) =
            (if body.is_empty() && path.ends_with("json") { "GET" } else { "POST" }, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: {host}\r\n{headers}content-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.0 200"), "{answer}");
        body.to_owned()
    }

    /// Sets whether policies are enforced.
    fn enforce(&self, is_on: bool) {
        let requests = if is_on { "0" } else { "1000000" };
        self.request("/moto-api/reset-auth", "content-type: text/plain\r\n", requests);
    }

    fn iam(&self, fields: &[(&str, &str)]) -> String {
        let escape = |text: &str| -> String {
            let byte = |b: u8| match b {
                b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
                other => format!("%{other:02X}"),
            };
            text.bytes().map(byte).collect()
        };
        let fields: Vec<_> = fields.iter().map(|(n, v)| format!("{n}={}", escape(v))).collect();
        let body = format!("{}&Version=2010-05-08", fields.join("&"));
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        self.request("/", &format!("{}{form}", authorization(REGION, "iam")), &body)
    }

    fn create_secret(&self, region: &str, input: &Value) -> Value {
        self.call("secretsmanager", "secretsmanager.CreateSecret", region, input)
    }

    fn call(&self, service: &str, target: &str, region: &str, input: &Value) -> Value {
        let target =
            format!("x-amz-target: {target}\r\ncontent-type: application/x-amz-json-1.1\r\n");
        let headers = format!("{}{target}", authorization(region, service));
        serde_json::from_str(&self.request("/", &headers, &input.to_string())).unwrap()
    }

    /// Returns how often an action was refused.
    fn refusals(&self, action: &str) -> usize {
        let data: Value =
            serde_json::from_str(&self.request("/moto-api/data.json", "", "")).unwrap();
        data["refused"].as_array().unwrap().iter().filter(|refused| *refused == action).count()
    }

    /// Runs `policy` for this program. Returns its document.
    fn policy(&self, arguments: &[&str]) -> Value {
        let program = std::env::current_exe().unwrap();
        let mut command = self.sandbox.command(["policy".as_ref(), program.as_os_str()]);
        command.args(["--account", ACCOUNT, "--region", REGION, "--kms", KEY]).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Replaces the policies of the user or a role with this one.
    fn put(&self, role: Option<&str>, document: &Value) {
        self.enforce(false);
        let text = document.to_string();
        let policy = [("PolicyName", "p"), ("PolicyDocument", text.as_str())];
        match role {
            None => self.iam(
                &[&[("Action", "PutUserPolicy"), ("UserName", "caller")], &policy[..]].concat(),
            ),
            Some(role) => {
                let role = role.rsplit('/').next().unwrap();
                self.iam(
                    &[&[("Action", "PutRolePolicy"), ("RoleName", role)], &policy[..]].concat(),
                )
            }
        };
        self.enforce(true);
    }

    /// Returns the steps that are denied.
    fn denied_steps(&self) -> Vec<&'static str> {
        let is_denied = |name: &str| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command
                .args(["--exact", "secrets_manager::policies::step_of_policies", "--ignored"])
                .current_dir(self.sandbox.path())
                .env_clear()
                .env("HOME", self.sandbox.path())
                .env("SECRETS_TEST_STEP", name)
                .env("AWS_ENDPOINT_URL", &self.url)
                .env("AWS_REGION", REGION)
                .env("AWS_ACCESS_KEY_ID", &self.key.0)
                .env("AWS_SECRET_ACCESS_KEY", &self.key.1)
                .env("AWS_EC2_METADATA_DISABLED", "true");
            let output = command.output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(!text.contains("SeNtInEl"), "{text}");
            let is_denied = text.contains("AccessDenied: ") || text.contains("RoleDenied: ");
            assert_eq!(output.status.success(), !is_denied, "{name}: {output:?}");
            is_denied
        };
        STEPS.iter().map(|(name, _)| *name).filter(|name| is_denied(name)).collect()
    }
}

fn authorization(region: &str, service: &str) -> String {
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n"
    )
}

fn element(xml: &str, name: &str) -> String {
    let start = xml.split_once(&format!("<{name}>")).unwrap().1;
    start.split_once('<').unwrap().0.to_owned()
}

#[test]
fn with_the_printed_policies_every_step_runs_and_with_one_statement_less_one_is_denied() {
    let Some(server) = Server::start() else { return };
    let own = server.policy(&[]);
    let roles = server.policy(&["--trust"]);
    let names: Vec<&String> = roles.as_object().unwrap().keys().collect();
    assert_eq!(names, [READER, BATCHER]);
    let mut documents = vec![(None, &own)];
    for (role, both) in roles.as_object().unwrap() {
        let (path, name) = role.split_once("role").unwrap().1.rsplit_once('/').unwrap();
        let trust = both["trust"].to_string();
        let path = format!("{path}/");
        server.iam(&[
            ("Action", "CreateRole"),
            ("RoleName", name),
            ("Path", &path),
            ("AssumeRolePolicyDocument", &trust),
        ]);
        documents.push((Some(role.as_str()), &both["policy"]));
    }
    documents.iter().for_each(|(role, document)| server.put(*role, document));
    // An earlier run may have left its own.
    let batches = server.refusals("secretsmanager:BatchGetSecretValue");
    assert_eq!(server.denied_steps(), [""; 0], "{own:#} {roles:#}");
    assert_eq!(server.refusals("secretsmanager:BatchGetSecretValue"), batches);

    let mut without = Vec::new();
    for (role, document) in &documents {
        for (index, statement) in document["Statement"].as_array().unwrap().iter().enumerate() {
            let mut less = (*document).clone();
            less["Statement"].as_array_mut().unwrap().remove(index);
            let batches = server.refusals("secretsmanager:BatchGetSecretValue");
            server.put(*role, &less);
            let denied = server.denied_steps();
            let sid = statement["Sid"].as_str().unwrap();
            if sid == "ReadSecretsInBatches" {
                // The steps read one by one then: the refusal itself is the proof.
                assert_eq!(denied, [""; 0]);
                assert!(server.refusals("secretsmanager:BatchGetSecretValue") > batches);
            }
            without.push((role.unwrap_or("caller"), sid.to_owned(), denied));
            server.put(*role, document);
        }
    }
    let expected: &[(&str, &str, &[&str])] = &[
        ("caller", "ReadSecrets", &["one", "several", "encrypted", "elsewhere", "mapped"]),
        ("caller", "ReadSecretsInBatches", &[]),
        ("caller", "DecryptSecretsuseast1", &["encrypted"]),
        ("caller", "ReadParameters", &["parameters", "encrypted_parameter"]),
        ("caller", "ReadParametersByPath", &["below_a_path"]),
        ("caller", "DecryptParametersuseast1", &["encrypted_parameter"]),
        ("caller", "AssumeRoles", &["in_role", "several_in_role", "parameter_in_role"]),
        (READER, "ReadSecrets", &["in_role"]),
        (READER, "ReadParameters", &["parameter_in_role"]),
        (BATCHER, "ReadSecrets", &["several_in_role"]),
        (BATCHER, "ReadSecretsInBatches", &[]),
        (BATCHER, "DecryptSecretsuseast1", &["several_in_role"]),
    ];
    let without: Vec<_> =
        without.iter().map(|(role, sid, steps)| (*role, sid.as_str(), steps.as_slice())).collect();
    let has_no_key = |sid: &str, role: &str| role == READER && sid.starts_with("Decrypt");
    let without: Vec<_> =
        without.into_iter().filter(|(role, sid, _)| !has_no_key(sid, role)).collect();
    assert_eq!(without, expected);

    // Each step runs with its own policy alone.
    let steps = server.policy(&["--per-step"]);
    for (name, _) in STEPS {
        server.put(None, &steps[format!("aws::secrets_manager::policies::{name}")]);
        assert!(!server.denied_steps().contains(&name), "{name}");
    }
    // Without the external id the roles are not assumed.
    server.put(None, &own);
    let settings: PathBuf = server.sandbox.path().join("secrets.toml");
    let text = std::fs::read_to_string(&settings).unwrap().replace(EXTERNAL_ID, "another");
    std::fs::write(&settings, text).unwrap();
    assert_eq!(server.denied_steps(), ["in_role", "several_in_role", "parameter_in_role"]);
}
