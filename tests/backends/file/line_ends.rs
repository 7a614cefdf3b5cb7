//! What a value keeps of its line breaks, and that a path which the platform has set stays.

use std::{fs, path::Path, process::Command};

use secrets_runtime::{
    Declaration, Error, ErrorKind, Resolver, Secrets,
    backends::{File, Flyte},
};

const KEY: &str =
    "-----BEGIN OPENSSH PRIVATE KEY-----\nSeNtInEl\n-----END OPENSSH PRIVATE KEY-----\n";

/// What is mounted, and what of it is the value.
const CASES: &[(&[u8], &[u8])] = &[
    (b"SeNtInEl\n", b"SeNtInEl"),
    (b"SeNt InEl\r\n", b"SeNt InEl"),
    (b" SeNtInEl \n", b" SeNtInEl "),
    (b"SeNtInEl", b"SeNtInEl"),
    (b"\n", b""),
    (b"\r\n", b""),
    (b"", b""),
    (KEY.as_bytes(), KEY.as_bytes()),
    (b"a\nSeNtInEl\n", b"a\nSeNtInEl\n"),
    (b"a\r\nSeNtInEl\r\n", b"a\r\nSeNtInEl\r\n"),
    (b"a\nSeNtInEl", b"a\nSeNtInEl"),
    (b"SeNtInEl\n\n", b"SeNtInEl\n\n"),
    (b"\n\n", b"\n\n"),
    (b"SeNtInEl\xff\n", b"SeNtInEl\xff\n"),
];

/// Resolves a source, or a request, from the folder through `file` or `flyte`.
fn resolve(folder: &Path, backend: &str, declaration: &Declaration) -> Result<Secrets, Error> {
    let builder = Resolver::builder().backend(File::new(folder)).backend(Flyte::new(folder));
    Ok(builder.default_backend(backend).build()?.resolve_blocking(declaration)?.secrets)
}

#[test]
fn a_text_of_one_line_loses_its_end_and_a_file_has_what_is_mounted() {
    for (content, value) in CASES {
        let shown = content.escape_ascii();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("ssh")).unwrap();
        fs::write(folder.path().join("ssh/key"), content).unwrap();
        for backend in ["file", "flyte"] {
            let step = || Declaration::builder("step");
            let plain = r#"{"id": "ssh/key", "group": "ssh", "options": {"env_var_name": "key"}}"#;
            let declared = [
                step().source("ssh").unwrap().build(),
                step().source(plain).unwrap().build(),
                step().request("ssh", "key").unwrap().build(),
            ];
            for declaration in declared {
                let secrets = resolve(folder.path(), backend, &declaration).unwrap();
                assert!(secrets.get("ssh", "key").unwrap().expose_bytes() == *value, "{shown}");
                let file = secrets.file("ssh", "key").unwrap();
                assert!(fs::read(file).unwrap() == *content, "{shown}");
                let rendered = secrets.render("{{ssh.key | json}}");
                let is_text = std::str::from_utf8(value).ok();
                match is_text {
                    Some(text) => {
                        let json = serde_json::to_string(text).unwrap();
                        assert!(rendered.unwrap().expose_str().unwrap() == json, "{shown}");
                    }
                    None => assert!(rendered.is_err(), "{shown}"),
                }
                if let Some(text) = is_text {
                    assert!(secrets.entries().all(|e| e.value().expose_str().unwrap() == text));
                    let typed = secrets.get_as::<String>("ssh");
                    assert!(typed.unwrap() == text, "{shown}");
                }
            }
        }
    }
}

#[test]
fn the_longest_value_may_have_a_line_break_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let read = |content: &str| {
        fs::write(folder.path().join("long"), content).unwrap();
        let declaration = Declaration::builder("step").source("long").unwrap().build();
        resolve(folder.path(), "file", &declaration).map(|secrets| secrets.get("long", "long"))
    };
    let longest = "x".repeat(65_536);
    for end in ["", "\n", "\r\n"] {
        assert_eq!(read(&format!("{longest}{end}")).unwrap().unwrap().len(), 65_536);
    }
    for longer in [format!("{longest}\n\n"), format!("{longest}x\n"), "x\n".repeat(40_000)] {
        assert_eq!(read(&longer).unwrap_err().kind(), ErrorKind::InvalidValue);
    }
}

const REQUESTS: &str = r#"[
    {"group": "db", "key": "password", "mount_requirement": "FILE", "env_var": "DB_PW"},
    {"group": "db", "key": "user", "mount_requirement": "FILE", "env_var": "DB_USER"}
]"#;

/// Applies two `FILE` requests to a command for which the platform has set these variables.
fn apply(folder: &Path, backend: &str, set: &[(&str, &Path)]) -> Result<Command, Error> {
    let declaration = Declaration::builder("step").requests_json(REQUESTS)?.build();
    let secrets = resolve(folder, backend, &declaration)?;
    let mut command = Command::new("true");
    command.envs(set.iter().copied());
    // What `resolve` and `run` set.
    let present = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, path)| path.into());
    let exports = secrets.exports(present).map(|exports| exports.len());
    let applied = secrets.apply_to(&mut command);
    assert_eq!(
        exports.map_err(|error| error.kind()),
        applied.as_ref().map(|()| 2).map_err(Error::kind)
    );
    applied.map(|()| command)
}

fn mounted() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("db")).unwrap();
    fs::write(folder.path().join("db/password"), "SeNtInEl\n").unwrap();
    fs::write(folder.path().join("db/user"), "app\n").unwrap();
    folder
}

#[test]
fn the_path_of_the_mounted_file_in_its_variable_stays() {
    let folder = mounted();
    let linked = folder.path().join("linked");
    std::os::unix::fs::symlink(folder.path(), &linked).unwrap();
    let (password, user) = (folder.path().join("db/password"), folder.path().join("db/user"));
    for backend in ["file", "flyte"] {
        for path in [&password, &linked.join("db/password"), &folder.path().join("db//password")] {
            let set = [("DB_PW", path.as_path()), ("DB_USER", user.as_path())];
            let command = apply(folder.path(), backend, &set).unwrap();
            let value = command.get_envs().find(|(name, _)| *name == "DB_PW").unwrap().1;
            assert_eq!(value, Some(path.as_os_str()));
        }
        for other in [Path::new("/etc/hostname"), &user, Path::new(""), Path::new("db/password")] {
            let error = apply(folder.path(), backend, &[("DB_PW", other)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Collision);
            assert_eq!(error.problems().len(), 1, "{error}");
        }
    }
}
