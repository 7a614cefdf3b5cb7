//! `policy`, of programs whose records the tests write.

use serde_json::{Value, json};

use crate::{
    commands::program::{record, step, this_program},
    support::{CliOutput, Sandbox},
};

pub const AWS: &str = "aws-secrets-manager";
pub const ROLE: &str = "arn:aws:iam::210987654321:role/team/Reader";
pub const KEY: &str = "arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555";
pub const HEAD: &str = "arn:aws:secretsmanager:us-west-2:123456789012:secret";

/// Creates a sandbox with a program of these records.
pub fn program(records: &[Vec<u8>]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("program", records.concat());
    sandbox
}

/// Runs `policy program` with AWS as the default backend.
pub fn policy(sandbox: &Sandbox, arguments: &[&str]) -> CliOutput {
    let mut command = sandbox.command(["policy", "program", "--backend", AWS]);
    CliOutput::new(command.args(arguments).output().unwrap())
}

/// Runs `policy` with an account and a region. It must succeed.
#[track_caller]
pub fn text(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let known = ["--account", "123456789012", "--region", "us-west-2"];
    let result = policy(sandbox, &[&known[..], arguments].concat());
    assert_eq!(result.code, Some(0), "{result:?}");
    result.text()
}

#[track_caller]
pub fn json_of(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    serde_json::from_str(&text(sandbox, arguments)).unwrap()
}

pub fn document(statements: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

pub fn statement(sid: &str, action: &str, resource: Value) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource })
}

