//! The formats of `policy` for other tools.

use crate::{
    commands::program::{
        policy::{HEAD, KEY, ROLE, policy, program, text},
        record, step,
    },
    support::CliOutput,
};

#[test]
fn terraform_has_the_same_documents() {
    let sources = format!(r#"["own","other",{{"id":"far","role":"{ROLE}"}}]"#);
    let sandbox = program(&[step("load", &sources)]);
    let expected = format!(
        r#"data "aws_iam_policy_document" "program" {{
  statement {{
    sid     = "ReadSecrets"
    effect  = "Allow"
    actions = ["secretsmanager:GetSecretValue"]
    resources = [
      "{HEAD}:other-??????",
      "{HEAD}:own-??????",
    ]
  }}

  statement {{
    sid     = "ReadSecretsInBatches"
    effect  = "Allow"
    actions = ["secretsmanager:BatchGetSecretValue"]
    resources = ["*"]
  }}

  statement {{
    sid     = "DecryptSecretsuswest2"
    effect  = "Allow"
    actions = ["kms:Decrypt"]
    resources = ["{KEY}"]

    condition {{
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.us-west-2.amazonaws.com"]
    }}
  }}

  statement {{
    sid     = "AssumeRoles"
    effect  = "Allow"
    actions = ["sts:AssumeRole"]
    resources = ["{ROLE}"]
  }}
}}
"#
    );
    assert_eq!(text(&sandbox, &["--format", "terraform", "--kms", KEY]), expected);
    let trust = text(&sandbox, &["--format=terraform", "--trust"]);
    for part in
        ["\"Reader\"", "\"Reader_trust\"", "identifiers = [\"arn:aws:iam::123456789012:root\"]"]
    {
        assert!(trust.contains(part), "{part}: {trust}");
    }
    let steps = text(&sandbox, &["--format=terraform", "--per-step"]);
    assert!(steps.starts_with("data \"aws_iam_policy_document\" \"app_jobs_load\" {"), "{steps}");
}

#[test]
fn kubernetes_has_a_role_and_its_binding_for_each_namespace() {
    let sources =
        r#"[{"id":"db","type":"kubernetes"},{"id":"team/api","type":"kubernetes"},"local.x"]"#;
    let sandbox = program(&[step("load", sources)]);
    let arguments = ["--format=kubernetes", "--namespace=jobs", "--service-account=runner"];
    let role = |namespace: &str, secret: &str| {
        format!(
            r#"apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: "program"
  namespace: "{namespace}"
rules:
  - apiGroups: [""]
    resources: ["secrets"]
    verbs: ["get"]
    resourceNames:
      - "{secret}"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: "program"
  namespace: "{namespace}"
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: "program"
subjects:
  - kind: ServiceAccount
    name: "runner"
    namespace: "jobs"
"#
        )
    };
    let expected = [role("jobs", "db"), role("team", "api")].join("---\n");
    assert_eq!(text(&sandbox, &arguments), expected);
    let steps = text(&sandbox, &[&arguments[..], &["--per-step"]].concat());
    assert!(steps.contains("name: \"app-jobs-load\""), "{steps}");
}

#[test]
fn external_secrets_mount_what_the_backend_file_reads() {
    let record = record(
        r#"{"step":"a","module":"m","file":"f","line":1,"sources":["prod-db",{"id":"cert","options":{"format":"text"}},{"id":"x","type":"file","group":"mine"}],"requests":[{"group":"api","key":"token"},{"group":"api","key":"user"}]}"#,
    );
    let sandbox = program(&[record]);
    sandbox.write("secrets.toml", "[sources.prod-db]\nid = \"team/db\"\n");
    let mut command =
        sandbox.command(["policy", "program", "--backend=file", "--format=external-secrets"]);
    command
        .args(["--namespace=jobs", "--secret-store=aws"])
        .env("SECRETS_FILE_DIR", "/mnt/secrets");
    let text = CliOutput::new(command.output().unwrap()).text();
    let objects: Vec<&str> = text.split("---\n").collect();
    assert_eq!(objects.len(), 4, "{text}");
    let database = r#"# In the Pod, which reads it with SECRETS_FILE_DIR="/mnt/secrets":
#   volumes: [{ name: "team-db", secret: { secretName: "team-db" } }]
#   volumeMounts: [{ name: "team-db", mountPath: "/mnt/secrets/team/db", readOnly: true }]
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: "team-db"
  namespace: "jobs"
spec:
  refreshInterval: "1h"
  secretStoreRef:
    kind: SecretStore
    name: "aws"
  target:
    name: "team-db"
  dataFrom:
    - extract:
        key: "prod-db"
"#;
    assert_eq!(objects[2], database);
    let token = "  data:\n    - secretKey: \"token\"\n      remoteRef:\n        key: \"api\"\n        property: \"token\"\n    - secretKey: \"user\"\n";
    assert!(objects[0].contains(token), "{}", objects[0]);
    let cert = "  data:\n    - secretKey: \"cert\"\n      remoteRef:\n        key: \"cert\"\n";
    assert!(objects[1].ends_with(cert), "{}", objects[1]);
    assert!(objects[1].contains("subPath: \"cert\""), "{}", objects[1]);
}

