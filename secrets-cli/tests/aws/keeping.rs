//! Keeping, showing, changing and deleting.

use crate::setup::{AWS, Aws, fresh};

const TAG: &str = "outerbounds.com/accessible-by-deployment";

#[test]
fn a_secret_is_registered_with_its_tag_and_shown_with_it() {
    let Some(aws) = Aws::at_moto() else { return };
    let name = fresh("tagged");
    let tag = format!("{TAG}=speedyhawk");
    let ran = aws.ok(&["register", &name, "--user=app", "--password=SeNtInEl", "--tag", &tag]);
    assert_eq!(
        ran.stderr,
        format!(
            "registered `{name}` in aws-secrets-manager, with 2 fields\ntagged `{name}`: {tag}\n"
        )
    );
    let ran = aws.ok(&["get", &name]);
    assert_eq!(ran.text(), "user=***\npassword=***\n");
    assert_eq!(ran.stderr, format!("tag {tag}\n"));
    // A program that reads one field, or JSON, is told nothing else.
    let ran = aws.ok(&["get", &name, "password", "--reveal"]);
    assert_eq!((ran.text().as_str(), ran.stderr.as_str()), ("SeNtInEl", ""));
    assert_eq!(aws.ok(&["get", &name, "--format", "json"]).stderr, "");
    assert!(aws.ok(&["list"]).text().lines().any(|line| line == name));
}

#[test]
fn a_tag_alone_is_changed_without_a_new_version() {
    let Some(aws) = Aws::at_moto() else { return };
    let name = fresh("retagged");
    aws.ok(&["register", &name, "--a=SeNtInEl-1"]);
    aws.ok(&["update", &name, "--a=SeNtInEl-2", "--tag", "team=x"]);
    aws.ok(&["update", &name, "--tag=team=y"]);
    let ran = aws.ok(&["get", &name, "--reveal"]);
    assert_eq!((ran.text().as_str(), ran.stderr.as_str()), ("a=SeNtInEl-2\n", "tag team=y\n"));
    assert_eq!(aws.ok(&["get", &name, "--previous", "--reveal"]).text(), "a=SeNtInEl-1\n");
    aws.run(&["update", &fresh("missing"), "--tag", "team=y"]).fails(3);
}

#[test]
fn tags_are_refused_before_anything_is_written_where_there_are_none() {
    let aws = Aws::at("http://127.0.0.1:1");
    let ran = aws.bench.run(["register", "db", "--a=SeNtInEl", "--tag", "team=x"]);
    ran.fails(1);
    assert!(ran.stderr.contains("secrets in local have no tags"), "{ran:?}");
    assert_eq!(aws.bench.ok(["list"]), "");
    aws.bench.run(["register", "db", "--a=SeNtInEl", "--tag", "team"]).fails(2);
}

#[test]
fn deleting_says_how_long_it_can_be_restored() {
    let Some(aws) = Aws::at_moto() else { return };
    let name = fresh("deleted");
    aws.ok(&["register", &name, "--a=SeNtInEl"]);
    let ran = aws.ok(&["delete", &name, "--yes"]);
    let expected = format!(
        "deleted `{name}` from aws-secrets-manager\n\
         it is gone in 30 days; until then: aws secretsmanager restore-secret --secret-id {name}\n"
    );
    assert_eq!(ran.stderr, expected);
    aws.run(&["get", &name]).fails(3);
    // The name is taken until then.
    aws.run(&["register", &name, "--a=SeNtInEl"]).fails(3);
    aws.run(&["delete", &fresh("missing"), "--yes"]).fails(3);
}

#[test]
fn renaming_is_refused_with_the_reason_and_changes_nothing() {
    let Some(aws) = Aws::at_moto() else { return };
    let (old, new) = (fresh("old"), fresh("new"));
    aws.ok(&["register", &old, "--a=SeNtInEl"]);
    let ran = aws.run(&["rename", &old, &new]);
    ran.fails(1);
    assert!(ran.stderr.contains("cannot rename a secret"), "{ran:?}");
    assert!(ran.stderr.contains(&format!("register `{new}`")), "{ran:?}");
    aws.ok(&["get", &old]);
    aws.run(&["get", &new]).fails(3);
}

#[test]
fn plain_and_binary_values_and_what_is_exported_come_back_as_they_were() {
    let Some(aws) = Aws::at_moto() else { return };
    let (text, bytes) = (fresh("text"), fresh("bytes"));
    aws.bench.write("bytes", [0xff, 0, 0x0a]);
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
    let Some(aws) = Aws::at_moto() else { return };
    let name = fresh("run");
    aws.ok(&["register", &name, "--DB_USER=SeNtInEl"]);
    let source = format!("{}.{name}", AWS);
    let output = aws.command(&["run", &source, "--", "printenv", "DB_USER"]).output().unwrap();
    assert_eq!(output.stdout, b"SeNtInEl\n", "{output:?}");
}
