//! What flytekit's `SecretsManager` did with a case, and what we do: the same, or a change that is named.

use base64ct::{Base64, Encoding};
use secrets_runtime::ErrorKind;
use serde_json::{Value, json};

use super::container::{Answer, Container, kind};

/// Cases about Python objects alone.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("mode_invalid", "the mode with which Python opens the file; ours is only ever read"),
    ("mode_w_truncates", "the mode with which Python opens the file; ours is only ever read"),
    ("attr_env", "a secret as an attribute of a Python object"),
    ("attr_reserved_key_group", "an attribute of a Python object that has the key's name"),
    ("attr_reserved_group_get", "an attribute of a Python object that has the group's name"),
];

/// Our outcome where it is changed on purpose, and by which change.
fn changed(case: &Value) -> Option<(&'static str, Result<&str, ErrorKind>)> {
    use ErrorKind::{AccessDenied, InvalidName, InvalidSource, NotFound};
    Some(match case["id"].as_str().unwrap() {
        "fs_dir" => ("F1", Err(NotFound)),
        "name_file_18" => ("F3", Err(InvalidName)),
        "name_env_20" | "name_file_20" | "name_env_21" | "fs_traversal" => {
            ("F3", Err(InvalidSource))
        }
        // A control character is refused like NUL.
        "name_env_25" | "name_file_25" | "fs_nul_key" => ("F3", Err(InvalidSource)),
        "file_unicode_ws" => ("F4", Ok(case["files"][0]["text"].as_str().unwrap())),
        "name_env_22" | "name_env_23" | "nothing_local" | "empty_strings" => {
            ("F9", Err(InvalidSource))
        }
        "unprefixed_local_wf" | "unprefixed_local_dynamic" | "local_bare_key_no_group" => {
            ("F10", Err(NotFound))
        }
        "unprefixed_over_file_local" => ("F10", Ok("F")),
        "cfg_env_prefix_blank" => ("F10", Ok("D")),
        "fs_denied" => ("F11", Err(AccessDenied)),
        _ => return None,
    })
}

fn bytes(base64: &Value) -> Vec<u8> {
    Base64::decode_vec(base64.as_str().unwrap()).unwrap()
}

/// The value or, of an error, our kind. Python's other errors are all under a change.
fn recorded(expect: &Value) -> Result<Vec<u8>, String> {
    if expect["ok"] == true {
        return Ok(match (&expect["value"], &expect["b64"], &expect["surrogateescape_b64"]) {
            (Value::String(text), ..) => text.clone().into_bytes(),
            (_, base64 @ Value::String(_), _) => bytes(base64),
            (.., base64) => bytes(base64),
        });
    }
    let error = expect["error"].as_str().unwrap();
    match expect["message"].as_str() {
        Some(text) if error == "ValueError" && text.contains("Unable to find secret") => {
            Err("NotFound".to_owned())
        }
        _ => Err(format!("Python's {error}")),
    }
}

/// What the case has around it. `${DIR}` is the folder.
fn container(case: &Value) -> Container {
    let container = Container::new();
    let folder = container.folder().to_str().unwrap().to_owned();
    let here = |text: &str| text.replace("${DIR}", &folder);
    let default_dir = here(case["default_dir"].as_str().unwrap_or("${DIR}"));
    let mut container = container
        .variable("FLYTE_SECRETS_DEFAULT_DIR", default_dir)
        .variable("PATH", "/usr/bin:/bin");
    for (name, value) in case["env"].as_object().into_iter().flatten() {
        container = container.variable(name, value.as_str().unwrap());
    }
    for (name, value) in case["env_b64"].as_object().into_iter().flatten() {
        use std::os::unix::ffi::OsStringExt;
        container = container.variable(name, std::ffi::OsString::from_vec(bytes(value)));
    }
    // A case about a name has the value where flytekit looks for it.
    let named = case["expect"]["value"].as_str().unwrap_or_default();
    match case["op"].as_str() {
        Some("env_name") => container = container.variable(named, "SeNtInEl"),
        // One that leads out of the folder is not written.
        Some("file_path") if named.starts_with("${DIR}") && !named.contains("..") => {
            container = container.file(here(named), "SeNtInEl");
        }
        _ => {}
    }
    for file in case["files"].as_array().into_iter().flatten() {
        let path = file["path"].as_str().unwrap();
        if file["dir"] == true {
            std::fs::create_dir_all(container.path(path)).unwrap();
            continue;
        }
        container = match &file["b64"] {
            Value::Null => container.file(path, file["text"].as_str().unwrap()),
            base64 => container.file(path, bytes(base64)),
        };
        if let Some(mode) = file["mode"].as_str() {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(u32::from_str_radix(mode, 8).unwrap());
            std::fs::set_permissions(container.path(path), mode).unwrap();
        }
    }
    if case["drop_privileges"] == true { container.unprivileged() } else { container }
}

/// F1: the error names both places where flytekit looked. Its local runs look at the bare variable (F10).
fn names_both_places(case: &Value, folder: &str, answer: &Answer) {
    let Err((_, text)) = answer else { return };
    let Some(message) = case["expect"]["message"].as_str() else { return };
    let Some((_, places)) = message.split_once("Env Var:") else { return };
    let (variable, file) = places.split_once(" and FilePath: ").unwrap();
    let id = &case["id"];
    assert!(case["mode"] == "local" || text.contains(variable), "{id}: {text}");
    assert!(text.contains(&file.replace("${DIR}", folder)), "{id}: {text}");
}

#[test]
fn every_recorded_case() {
    let text = include_str!("../../vectors/flyte.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let mut passed_over = Vec::new();
    let (mut equal, mut differing) = (0, 0);
    for case in vectors["flyte_secrets_manager"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if NOT_APPLICABLE.iter().any(|(known, _)| *known == id) {
            passed_over.push(id);
            continue;
        }
        let container = container(case);
        let answer = container.request(&json!({
            "group": case["group"], "key": case["key"], "group_version": case["group_version"],
        }));
        let expected = match case["op"].as_str() {
            Some("env_name" | "file_path") => Ok(b"SeNtInEl".to_vec()),
            _ => recorded(&case["expect"]),
        };
        let shown = kind(&answer).unwrap_or("a value").to_owned();
        match changed(case) {
            None => {
                let same = match (&answer, &expected) {
                    (Ok(ours), Ok(theirs)) => ours == theirs,
                    (Err((ours, _)), Err(theirs)) => ours == theirs,
                    _ => false,
                };
                assert!(same, "{id} is neither equal nor a named change: {shown}");
                names_both_places(case, container.folder().to_str().unwrap(), &answer);
                equal += 1;
            }
            Some((change, ours)) => {
                let ours = ours.map(|text| text.as_bytes().to_vec());
                let ours = ours.map_err(|kind| kind.as_str().to_owned());
                assert_ne!(ours, expected, "{id} is not a change");
                let answer = answer.map_err(|(kind, _)| kind);
                assert!(answer == ours, "{id}, changed by {change}: {shown}");
                differing += 1;
            }
        }
    }
    let listed: Vec<_> = NOT_APPLICABLE.iter().map(|(id, _)| *id).collect();
    assert_eq!(passed_over, listed);
    assert_eq!((equal, differing), (40, 20), "a case was added or lost");
}
