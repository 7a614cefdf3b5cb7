//! `policy`, of programs whose records the tests write.

use serde_json::{Value, json};

use crate::{
    commands::program::{record, step, this_program},
    support::{CliOutput, Sandbox},
};

const AWS: &str = "aws-secrets-manager";
const ROLE: &str = "arn:aws:iam::210987654321:role/team/Reader";
const KEY: &str = "arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555";
const HEAD: &str = "arn:aws:secretsmanager:us-west-2:123456789012:secret";

/// Creates a sandbox with a program of these records.
fn program(records: &[Vec<u8>]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("program", records.concat());
    sandbox
}

/// Runs `policy program` with AWS as the default backend.
fn policy(sandbox: &Sandbox, arguments: &[&str]) -> CliOutput {
    let mut command = sandbox.command(["policy", "program", "--backend", AWS]);
    CliOutput::new(command.args(arguments).output().unwrap())
}

/// Runs `policy` with an account and a region. It must succeed.
#[track_caller]
fn text(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let known = ["--account", "123456789012", "--region", "us-west-2"];
    let result = policy(sandbox, &[&known[..], arguments].concat());
    assert_eq!(result.code, Some(0), "{result:?}");
    result.text()
}

#[track_caller]
fn json_of(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    serde_json::from_str(&text(sandbox, arguments)).unwrap()
}

fn document(statements: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn statement(sid: &str, action: &str, resource: Value) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource })
}

fn read(resource: Value) -> Value {
    statement("ReadSecrets", "secretsmanager:GetSecretValue", resource)
}

fn batch() -> Value {
    statement("ReadSecretsInBatches", "secretsmanager:BatchGetSecretValue", json!("*"))
}

