//! `policy --check`.

use serde_json::{Value, json};

use crate::{
    commands::program::{
        policy::{HEAD, KEY, ROLE, document, policy, program, read, text},
        step,
    },
    support::Sandbox,
};

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
        std::slice::from_ref(&too_much)
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
