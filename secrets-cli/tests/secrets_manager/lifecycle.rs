//! Stores, shows, changes and deletes secrets.

use crate::secrets_manager::aws_sandbox::{AWS, AwsSandbox, unique_name};

const TAG: &str = "outerbounds.com/accessible-by-deployment";

#[test]
fn a_secret_is_registered_with_its_tag_and_shown_with_it() {
    let Some(aws) = AwsSandbox::at_moto() else { return };
    let name = unique_name("tagged");
    let tag = format!("{TAG}=speedyhawk");
    let result = aws.ok(&["register", &name, "--user=app", "--password=SeNtInEl", "--tag", &tag]);
    assert_eq!(
        result.stderr,
        format!(
            "registered `{name}` in aws-secrets-manager, with 2 fields\ntagged `{name}`: {tag}\n"
        )
    );
    let result = aws.ok(&["get", &name]);
    assert_eq!(result.text(), "user=***\npassword=***\n");
    assert_eq!(result.stderr, format!("tag {tag}\n"));
    // One field, and JSON, are printed without the tags.
    let result = aws.ok(&["get", &name, "password", "--reveal"]);
    assert_eq!((result.text().as_str(), result.stderr.as_str()), ("SeNtInEl", ""));
    assert_eq!(aws.ok(&["get", &name, "--format", "json"]).stderr, "");
    assert!(aws.ok(&["list"]).text().lines().any(|line| line == name));
}

#[test]
fn a_tag_alone_is_changed_without_a_new_version() {
    let Some(aws) = AwsSandbox::at_moto() else { return };
    let name = unique_name("retagged");
    aws.ok(&["register", &name, "--a=SeNtInEl-1"]);
    aws.ok(&["update", &name, "--a=SeNtInEl-2", "--tag", "team=x"]);
    aws.ok(&["update", &name, "--tag=team=y"]);
    let result = aws.ok(&["get", &name, "--reveal"]);
    assert_eq!(
        (result.text().as_str(), result.stderr.as_str()),
        ("a=SeNtInEl-2\n", "tag team=y\n")
    );
    assert_eq!(aws.ok(&["get", &name, "--previous", "--reveal"]).text(), "a=SeNtInEl-1\n");
    aws.run(&["update", &unique_name("missing"), "--tag", "team=y"]).assert_fails(3);
}

#[test]
fn tags_are_refused_before_anything_is_written_where_there_are_none() {
    let aws = AwsSandbox::at("http://127.0.0.1:1");
    let result = aws.sandbox.run(["register", "db", "--a=SeNtInEl", "--tag", "team=x"]);
    result.assert_fails(1);
    assert!(result.stderr.contains("secrets in local have no tags"), "{result:?}");
    assert_eq!(aws.sandbox.ok(["list"]), "");
    aws.sandbox.run(["register", "db", "--a=SeNtInEl", "--tag", "team"]).assert_fails(2);
}

#[test]
fn deleting_says_how_long_it_can_be_restored() {
    let Some(aws) = AwsSandbox::at_moto() else { return };
    let name = unique_name("deleted");
    aws.ok(&["register", &name, "--a=SeNtInEl"]);
    let result = aws.ok(&["delete", &name, "--yes"]);
    let expected = format!(
        "deleted `{name}` from aws-secrets-manager\n\
         it is removed after 30 days; until then, restore it with: aws secretsmanager restore-secret --secret-id {name}\n"
    );
    assert_eq!(result.stderr, expected);
    aws.run(&["get", &name]).assert_fails(3);
    // The name stays taken while the secret can be restored.
    aws.run(&["register", &name, "--a=SeNtInEl"]).assert_fails(3);
    aws.run(&["delete", &unique_name("missing"), "--yes"]).assert_fails(3);
}

#[test]
fn renaming_is_refused_with_the_reason_and_changes_nothing() {
    let Some(aws) = AwsSandbox::at_moto() else { return };
    let (old, new) = (unique_name("old"), unique_name("new"));
    aws.ok(&["register", &old, "--a=SeNtInEl"]);
    let result = aws.run(&["rename", &old, &new]);
    result.assert_fails(1);
    assert!(result.stderr.contains("cannot rename a secret"), "{result:?}");
    assert!(result.stderr.contains(&format!("register `{new}`")), "{result:?}");
    aws.ok(&["get", &old]);
    aws.run(&["get", &new]).assert_fails(3);
}

#[test]
fn plain_and_binary_values_and_what_is_exported_come_back_as_they_were() {
    let Some(aws) = AwsSandbox::at_moto() else { return };
    let (text, bytes) = (unique_name("text"), unique_name("bytes"));
    aws.sandbox.write("bytes", [0xff, 0, 0x0a]);
    aws.ok(&["register", &text, "--plain=SeNtInEl two words"]);
    aws.ok(&["register", &bytes, "--plain=@bytes"]);
    // The field of a plain value has the name of its variable.
    let read = |name: &str| aws.ok(&["get", name, &name.replace(['/', '-'], "_"), "--reveal"]);
    assert_eq!(read(&text).stdout, b"SeNtInEl two words");
    assert_eq!(read(&bytes).stdout, [0xff, 0, 0x0a]);
    let exported = aws.command(&["export", &bytes, "--backend", AWS]).output().unwrap();
    assert!(String::from_utf8(exported.stdout).unwrap().contains(r#"["base64", "/wAK"]"#));
}

#[test]
fn a_program_is_run_with_secrets_of_aws() {
    let Some(aws) = AwsSandbox::at_moto() else { return };
    let name = unique_name("run");
    aws.ok(&["register", &name, "--DB_USER=SeNtInEl"]);
    let source = format!("{}.{name}", AWS);
    let output = aws.command(&["run", &source, "--", "printenv", "DB_USER"]).output().unwrap();
    assert_eq!(output.stdout, b"SeNtInEl\n", "{output:?}");
}
