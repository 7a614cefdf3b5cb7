use std::{fs, os::unix::fs::symlink, path::Path};

use secrets_runtime::{Declaration, Error, ErrorKind, Resolver, Secrets, backends::File};

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("mounted");
    fs::create_dir_all(root.join("db")).unwrap();
    fs::write(folder.path().join("outside"), "SeNtInEl-outside").unwrap();
    fs::write(root.join("token"), "SeNtInEl-token\r\n").unwrap();
    fs::write(root.join("two-lines"), "SeNtInEl\n\n").unwrap();
    fs::write(root.join("bytes"), b"SeNtInEl\xff\n").unwrap();
    fs::write(root.join("json"), "{\"a\": \"SeNtInEl\"}\n").unwrap();
    fs::write(root.join("db/user"), "app\n").unwrap();
    fs::write(root.join("db/password"), "SeNtInEl-db").unwrap();
    fs::write(root.join("full"), "x".repeat(65_536)).unwrap();
    fs::write(root.join("over"), "x".repeat(65_537)).unwrap();
    symlink("../outside", root.join("leads-out")).unwrap();
    symlink("/etc", root.join("leads-away")).unwrap();
    symlink("../../outside", root.join("db/leads-out")).unwrap();
    fs::create_dir(root.join("clean")).unwrap();
    // As Kubernetes mounts a volume.
    fs::create_dir_all(root.join("volume/..2026")).unwrap();
    fs::write(root.join("volume/..2026/key"), "SeNtInEl-k8s").unwrap();
    symlink("..2026", root.join("volume/..data")).unwrap();
    symlink("..data/key", root.join("volume/key")).unwrap();
    folder
}

fn read(folder: &Path, source: &str) -> Result<Secrets, Error> {
    let resolver = Resolver::builder()
        .backend(File::new(folder.join("mounted")))
        .default_backend("file")
        .build()?;
    let declaration = Declaration::builder("step").source(source)?.build();
    Ok(resolver.resolve_blocking(&declaration)?.secrets)
}

#[test]
fn files_are_values_and_folders_are_sets() {
    let folder = folder();
    let get = |source: &str, key: &str| {
        let group = source.strip_prefix("file.").unwrap_or(source);
        let value = read(folder.path(), source).and_then(|secrets| secrets.get(group, key));
        value.map(|value| value.expose_bytes().to_vec())
    };
    assert_eq!(get("token", "token").unwrap(), b"SeNtInEl-token");
    assert_eq!(get("two-lines", "two_lines").unwrap(), b"SeNtInEl\n\n");
    assert_eq!(get("bytes", "bytes").unwrap(), b"SeNtInEl\xff\n");
    assert_eq!(get("json", "json").unwrap(), b"{\"a\": \"SeNtInEl\"}");
    assert_eq!(get("file.db/user", "db_user").unwrap(), b"app");
    assert_eq!(get("volume", "key").unwrap(), b"SeNtInEl-k8s");
    assert_eq!(get("full", "full").unwrap().len(), 65_536);
    let json = r#"{"id": "json", "options": {"json": true}}"#;
    assert!(read(folder.path(), json).unwrap().get("json", "a").is_ok());
    assert_eq!(read(folder.path(), "clean").unwrap().vars().count(), 0);
}

#[test]
fn nothing_leads_out() {
    let folder = folder();
    let kind = |source: &str| read(folder.path(), source).unwrap_err().kind();
    assert_eq!(kind("leads-out"), ErrorKind::InvalidName);
    assert_eq!(kind("leads-away/passwd"), ErrorKind::InvalidName);
    assert_eq!(kind("db/leads-out"), ErrorKind::InvalidName);
    // A folder with such a link is refused as a whole.
    assert_eq!(kind("db"), ErrorKind::InvalidName);
    assert_eq!(kind("over"), ErrorKind::InvalidValue);
    assert_eq!(kind("missing"), ErrorKind::NotFound);
    assert_eq!(kind("token/below"), ErrorKind::NotFound);
    for id in ["../outside", "a/../../outside", "/etc/passwd"] {
        let source = format!(r#"{{"id": "{id}", "type": "file"}}"#);
        assert_eq!(kind(&source), ErrorKind::InvalidName, "{id}");
        // A source without a type: the backend sees its id only when it is asked.
        assert_eq!(kind(id), ErrorKind::InvalidName, "{id}");
    }
    let error = read(&folder.path().join("nowhere"), "token").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("SECRETS_FILE_DIR"), "{error}");
}
