//! Values, arguments and the environment.

use std::fs;

use secrets_runtime::{
    Declaration, ErrorKind, Payload,
    conformance::{Subject, check_reading},
};

use super::*;

#[test]
fn one_line_break_at_the_end_goes() {
    let place = Place::new();
    let path = place.path("value");
    let table = format!("exec = ['/bin/cat', {path:?}]");
    let resolver = place.builder(&table).build().unwrap();
    for (printed, wanted) in [
        ("SeNtInEl\n", "SeNtInEl"),
        ("SeNtInEl", "SeNtInEl"),
        ("SeNtInEl\r\n", "SeNtInEl"),
        ("SeNtInEl\n\n", "SeNtInEl\n"),
        (" SeNtInEl \r", " SeNtInEl \r"),
        ("line\nline\n", "line\nline"),
        ("\n", ""),
        ("", ""),
    ] {
        fs::write(&path, printed).unwrap();
        assert_eq!(value(&resolver).unwrap().expose_str().unwrap(), wanted, "{printed:?}");
    }
    // What is no text stays as it is.
    fs::write(&path, b"\xff\n").unwrap();
    assert_eq!(value(&resolver).unwrap().expose_bytes(), b"\xff\n");
}

/// A program has often ended before all that it has written was read.
#[test]
fn a_long_value_is_whole_each_time() {
    let place = Place::new();
    let resolver = place.script("head -c 65536 /dev/zero | tr '\\0' x");
    for _ in 0..30 {
        assert_eq!(value(&resolver).unwrap().len(), 65_536);
    }
}

#[test]
fn the_table_or_the_source_says_that_it_is_json() {
    let place = Place::new();
    let script = r#"echo '{"user": "app", "password": "SeNtInEl"}'"#;
    let resolver = place.script_with(script, "format = 'json'");
    let secrets = resolve(&resolver, "op.db").unwrap();
    assert_eq!(secrets.get("op.db", "password").unwrap().expose_str().unwrap(), "SeNtInEl");
    let plain = r#"{"id": "db", "type": "op", "options": {"json": false}}"#;
    let secrets = resolve(&resolver, plain).unwrap();
    assert!(secrets.get("db", "db").unwrap().expose_str().unwrap().starts_with('{'));

    let resolver = place.script(script);
    assert!(value(&resolver).unwrap().expose_str().unwrap().starts_with('{'));
    let json = r#"{"id": "db", "type": "op", "options": {"format": "json"}}"#;
    let secrets = resolve(&resolver, json).unwrap();
    assert_eq!(secrets.get("db", "user").unwrap().expose_str().unwrap(), "app");
}

#[test]
fn a_request_names_the_id_and_the_field() {
    let place = Place::new();
    let script = r#"echo "{\"user\": \"$1\", \"password\": \"SeNtInEl\"}""#;
    let path = place.program("program", script);
    for format in ["text", "json"] {
        let table = format!("exec = [{path:?}, '{{id}}']\nformat = '{format}'");
        let resolver = place.builder(&table).default_backend("op").build().unwrap();
        let declaration = Declaration::builder("step").request("vault/db", "user").unwrap();
        let declaration = declaration.request("vault/db", "password").unwrap().build();
        let secrets = resolver.resolve_blocking(&declaration).unwrap().secrets;
        let value = |key: &str| secrets.get("vault/db", key).unwrap();
        assert_eq!(value("user").expose_str().unwrap(), "vault/db");
        assert_eq!(value("password").expose_str().unwrap(), "SeNtInEl");
    }
}

/// Each field of a group would else be the whole text.
#[test]
fn a_text_has_no_fields() {
    let place = Place::new();
    let path = place.program("program", "echo SeNtInEl");
    let table = format!("exec = [{path:?}, '{{id}}']");
    let cached = place.builder(&table).cache_ttl(Duration::from_secs(600));
    let resolver = cached.default_backend("op").build().unwrap();
    // The answer to the source is kept, and is not that to the request.
    assert!(resolve(&resolver, "op.db").is_ok());
    let declaration = Declaration::builder("step").request("db", "user").unwrap().build();
    let error = resolver.resolve_blocking(&declaration).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecodable, "{error}");
    assert!(!error.to_string().contains("SeNtInEl"), "{error}");
    // Without a group, the key is the id and the text is the value.
    let declaration = Declaration::builder("step").request("", "db").unwrap().build();
    let secrets = resolver.resolve_blocking(&declaration).unwrap().secrets;
    assert_eq!(secrets.get("", "db").unwrap().expose_str().unwrap(), "SeNtInEl");
}