#[test]
fn a_volume_is_named_by_a_label_without_dots() {
    let long = "x".repeat(70);
    let sources = format!(r#"["a.b","a/b","tls.crt","{long}","{long}.y"]"#);
    let sandbox = program(&[step("load", &sources)]);
    let arguments = ["policy", "program", "--backend=file", "--format=external-secrets"];
    let text = sandbox.ok(arguments);
    assert!(text.contains("{ name: \"tls-crt\", secret: { secretName: \"tls.crt\" } }"), "{text}");
    let mut names = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("#   volumes: [{ name: \"")) {
        let name = line.split('"').next().unwrap();
        let is_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(name.len() <= 63 && name.chars().all(is_label), "{name}");
        assert!(text.contains(&format!("volumeMounts: [{{ name: \"{name}\"")), "{name}: {text}");
        names.push(name);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 5, "{text}");
}

#[test]
fn vault_has_a_rule_for_each_path() {
    let sources = r#"[{"id":"secret/app/db","type":"vault"},{"id":"database/creds/readonly","type":"vault"},{"id":"old/x","type":"vault","options":{"kv":1}}]"#;
    let sandbox = program(&[step("load", sources)]);
    let rule = |path: &str| format!("path \"{path}\" {{\n  capabilities = [\"read\"]\n}}\n");
    let read = ["database/creds/readonly", "old/x", "secret/data/app/db"].map(rule);
    let revoke = rule("sys/leases/revoke").replace("read", "update");
    let rules = [&read[..], &[revoke]].concat().join("\n");
    assert_eq!(text(&sandbox, &["--format=vault"]), rules);
    let steps = text(&sandbox, &["--format=vault", "--per-step"]);
    assert_eq!(steps, format!("# app::jobs::load\n{rules}"));
    let sandbox = program(&[step(
        "load",
        r#"[{"id":"secret/a*","type":"vault"},{"id":"secret/+/b","type":"vault"}]"#,
    )]);
    let result = policy(&sandbox, &["--format=vault"]);
    result.assert_fails(5);
    assert_eq!(result.stderr.matches("are wildcards there").count(), 2, "{result:?}");
}

#[test]
fn a_rule_of_vault_is_about_one_path() {
    let of = |sources: &str| {
        let sandbox = program(&[step("load", sources)]);
        policy(&sandbox, &["--format=vault"])
    };
    let result = of(r#"[{"id":"secret/{{identity.entity.name}}/db","type":"vault"}]"#);
    result.assert_fails(5);
    assert!(result.stderr.contains("enclose a template"), "{result:?}");
    // What has no lease is not revoked.
    for id in ["database/static-creds/a", "secret/creds"] {
        let options = if id == "secret/creds" { r#","options":{"kv":1}"# } else { "" };
        let text = of(&format!(r#"[{{"id":"{id}","type":"vault"{options}}}]"#)).text();
        assert!(text.contains(id) && !text.contains("leases"), "{text}");
    }
    // The group of a request is a path too.
    let request = record(
        r#"{"step":"a","module":"m","file":"f","line":1,"requests":[{"group":"v1/secret/db","key":"k"},{"group":"alone","key":"k"}]}"#,
    );
    let sandbox = program(&[request]);
    let mut command = sandbox.command(["policy", "program", "--backend=vault", "--format=vault"]);
    let result = CliOutput::new(command.output().unwrap());
    result.assert_fails(5);
    assert_eq!(result.stderr.matches("error: ").count(), 2, "{result:?}");
}

#[test]
fn no_two_objects_have_one_name() {
    /// Returns the different lines that begin so, and how many there are.
    fn lines(text: &str, start: &str) -> (usize, usize) {
        let found: Vec<&str> = text.lines().filter(|line| line.starts_with(start)).collect();
        (found.iter().collect::<std::collections::BTreeSet<_>>().len(), found.len())
    }
    let other = ROLE.replace("team", "other");
    let clash = ROLE.replace("Reader", "Reader_trust");
    let sources = format!(
        r#"[{{"id":"a","role":"{ROLE}"}},{{"id":"b","role":"{other}"}},{{"id":"c","role":"{clash}"}}]"#
    );
    let sandbox = program(&[step("load", &sources)]);
    let terraform = text(&sandbox, &["--format=terraform", "--trust"]);
    assert_eq!(lines(&terraform, "data "), (6, 6), "{terraform}");

    let secret = r#"[{"id":"db","type":"kubernetes"}]"#;
    let sandbox = program(&[step("a_b", secret), step("a__b", secret), step("A_b", secret)]);
    let roles = text(&sandbox, &["--format=kubernetes", "--per-step"]);
    // Each Role has a binding of its name, which names it again.
    assert_eq!(lines(&roles, "  name: \"app-jobs-a"), (3, 9), "{roles}");

    let files = r#"[{"id":"team/db","type":"file"},{"id":"team-db","type":"file"},{"id":"x","type":"file"}]"#;
    let sandbox = program(&[step("load", files)]);
    let objects = text(&sandbox, &["--format=external-secrets"]);
    assert_eq!(lines(&objects, "  name: "), (3, 3), "{objects}");
    assert!(objects.contains("  name: \"x\"\n"), "{objects}");
}

#[test]
fn what_is_about_iam_is_refused_with_another_format() {
    let sandbox = crate::support::Sandbox::new();
    sandbox.write("policy.json", "{}");
    for arguments in [["--check", "policy.json"].as_slice(), &["--trust"]] {
        let arguments = [&["policy", "program", "--format", "vault"], arguments].concat();
        sandbox.run(arguments).assert_fails(2);
    }
}
