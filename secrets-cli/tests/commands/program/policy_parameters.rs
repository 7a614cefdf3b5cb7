//! `policy`, of programs that read the parameters of AWS Systems Manager, or ask the agent of AWS.

use serde_json::{Value, json};

use crate::{
    commands::program::{
        policy::{AWS, KEY, ROLE, document, json_of, policy, program, statement},
        step,
    },
    support::CliOutput,
};

#[test]
fn parameters_are_named_exactly_and_a_path_has_an_action_of_its_own() {
    let head = "arn:aws:ssm:us-west-2:123456789012:parameter";
    let other = "arn:aws:ssm:eu-west-1:210987654321:parameter/shared";
    let sources = format!(
        r#"["ssm.token","ssm./prod/db:3","ssm./prod/db:live","ssm./prod/set/*","ssm./*","ssm.{other}:1"]"#
    );
    let sandbox = program(&[step("load", &sources)]);
    let single = json!([other, format!("{head}/prod/db"), format!("{head}/token")]);
    let paths = json!([format!("{head}/"), format!("{head}/prod/set")]);
    let statements = json!([
        statement("ReadParameters", "ssm:GetParameters", single.clone()),
        statement("ReadParametersByPath", "ssm:GetParametersByPath", paths.clone()),
    ]);
    assert_eq!(json_of(&sandbox, &[]), document(statements));
    let mut decrypt = statement("DecryptParametersuswest2", "kms:Decrypt", json!(KEY));
    let service = json!({ "kms:ViaService": "ssm.us-west-2.amazonaws.com" });
    decrypt["Condition"] = json!({ "StringEquals": service });
    assert_eq!(json_of(&sandbox, &["--kms", KEY])["Statement"][2], decrypt);

    // A role has its own account, and an agent asks by another action.
    let role = format!(r#"[{{"type":"ssm","id":"/a","role":"{ROLE}"}}]"#);
    let sandbox = program(&[step("load", &role)]);
    let policies = json_of(&sandbox, &["--trust"]);
    let resource = "arn:aws:ssm:us-west-2:210987654321:parameter/a";
    assert_eq!(policies[ROLE]["policy"]["Statement"][0]["Resource"], resource);
    let sources = r#"["ssm.token","ssm./prod/db/*","one","two"]"#;
    let sandbox = program(&[step("load", sources)]);
    let mut command = sandbox.command(["policy", "program", "--backend", AWS, "--region"]);
    command.args(["us-west-2", "--account", "123456789012"]);
    let output = command.env("SECRETS_AWS_TRANSPORT", "agent").output().unwrap();
    let output = CliOutput::new(output);
    assert_eq!(output.code, Some(0), "{output:?}");
    let by_agent: Value = serde_json::from_str(&output.text()).unwrap();
    let actions: Vec<_> = by_agent["Statement"].as_array().unwrap().iter().collect();
    let actions: Vec<_> = actions.iter().map(|statement| &statement["Action"]).collect();
    let secrets = json!(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]);
    assert_eq!(actions, [&secrets, &json!("ssm:GetParameter")]);
}

#[test]
fn an_agent_has_a_region_of_its_own() {
    let sandbox = program(&[step("load", r#"["prod/db","ssm./prod/db"]"#)]);
    let by_agent = |arguments: &[&str], function: Option<&str>| {
        let fixed = ["policy", "program", "--backend", AWS, "--account", "123456789012"];
        let mut command = sandbox.command([&fixed, arguments].concat());
        command.env("SECRETS_AWS_TRANSPORT", "agent").env("AWS_REGION", "eu-west-1");
        command.envs(function.map(|name| ("AWS_LAMBDA_FUNCTION_NAME", name)));
        CliOutput::new(command.output().unwrap())
    };
    let result = by_agent(&[], None);
    assert_eq!(result.code, Some(2), "{result:?}");
    let wanted = "add --region REGION, or write the whole ARN; SECRETS_AWS_TRANSPORT is agent, so the region is that of the agent";
    assert!(result.stderr.contains(wanted), "{result:?}");
    let printed = by_agent(&["--region", "us-west-2"], None);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let text = printed.text();
    assert!(text.contains(":us-west-2:") && !text.contains("eu-west-1"), "{text}");
    // Lambda sets the variable for a function and its extensions.
    assert!(by_agent(&[], Some("load")).text().contains("arn:aws:ssm:eu-west-1:123456789012:"));
}

#[test]
fn a_parameter_without_a_region_or_with_a_bad_name_is_an_error() {
    let sandbox = program(&[step("load", r#"["ssm./prod/db"]"#)]);
    let result = policy(&sandbox, &[]);
    assert_eq!(result.code, Some(2), "{result:?}");
    assert!(result.stderr.contains("--account ID and --region REGION"), "{result:?}");
    let sandbox = program(&[step("load", r#"[{"type":"ssm","id":"/prod/*/db"}]"#)]);
    let result = policy(&sandbox, &["--account", "123456789012", "--region", "us-west-2"]);
    assert_ne!(result.code, Some(0), "{result:?}");
    assert_eq!(result.text(), "");
}