#[test]
fn a_source_is_named_by_its_text_or_without_the_type() {
    let place = Place::new();
    let resolver = place.script("echo \"SeNtInEl-$1\"");
    let secrets = resolve(&resolver, "op.vault/item").unwrap();
    for group in ["op.vault/item", "vault/item"] {
        let value = secrets.get(group, "vault_item").unwrap();
        assert_eq!(value.expose_str().unwrap(), "SeNtInEl-vault/item");
        assert_eq!(secrets.get_as::<String>(group).unwrap(), "SeNtInEl-vault/item");
        let provenance = secrets.provenance(group).unwrap();
        assert_eq!((provenance.backend(), provenance.id()), ("op", "vault/item"));
        let fresh = secrets.refresh_blocking(group).unwrap();
        assert!(fresh.get(group, "vault_item").is_ok());
    }
    assert_eq!(secrets.var("vault_item").unwrap().expose_str().unwrap(), "SeNtInEl-vault/item");
    assert_eq!(secrets.get("item", "x").unwrap_err().kind(), ErrorKind::NotRequested);
    // Another source has that name: it is meant.
    let declaration = Declaration::builder("step");
    let declaration = declaration.source("op.PATH").unwrap().source("env.PATH").unwrap().build();
    let secrets = resolver.resolve_blocking(&declaration).unwrap().secrets;
    let of = |group: &str| secrets.get(group, "PATH").unwrap().expose_str().unwrap().to_owned();
    assert_eq!((of("op.PATH").as_str(), of("PATH").contains("SeNtInEl")), ("SeNtInEl-PATH", false));
}

#[test]
fn a_mapping_and_a_type_lead_to_it() {
    let place = Place::new();
    let script = r#"case $1 in object) echo '{"x": "SeNtInEl-x"}';; *) echo "SeNtInEl-$1";; esac"#;
    let path = place.program("program", script);
    let table = format!(
        "exec = [{path:?}, '{{id}}']\n[sources]\nprod-db = 'op.db'\nprod-object = 'op.object'\napi = {{ type = 'op', id = 'b.c' }}"
    );
    let resolver = place.builder(&table).build().unwrap();
    for (source, group, key, wanted) in [
        ("prod-db", "prod-db", "prod_db", "SeNtInEl-db"),
        ("api", "api", "api", "SeNtInEl-b.c"),
        (r#"{"id": "My item", "type": "op"}"#, "My item", "My_item", "SeNtInEl-My item"),
    ] {
        let secrets = resolve(&resolver, source).unwrap();
        assert_eq!(secrets.get(group, key).unwrap().expose_str().unwrap(), wanted);
    }
    // A request whose group is mapped.
    let declaration = Declaration::builder("step").request("prod-object", "x").unwrap().build();
    let secrets = resolver.resolve_blocking(&declaration).unwrap().secrets;
    assert_eq!(secrets.get("prod-object", "x").unwrap().expose_str().unwrap(), "SeNtInEl-x");
}

#[test]
fn arguments_are_passed_as_they_are() {
    let place = Place::new();
    let path = place.program("program", "printf '%s|' \"$@\"");
    let touched = place.path("touched");
    let table =
        format!("exec = [{path:?}, 'a {{id}}', '--x={{id}}/{{id}}', '{{key}}', '$HOME', '', '*']");
    let resolver = place.builder(&table).build().unwrap();
    for id in [format!("$(touch {})", touched.display()), "a \"b' ;&|{id}*".to_owned()] {
        let source = serde_json::json!({ "id": id, "type": "op", "group": "g" }).to_string();
        let secrets = resolve(&resolver, &source).unwrap();
        let entry = secrets.entries().next().unwrap();
        let wanted = format!("a {id}|--x={id}/{id}|{{key}}|$HOME||*|");
        assert_eq!(entry.value().expose_str().unwrap(), wanted);
    }
    assert!(!touched.exists());
}

#[test]
fn an_id_is_no_option_and_leads_nowhere() {
    let place = Place::new();
    let ran = place.path("ran");
    let resolver = place.script(&format!("touch {ran:?}; echo x"));
    for id in ["-x", "--help", "..", "a/../b", "a/.."] {
        let source = serde_json::json!({ "id": id, "type": "op" }).to_string();
        for source in [source, format!("op.{id}")] {
            let error = resolve(&resolver, &source).expect_err(&source);
            assert_eq!(error.kind(), ErrorKind::InvalidSource, "{error}");
        }
    }
    let source = serde_json::json!({ "id": "a\nb", "type": "op" }).to_string();
    assert_eq!(resolve(&resolver, &source).unwrap_err().kind(), ErrorKind::InvalidSource);
    let declaration = Declaration::builder("step").request("-x", "y").unwrap().build();
    let asked = place.builder("exec = ['/bin/cat', '{id}']").default_backend("op").build().unwrap();
    let error = asked.resolve_blocking(&declaration).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSource);
    let previous = r#"{"id": "db", "type": "op", "options": {"version_stage": "AWSPREVIOUS"}}"#;
    assert_eq!(resolve(&resolver, previous).unwrap_err().kind(), ErrorKind::NotSupported);
    assert!(!ran.exists(), "no program was run");
}