pub fn read(resource: Value) -> Value {
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
    let said = format!(
        "a trust policy names the account in which the program runs, which must be known for {ROLE}\n"
    );
    assert!(result.stderr.contains(&said), "{result:?}");
    assert!(result.stderr.contains("add --account ID\n"), "{result:?}");
    let sandbox = program(&[step("load", &format!(r#"["a",{{"id":"b","role":"{ROLE}"}}]"#))]);
    let result = policy(&sandbox, &["--trust"]);
    assert!(
        result.stderr.contains("the region of b must be known, and a trust policy"),
        "{result:?}"
    );
    assert!(result.stderr.contains("add --account ID and --region REGION"), "{result:?}");
}

#[test]
fn a_name_that_would_permit_more_is_refused() {
    let source = |fields: &str| step("load", &format!("[{{{fields}}}]"));
    let request = |rest: &str| {
        record(&format!(r#"{{"step":"load","module":"m","file":"f","line":1,{rest}}}"#))
    };
    let one = r#""sources":["a"]"#;
    for program_record in [
        request(r#""requests":[{"group":"g*","key":"k"}]"#),
        request(r#""requests":[{"group":"${aws:username}","key":"k"}]"#),
        request(r#""requests":[{"key":"*"}]"#),
        request(&format!(r#"{one},"role":"*""#)),
        request(&format!(r#"{one},"role":"arn:aws:iam::*:role/R""#)),
        request(&format!(r#"{one},"role":"arn:aws:iam::210987654321:role/*""#)),
        request(&format!(r#"{one},"role":"arn:aws:iam::210987654321:role/&{{aws:username}}/R""#)),
        source(r#""id":"a","role":"arn:aws:iam::210987654321:role/te*m/R""#),
        source(r#""id":"a","role":"arn:aws:iam::*:role/R""#),
        source(r#""id":"a","options":{"region":"*"}"#),
    ] {
        let sandbox = program(std::slice::from_ref(&program_record));
        for arguments in [&[][..], &["--trust"], &["--per-step"], &["--format=terraform"]] {
            let known = ["--account", "123456789012", "--region", "us-west-2"];
            let result = policy(&sandbox, &[&known[..], arguments].concat());
            // A record that the macros cannot have written is skipped, and then the program has no step.
            let is_refused = result.code == Some(5) && result.stderr.contains("error: ")
                || result.code == Some(3) && result.stderr.contains("skipped");
            let shown = String::from_utf8_lossy(&program_record);
            assert!(is_refused && result.text().is_empty(), "{shown}: {result:?}");
        }
    }
}

#[test]
fn a_role_whose_path_looks_like_a_variable_is_that_role_alone() {
    let role = "arn:aws:iam::210987654321:role/${aws:username}/R";
    let sandbox = program(&[step("load", &format!(r#"[{{"id":"a","role":"{role}"}}]"#))]);
    let escaped = role.replace('$', "${$}");
    let assume = statement("AssumeRoles", "sts:AssumeRole", json!(escaped));
    assert_eq!(json_of(&sandbox, &[]), document(json!([assume])));
    let terraform = text(&sandbox, &["--format=terraform"]);
    assert!(terraform.contains("role/$${$}{aws:username}/R\""), "{terraform}");
    let known = ["--account=123456789012", "--region=us-west-2", "--check=policy.json"];
    for (resource, code) in [(escaped.as_str(), 0), (role, 1)] {
        let written =
            document(json!([statement("AssumeRoles", "sts:AssumeRole", json!(resource))]));
        sandbox.write("policy.json", written.to_string());
        assert_eq!(policy(&sandbox, &known).code, Some(code), "{resource}");
    }
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
    // An empty document is one that AWS refuses.
    for (format, system, backends) in [
        ("json", "AWS", "aws-secrets-manager or ssm"),
        ("terraform", "AWS", "aws-secrets-manager or ssm"),
        ("kubernetes", "Kubernetes", "kubernetes"),
        ("external-secrets", "the External Secrets Operator", "file"),
        ("vault", "Vault", "vault"),
    ] {
        let result = policy(&sandbox, &["--format", format]);
        assert_eq!((result.code, &*result.text()), (Some(0), ""), "{result:?}");
        let warning = format!(
            "warning: nothing is needed from {system}, and nothing is printed: no step reads from {backends}\n"
        );
        assert!(result.stderr.ends_with(&warning), "{result:?}");
    }
    let result = policy(&sandbox, &[]);
    assert_eq!((result.code, &*result.text()), (Some(0), ""), "{result:?}");
    let note =
        "note: this format does not cover the secrets of env, local\nwarning: nothing is needed";
    assert!(result.stderr.starts_with(note), "{result:?}");
    let result = policy(&sandbox, &["--trust"]);
    assert_eq!((result.code, &*result.text()), (Some(0), "{}\n"), "{result:?}");
    assert!(result.stderr.contains("nothing is needed from AWS: no step reads"), "{result:?}");
    // What grants nothing is exactly what is needed, and what grants more is not.
    sandbox.write("none.json", document(json!([])).to_string());
    assert_eq!(policy(&sandbox, &["--check", "none.json"]).code, Some(0));
    sandbox.write("more.json", document(json!([read(json!("*"))])).to_string());
    policy(&sandbox, &["--check", "more.json"]).assert_fails(1);
}

#[test]
fn a_step_that_needs_nothing_has_no_document() {
    let sandbox =
        program(&[step("load", r#"["a"]"#), step("save", r#"["env.B"]"#), step("send", "[]")]);
    let expected = document(json!([read(json!(format!("{HEAD}:a-??????")))]));
    assert_eq!(json_of(&sandbox, &["--per-step"]), json!({ "app::jobs::load": expected }));
    let known = ["--account", "123456789012", "--region", "us-west-2", "--per-step"];
    let result = policy(&sandbox, &known);
    let note = "note: these steps need nothing from AWS, and are left out: app::jobs::save, app::jobs::send\n";
    assert!(result.stderr.ends_with(note), "{result:?}");
    let terraform = text(&sandbox, &["--per-step", "--format=terraform"]);
    assert_eq!(terraform.matches("data \"aws_iam_policy_document\"").count(), 1, "{terraform}");
    let vault = policy(&sandbox, &["--per-step", "--format=vault"]);
    assert_eq!((vault.code, &*vault.text()), (Some(0), ""), "{vault:?}");
    let sandbox = program(&[step("save", r#"["env.B"]"#)]);
    assert_eq!(json_of(&sandbox, &["--per-step"]), json!({}));
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