#[test]
fn the_document_names_exactly_the_secrets() {
    let full = format!("{HEAD}:full-AbCdEf");
    let partial = format!("{HEAD}:part/ial");
    let sources = format!(r#"["name","{full}","{partial}","local.other"]"#);
    let sandbox = program(&[step("load", &sources)]);
    let resources = [full, format!("{HEAD}:name-??????"), format!("{partial}-??????")];
    let expected = document(json!([read(json!(resources)), batch()]));
    assert_eq!(json_of(&sandbox, &[]), expected);
}

#[test]
fn an_arn_that_may_be_full_or_partial_is_both() {
    let arn = format!("{HEAD}:some-secret");
    let sandbox = program(&[step("load", &format!(r#"["{arn}"]"#))]);
    let expected = json!([arn, format!("{arn}-??????")]);
    assert_eq!(json_of(&sandbox, &[])["Statement"][0]["Resource"], expected);
}

#[test]
fn the_batch_action_is_there_only_where_a_step_reads_several_at_once() {
    let has_batch = |records: &[Vec<u8>]| {
        let document = json_of(&program(records), &[]);
        document["Statement"].as_array().unwrap().contains(&batch())
    };
    let of = |sources: &str| has_batch(&[step("load", sources)]);
    assert!(of(r#"["a","b"]"#));
    assert!(!of(r#"["a"]"#));
    assert!(!of(r#"["a","local.b"]"#));
    // Regions, roles and versions have requests of their own.
    assert!(!of(r#"["a",{"id":"b","options":{"region":"eu-west-1"}}]"#));
    assert!(!of(&format!(r#"["a",{{"id":"b","role":"{ROLE}"}}]"#)));
    assert!(!of(r#"["a",{"id":"b","options":{"version_stage":"AWSPREVIOUS"}}]"#));
    assert!(of(r#"["a",{"id":"b","options":{"version_stage":"AWSCURRENT"}}]"#));
    assert!(!has_batch(&[step("load", r#"["a"]"#), step("save", r#"["b"]"#)]));
}

#[test]
fn every_partition_has_its_own_arns() {
    for (region, partition, suffix) in [
        ("us-west-2", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
    ] {
        let sources = format!(r#"[{{"id":"a","options":{{"region":"{region}"}}}}]"#);
        let sandbox = program(&[step("load", &sources)]);
        let key = format!("arn:{partition}:kms:{region}:123456789012:key/1-2");
        let document = json_of(&sandbox, &["--kms", &key]);
        let resource =
            format!("arn:{partition}:secretsmanager:{region}:123456789012:secret:a-??????");
        assert_eq!(document["Statement"][0]["Resource"], resource);
        let via = format!("secretsmanager.{region}.{suffix}");
        let condition = json!({ "StringEquals": { "kms:ViaService": via } });
        assert_eq!(document["Statement"][1]["Condition"], condition);
        assert_eq!(document["Statement"][1]["Action"], "kms:Decrypt");
        assert_eq!(document["Statement"][1]["Resource"], key);
    }
}

#[test]
fn a_role_has_its_own_policy_and_trust_policy() {
    let sources = format!(r#"["own",{{"id":"far","role":"{ROLE}"}}]"#);
    let sandbox = program(&[step("load", &sources)]);
    let assume = statement("AssumeRoles", "sts:AssumeRole", json!(ROLE));
    let own = read(json!(format!("{HEAD}:own-??????")));
    assert_eq!(json_of(&sandbox, &[]), document(json!([own, assume])));
    // A name is looked for in the role's account.
    let far = "arn:aws:secretsmanager:us-west-2:210987654321:secret:far-??????";
    let trust = json!({
        "Sid": "AssumeRole", "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": "arn:aws:iam::123456789012:root" },
    });
    let both =
        json!({ "policy": document(json!([read(json!(far))])), "trust": document(json!([trust])) });
    assert_eq!(json_of(&sandbox, &["--trust"]), json!({ ROLE: both }));

    sandbox.write("secrets.toml", "aws_external_id = \"ours\"");
    let trust = &json_of(&sandbox, &["--trust"])[ROLE]["trust"]["Statement"][0]["Condition"];
    assert_eq!(*trust, json!({ "StringEquals": { "sts:ExternalId": "ours" } }));
}

#[test]
fn each_step_has_a_policy_of_its_own() {
    let sandbox = program(&[step("load", r#"["a"]"#), step("save", r#"["b","c"]"#)]);
    let b_and_c = json!([format!("{HEAD}:b-??????"), format!("{HEAD}:c-??????")]);
    let expected = json!({
        "app::jobs::load": document(json!([read(json!(format!("{HEAD}:a-??????")))])),
        "app::jobs::save": document(json!([read(b_and_c), batch()])),
    });
    assert_eq!(json_of(&sandbox, &["--per-step"]), expected);
}

#[test]
fn the_present_settings_and_sources_decide() {
    let sandbox = program(&[step("load", r#"["prod-db","api"]"#)]);
    let file = format!(
        "default_backend = \"local\"\naws_region = \"eu-west-1\"\n[sources.prod-db]\ntype = \"{AWS}\"\nid = \"prod/db\"\n\
         [profile.far]\naws_role = \"{ROLE}\"\n[profile.far.sources.prod-db]\nid = \"{HEAD}:far/db-AbCdEf\"\n"
    );
    sandbox.write("secrets.toml", file);
    let run = |arguments: &[&str]| {
        let all = [&["policy", "program", "--account", "123456789012"], arguments].concat();
        serde_json::from_str::<Value>(&sandbox.ok(all)).unwrap()
    };
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-??????";
    assert_eq!(run(&[]), document(json!([read(json!(arn))])));
    let assume = statement("AssumeRoles", "sts:AssumeRole", json!(ROLE));
    assert_eq!(run(&["--profile", "far"]), document(json!([assume])));
    let far = json!(format!("{HEAD}:far/db-AbCdEf"));
    assert_eq!(run(&["--profile", "far", "--trust"])[ROLE]["policy"], document(json!([read(far)])));
}

#[test]
fn requests_and_attached_sources_are_read_too() {
    let requests = format!(
        r#"{{"step":"task","module":"m","file":"f","line":1,"requests":[{{"group":"db","key":"user"}},{{"group":"db","key":"password"}},{{"key":"token"}},{{"group":"{HEAD}:","key":"arn-AbCdEf"}}]}}"#
    );
    let sandbox = program(&[record(&requests)]);
    let resources =
        [format!("{HEAD}:arn-AbCdEf"), format!("{HEAD}:db-??????"), format!("{HEAD}:token-??????")];
    assert_eq!(json_of(&sandbox, &[]), document(json!([read(json!(resources)), batch()])));

    let sandbox = program(&[step("bare", "[]")]);
    sandbox.write("secrets.toml", "with = 'secrets:sources=[\"launched\"]'");
    let resource = json!(format!("{HEAD}:launched-??????"));
    assert_eq!(json_of(&sandbox, &[]), document(json!([read(resource)])));
}

#[test]
fn preflight_describes_secrets() {
    let sandbox = program(&[step("load", r#"["a"]"#)]);
    let actions = json!(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]);
    assert_eq!(json_of(&sandbox, &["--preflight"])["Statement"][0]["Action"], actions);
}

#[test]
fn what_is_not_known_is_asked_for_at_once() {
    let sandbox = program(&[step("load", r#"["a","b"]"#)]);
    let result = policy(&sandbox, &[]);
    result.assert_fails(2);
    assert!(
        result.stderr.contains("the account and the region of a, b must be known"),
        "{result:?}"
    );
    assert!(result.stderr.contains("--account ID and --region REGION"), "{result:?}");
    let result = policy(&sandbox, &["--account", "123456789012"]);
    result.assert_fails(2);
    assert!(result.stderr.contains("the region of a, b must"), "{result:?}");
    // A whole ARN says both.
    let sandbox = program(&[step("load", &format!(r#"["{HEAD}:a"]"#))]);
    assert_eq!(policy(&sandbox, &[]).code, Some(0));
    let sandbox = program(&[step("load", &format!(r#"[{{"id":"{HEAD}:a","role":"{ROLE}"}}]"#))]);
    assert_eq!(policy(&sandbox, &[]).code, Some(0));
    let result = policy(&sandbox, &["--trust"]);
    result.assert_fails(2);
    assert!(result.stderr.contains(&format!("the account of the caller of {ROLE}")), "{result:?}");
}

#[test]
fn wrong_options_are_refused() {
    let sandbox = program(&[step("load", &format!(r#"["{HEAD}:a"]"#))]);
    for (arguments, reason) in [
        (&["--account", "12"][..], "12 digits"),
        (&["--kms", "alias/aws/secretsmanager"], "alias"),
        (&["--kms", "arn:aws:kms:us-west-2:123456789012:alias/a"], "alias"),
        (&["--kms", "1234"], "not the ARN of a key"),
        (&["--kms", "arn:aws:kms:eu-west-1:123456789012:key/1"], "no secret is read in eu-west-1"),
        (&["--per-step", "--trust"], "cannot be used with"),
        (&["--format", "external-secrets", "--per-step"], "no meaning"),
    ] {
        let result = policy(&sandbox, arguments);
        result.assert_fails(2);
        assert!(result.stderr.contains(reason), "{arguments:?}: {result:?}");
    }
    let result = policy(&sandbox, &["--region", "somewhere"]);
    result.assert_fails(5);
    assert!(result.stderr.contains("--region"), "{result:?}");
    let empty = Sandbox::new();
    empty.write("program", "");
    policy(&empty, &[]).assert_fails(3);
}

#[test]
fn other_backends_are_named_and_need_nothing_here() {
    let sandbox = program(&[step("load", r#"["env.A","local.b"]"#)]);
    let result = policy(&sandbox, &[]);
    assert_eq!(serde_json::from_str::<Value>(&result.text()).unwrap(), document(json!([])));
    assert!(result.stderr.contains("not about the secrets of env, local"), "{result:?}");
    assert!(result.stderr.contains("no step reads from aws-secrets-manager"), "{result:?}");
}

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
fn vault_has_a_rule_for_each_path() {
    let sources = r#"[{"id":"secret/app/db","type":"vault"},{"id":"database/creds/readonly","type":"vault"},{"id":"old/x","type":"vault","options":{"kv":"1"}}]"#;
    let sandbox = program(&[step("load", sources)]);
    let rule = |path: &str| format!("path \"{path}\" {{\n  capabilities = [\"read\"]\n}}\n");
    let rules = ["database/creds/readonly", "old/x", "secret/data/app/db"].map(rule).join("\n");
    assert_eq!(text(&sandbox, &["--format=vault"]), rules);
    let steps = text(&sandbox, &["--format=vault", "--per-step"]);
    assert_eq!(steps, format!("# app::jobs::load\n{rules}"));
}

#[test]
fn the_policy_of_a_real_program_is_printed() {
    let sandbox = Sandbox::new();
    let arguments = ["--account=123456789012", "--region=us-west-2", "--per-step"];
    let mut command = sandbox.command(["policy".as_ref(), this_program().as_os_str()]);
    let result = CliOutput::new(command.args(arguments).output().unwrap());
    let json: Value = serde_json::from_str(&result.text()).unwrap();
    let reports = json["cli::commands::program::steps::load"].to_string();
    assert!(reports.contains("role/SecretsAccess"), "{reports}");
    assert!(!result.text().contains("SeNtInEl"), "{result:?}");
}

/// Returns the findings of a check, or nothing if the document is right.
#[track_caller]
fn check(sandbox: &Sandbox, policy_file: &str, arguments: &[&str]) -> Vec<String> {
    sandbox.write("policy.json", policy_file);
    let known = ["--account=123456789012", "--region=us-west-2", "--check=policy.json"];
    let result = policy(sandbox, &[&known[..], arguments].concat());
    match result.code {
        Some(0) => Vec::new(),
        _ => {
            result.assert_fails(1);
            let found =
                result.stderr.lines().filter_map(|line| line.strip_prefix("error: policy.json: "));
            found.map(str::to_owned).collect()
        }
    }
}

#[test]
fn a_document_that_is_printed_passes_its_check() {
    let sources = format!(r#"["a","{HEAD}:b-AbCdEf",{{"id":"c","role":"{ROLE}"}}]"#);
    let sandbox = program(&[step("load", &sources)]);
    for arguments in [&[][..], &["--kms", KEY], &["--preflight"]] {
        let printed = text(&sandbox, arguments);
        assert_eq!(check(&sandbox, &printed, arguments), [""; 0], "{printed}");
        // With one statement less, something is missing.
        let document: Value = serde_json::from_str(&printed).unwrap();
        for index in 0..document["Statement"].as_array().unwrap().len() {
            let mut less = document.clone();
            less["Statement"].as_array_mut().unwrap().remove(index);
            let found = check(&sandbox, &less.to_string(), arguments);
            assert!(
                found.iter().all(|it| it.starts_with("missing: ")) && !found.is_empty(),
                "{found:?}"
            );
        }
    }
}

#[test]
fn a_document_that_somebody_wrote_is_compared_by_what_it_grants() {
    let sandbox = program(&[step("load", r#"["a","b"]"#)]);
    let (a, b) = (format!("{HEAD}:a-??????"), format!("{HEAD}:b-??????"));
    let get = "secretsmanager:GetSecretValue";
    let batch = json!({ "Effect": "Allow", "Action": "secretsmanager:BatchGetSecretValue", "Resource": "*" });
    let allow = |action: &str, resource: Value| json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    let deny = |action: &str, resource: Value| json!({ "Effect": "Deny", "Action": action, "Resource": resource });
    let both = json!([a, b]);
    let exact = [
        json!([batch, allow(get, both.clone())]),
        // In several statements, in other letters, and with what is too much denied.
        json!([batch, allow("SecretsManager:getsecretvalue", json!(a)), allow(get, json!(b))]),
        json!([
            batch,
            allow(get, json!([a, b, format!("{HEAD}:c-??????")])),
            deny(get, json!(format!("{HEAD}:c-*")))
        ]),
        json!([allow("secretsmanager:*", json!("*")), { "Effect": "Deny", "NotAction": ["secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"], "Resource": "*" }, { "Effect": "Deny", "Action": get, "NotResource": [a, b] }]),
        json!([batch, { "Effect": "Allow", "NotAction": "x:y", "Resource": [a, b] }, { "Effect": "Deny", "NotAction": [get, "secretsmanager:BatchGetSecretValue"], "Resource": "*" }]),
    ];
    for statements in &exact {
        assert_eq!(
            check(&sandbox, &document(statements.clone()).to_string(), &[]),
            [""; 0],
            "{statements}"
        );
    }
    let missing_b = format!("missing: {get} on {b}");
    let cases: Vec<(Value, Vec<String>)> = vec![
        (json!([batch, allow(get, json!(a))]), vec![missing_b.clone()]),
        (
            json!(allow(get, both.clone())),
            vec!["missing: secretsmanager:BatchGetSecretValue on *".into()],
        ),
        (
            json!([batch, allow(get, json!("*"))]),
            vec![format!("too much: statement 2 allows {get} on *")],
        ),
        (
            json!([batch, allow(get, json!(format!("{HEAD}:a-*"))), allow(get, json!(b))]),
            vec![format!("too much: statement 2 allows {get} on {HEAD}:a-*")],
        ),
        (
            json!([batch, allow(get, both.clone()), allow("s3:Get*", json!("*"))]),
            vec!["too much: statement 3 allows s3:Get* on *".into()],
        ),
        (
            json!([batch, { "Sid": "All", "Effect": "Allow", "NotAction": "iam:*", "Resource": [a, b] }]),
            vec![
                format!("too much: statement 2 (All) allows everything but iam:* on {a}"),
                format!("too much: statement 2 (All) allows everything but iam:* on {b}"),
            ],
        ),
        (
            json!([batch, { "Effect": "Allow", "Action": get, "NotResource": a }]),
            vec![
                format!("missing: {get} on {a}"),
                format!("too much: statement 2 allows {get} on everything but {a}"),
            ],
        ),
        (
            json!([batch, allow(get, both.clone()), deny("*", json!(format!("{HEAD}:b-x*")))]),
            vec![format!("missing: {get} on {b}, which statement 3 may deny")],
        ),
        (
            json!([batch, { "Effect": "Allow", "Action": get, "Resource": both, "Condition": { "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } } }]),
            vec![
                format!("missing: {get} on {a}, which statement 2 allows only under a condition"),
                format!("{missing_b}, which statement 2 allows only under a condition"),
            ],
        ),
        (
            json!([batch, allow(get, both.clone()), allow(get, json!("${aws:PrincipalTag/x}"))]),
            vec![format!("too much: statement 3 allows {get} on ${{aws:PrincipalTag/x}}")],
        ),
        // `BatchGetSecretValue` has no resource but `*`.
        (
            json!([allow("secretsmanager:*GetSecretValue", both.clone())]),
            vec![
                "missing: secretsmanager:BatchGetSecretValue on *".into(),
                format!("too much: statement 1 allows secretsmanager:*GetSecretValue on {a}"),
                format!("too much: statement 1 allows secretsmanager:*GetSecretValue on {b}"),
            ],
        ),
    ];
    for (statements, expected) in &cases {
        assert_eq!(
            check(&sandbox, &document(statements.clone()).to_string(), &[]),
            *expected,
            "{statements}"
        );
    }
}

#[test]
fn the_condition_of_a_key_is_compared() {
    let sandbox = program(&[step("load", r#"["a"]"#)]);
    let get = read(json!(format!("{HEAD}:a-??????")));
    let with = |operator: &str, services: Value| {
        let condition = json!({ operator: { "KMS:viaservice": services } });
        let decrypt = json!({ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY, "Condition": condition });
        document(json!([get, decrypt])).to_string()
    };
    let service = "secretsmanager.us-west-2.amazonaws.com";
    let found = |text: &str| check(&sandbox, text, &["--kms", KEY]);
    assert_eq!(found(&with("StringEquals", json!(service))), [""; 0]);
    assert_eq!(found(&with("StringLike", json!([service]))), [""; 0]);
    let too_much = format!("too much: statement 2 allows kms:Decrypt on {KEY}");
    assert_eq!(
        found(&with("StringLike", json!("secretsmanager.*.amazonaws.com"))),
        [too_much.clone()]
    );
    let missing = format!("missing: kms:Decrypt on {KEY} through {service}");
    let found_other = found(&with("StringEquals", json!("s3.us-west-2.amazonaws.com")));
    assert_eq!(found_other[1], too_much);
    assert!(found_other[0].starts_with(&missing), "{found_other:?}");
    let bare = json!({ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY });
    let bare = document(json!([get, bare])).to_string();
    assert_eq!(found(&bare), [format!("{too_much}, without the condition kms:ViaService")]);
}

#[test]
fn a_file_that_is_no_policy_is_refused() {
    let sandbox = program(&[step("load", r#"["a"]"#)]);
    let of = |statement: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    let good = r#""Effect":"Allow","Action":"a:b","Resource":"*""#;
    for (text, reason) in [
        (String::new(), "line 1 is not JSON"),
        ("{\n{".into(), "line 2 is not JSON"),
        ("[]".into(), "the document is not an object"),
        ("{}".into(), "no `Statement`"),
        (r#"{"Version":"2013-01-01","Statement":[]}"#.into(), "there is no version"),
        (of("1"), "statement 1 is not an object"),
        (of(r#"{"Action":"a:b","Resource":"*"}"#), "no `Effect`"),
        (of(r#"{"Effect":"allow","Action":"a:b","Resource":"*"}"#), "Allow or Deny"),
        (of(r#"{"Effect":"Allow","Resource":"*"}"#), "neither `Action` nor `NotAction`"),
        (of(r#"{"Effect":"Allow","Action":"a:b"}"#), "neither `Resource` nor `NotResource`"),
        (of(&format!(r#"{{{good},"NotAction":"c:d"}}"#)), "both `Action` and `NotAction`"),
        (of(&format!(r#"{{{good},"Principal":"*"}}"#)), "trust policy"),
        (of(&format!(r#"{{{good},"Resources":"*"}}"#)), "did you mean `Resource`?"),
        (of(&format!(r#"{{{good},"Effect":"Deny"}}"#)), "`Effect` twice"),
        (of(r#"{"Effect":"Allow","Action":[1],"Resource":"*"}"#), "`Action` is a text"),
        ("[".repeat(100_000), "not JSON"),
        (
            of(&format!(
                r#"{{"Effect":"Allow","Action":"a:b","Resource":{:?}}}"#,
                "*a?????????????????????????".repeat(40)
            )),
            "too entangled",
        ),
    ] {
        sandbox.write("policy.json", &text);
        let known = ["--account=123456789012", "--region=us-west-2", "--check=policy.json"];
        let result = policy(&sandbox, &known);
        result.assert_fails(5);
        assert!(result.stderr.contains(reason), "{reason}: {result:?}");
    }
    let result =
        policy(&sandbox, &["--account=123456789012", "--region=us-west-2", "--check=none"]);
    result.assert_fails(5);
    assert!(result.stderr.contains("there is no such file"), "{result:?}");
}