#[test]
fn the_environment_is_scrubbed_but_for_a_list() {
    let place = Place::new();
    // Cargo sets it, as a person may set a token.
    let own = "CARGO_MANIFEST_DIR";
    assert!(std::env::var_os(own).is_some());
    let path = place.program("program", "env; pwd");
    let names = |more: &str| {
        let table = format!("exec = [{path:?}, '{{id}}']\n{more}");
        let printed = value(&place.builder(&table).build().unwrap()).unwrap();
        let printed = printed.expose_str().unwrap().to_owned();
        assert!(printed.ends_with("\n/"), "it runs in the root folder");
        let name = |line: &str| line.split_once('=').map(|(name, _)| name.to_owned());
        printed.lines().filter_map(name).collect::<Vec<_>>()
    };
    // The shell adds some of its own.
    let known = ["PATH", "PWD", "OLDPWD", "SHLVL", "_", "HOME", "USER", "LOGNAME", "TERM", "TZ"];
    let is_known = |name: &String| {
        let starts =
            ["LANG", "LC_", "XDG_", "DBUS_", "SSH_AUTH", "GNUPG", "GPG_", "PASSWORD_STORE"];
        known.contains(&name.as_str())
            || starts.iter().any(|start| name.starts_with(start))
            || ["TMPDIR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"].contains(&name.as_str())
    };
    let found = names("");
    assert!(found.iter().all(is_known), "{found:?}");
    assert!(found.iter().any(|name| name == "PATH"));
    assert!(names(&format!("env = ['{own}', 'NOT_SET_ANYWHERE']")).contains(&own.to_owned()));
}

#[test]
fn nothing_is_read_from_standard_input() {
    let place = Place::new();
    assert!(value(&place.script("cat")).unwrap().is_empty());
}

/// Each waits for the others, so one after the other would never end.
#[test]
fn several_run_side_by_side() {
    let place = Place::new();
    let here = place.path("here");
    fs::create_dir(&here).unwrap();
    let script = format!(
        "cd {here:?}; touch \"$1\"; while [ $(ls | wc -l) -lt 6 ]; do sleep 0.01; done; echo \"SeNtInEl-$1\""
    );
    let resolver = place.script_with(&script, "timeout = 60");
    let ids = ["a", "b", "c", "d", "e", "f"];
    let declaration = ids.iter().fold(Declaration::builder("step"), |builder, id| {
        builder.source(&format!("op.{id}")).unwrap()
    });
    let secrets = resolver.resolve_blocking(&declaration.build()).unwrap().secrets;
    for id in ids {
        let value = secrets.get(&format!("op.{id}"), id).unwrap();
        assert_eq!(value.expose_str().unwrap(), format!("SeNtInEl-{id}"));
    }
}

#[tokio::test]
async fn the_rules_for_backends_are_kept() {
    let place = Place::new();
    let script = "case $1 in missing) exit 44;; *) cat \"$(dirname \"$0\")/$1\";; esac";
    let resolver = place.script_with(script, "not_found = 44");
    let long = "x".repeat(65_536);
    for (name, bytes) in [
        ("token", b"SeNtInEl-token\n".as_slice()),
        ("lines", b"SeNtInEl-lines\n\n"),
        ("bytes", b"SeNtInEl\xff\x00\n"),
        ("long", long.as_bytes()),
    ] {
        fs::write(place.path(name), bytes).unwrap();
    }
    let text = |text: &str| Payload::Text(text.into());
    let present = vec![
        ("token".to_owned(), text("SeNtInEl-token")),
        ("lines".to_owned(), text("SeNtInEl-lines\n")),
        ("bytes".to_owned(), Payload::Binary(b"SeNtInEl\xff\x00\n".to_vec().into())),
        ("long".to_owned(), text(&long)),
    ];
    let backend = resolver.backend("op").unwrap();
    check_reading(&*backend, &Subject { present, missing: "missing".to_owned() }).await;
}
