//! The tables `[backends.NAME]`.

use std::time::Duration;

use super::*;
use crate::settings::backends::exec::ExecSettings;

/// Returns the backends of a file that is named.
fn backends(text: &str) -> Vec<ExecSettings> {
    let place = Place::new().file(text);
    let path = place.path("secrets.toml");
    place.with("SECRETS_CONFIG", path).good().exec().to_vec()
}

fn problems(text: &str) -> Vec<String> {
    let place = Place::new().file(text);
    let path = place.path("secrets.toml");
    place.with("SECRETS_CONFIG", path).bad()
}

#[test]
fn a_table_is_a_program_with_its_arguments() {
    let all = backends(
        "[backends.op]\nexec = ['/usr/bin/op', 'read', 'op://{id}']\n\
         [backends.my-age]\nexec = ['/usr/bin/age']\nformat = 'json'\ntimeout = 2.5\nenv = ['A']\nnot_found = [3, 44]\n",
    );
    assert_eq!(all.len(), 2);
    let (age, op) = (&all[0], &all[1]);
    assert_eq!((op.kind.as_str(), op.program.as_str()), ("op", "/usr/bin/op"));
    assert_eq!(op.arguments, ["read", "op://{id}"]);
    assert_eq!((op.is_json, op.timeout), (false, Duration::from_secs(10)));
    assert!(op.env.is_empty() && op.not_found.is_empty());
    assert!(op.place.starts_with("[backends.op] in /"), "{}", op.place);
    assert_eq!((age.is_json, age.timeout), (true, Duration::from_millis(2500)));
    assert_eq!((&age.env[..], &age.not_found[..]), (&["A".to_owned()][..], &[3, 44][..]));
    assert_eq!(age.kind.as_str(), "my-age");
    let text = backends("[backends.op]\nexec = ['/usr/bin/op']\ntimeout = '7'\n");
    assert_eq!(text[0].timeout, Duration::from_secs(7));
}

#[test]
fn every_mistake_is_reported_with_its_line() {
    for (table, wanted) in [
        ("backends = 3", "`backends` is a table, not a number"),
        ("backends.op = 3", "a backend is a table, not a number"),
        ("[backends.op]", "the backend has no program"),
        ("[backends.op]\nexec = '/usr/bin/op read {id}'", "not a text; no shell reads it"),
        ("[backends.op]\nexec = []", "`exec` is empty"),
        ("[backends.op]\nexec = ['/usr/bin/op', 3]", "a list of texts, and one is a number"),
        ("[backends.op]\nexec = ['op', 'read']", "not an absolute path: `op`"),
        ("[backends.op]\nexec = ['./op']", "not an absolute path: `./op`"),
        ("[backends.op]\nexec = [\"/bin/op\\u0000\"]", "contains a NUL"),
        ("[backends.op]\nexec = ['/usr/bin/{id}']", "an id must not choose it"),
        ("[backends.op]\nexec = ['/bin/op', '{ ID }']", "contains `{ ID }`, which is not replaced"),
        (
            "[backends.op]\nexec = ['/bin/op', 'a', '--name={name}']",
            "contains `{name}`, which is not replaced: `--name={name}`",
        ),
        ("[backends.op]\nexec = ['/bin/op']\nformat = 'yaml'", "prints text or JSON: `yaml`"),
        (
            "[backends.op]\nexec = ['/bin/op']\nformat = true",
            "`format` is a text, not true or false",
        ),
        ("[backends.op]\nexec = ['/bin/op']\ntimeout = 0", "0 seconds is too short"),
        ("[backends.op]\nexec = ['/bin/op']\ntimeout = '5s'", "not a number of seconds: `5s`"),
        ("[backends.op]\nexec = ['/bin/op']\ntimeout = true", "`timeout` is a number of seconds"),
        ("[backends.op]\nexec = ['/bin/op']\nenv = 'A'", "`env` is a list of names"),
        ("[backends.op]\nexec = ['/bin/op']\nenv = ['A=SeNtInEl']", "not a variable's name"),
        ("[backends.op]\nexec = ['/bin/op']\nnot_found = 0", "an exit code from 1 to 255"),
        ("[backends.op]\nexec = ['/bin/op']\nnot_found = [256]", "an exit code from 1 to 255"),
        ("[backends.op]\nexec = ['/bin/op']\nformatt = 'text'", "did you mean `format`?"),
        ("[backends.op]\nexec = ['/bin/op']\ncwd = '/'", "it has exec, format, timeout"),
        ("[backends.local]\nexec = ['/bin/op']", "`local` is a built-in backend"),
        ("[backends.valt]\nexec = ['/bin/op']", "did you mean"),
        ("[backends.Op]\nexec = ['/bin/op']", "a backend type holds"),
        ("backend.op = 3", "did you mean `backends`?"),
        ("[profile.a.backends.op]\nexec = []", "`exec` is empty"),
    ] {
        let found = problems(&format!("# first\n{table}\n"));
        assert_eq!(found.len(), 1, "{table}: {found:#?}");
        assert!(found[0].contains(wanted), "{table}: {}", found[0]);
        assert!(found[0].contains("secrets.toml, line "), "{}", found[0]);
        assert!(!found[0].contains("SeNtInEl"), "{}", found[0]);
    }
    let all = problems("[backends.op]\nformat = 'x'\ntimeout = 0\n[backends.local]\nexec = ['x']");
    assert_eq!(all.len(), 5, "{all:#?}");
}

#[test]
fn a_profile_has_its_own_programs() {
    let text = "[backends.op]\nexec = ['/bin/a']\n[profile.p.backends.op]\nexec = ['/bin/b']\n";
    let place = Place::new().file(text);
    let path = place.path("secrets.toml");
    let place = place.with("SECRETS_CONFIG", path);
    assert_eq!(place.good().exec()[0].program, "/bin/a");
    let place = place.with("SECRETS_PROFILE", "p");
    assert_eq!(place.good().exec()[0].program, "/bin/b");
}

#[test]
fn a_text_that_begins_with_the_type_is_of_the_backend() {
    let place = Place::new().file(
        "[backends.op]\nexec = ['/bin/op', '{id}']\n[sources]\nmapped = 'op.a/b'\nop-typed = { type = 'op', id = 'c.d' }\n",
    );
    let path = place.path("secrets.toml");
    let settings = place.with("SECRETS_CONFIG", path).good();
    let target = |text: &str| {
        let source = Source::parse(text).expect("it is a source");
        let target = settings.target_of(&source).into_owned();
        let kind = target.backend().map(ToString::to_string);
        (kind.unwrap_or_default(), target.id().to_owned(), target.group().to_owned())
    };
    let of = |kind: &str, id: &str, group: &str| (kind.to_owned(), id.to_owned(), group.to_owned());
    assert_eq!(target("op.vault/item"), of("op", "vault/item", "op.vault/item"));
    assert_eq!(target("op.a.b"), of("op", "a.b", "op.a.b"));
    assert_eq!(target("mapped"), of("op", "a/b", "mapped"));
    assert_eq!(target("op-typed"), of("op", "c.d", "op-typed"));
    assert_eq!(target("opp.x"), of("", "opp.x", "opp.x"));
    assert_eq!(target("local.op.x"), of("local", "op.x", "op.x"));
}
