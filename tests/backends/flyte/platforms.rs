//! What a platform's injector puts into a container for a request, and how it reads back.

use serde_json::{Value, json};

use super::container::{Container, kind};

const VALUE: &str = "s3cr3t";

/// A container with what was injected.
fn container(injected: &Value) -> Container {
    let mut container = Container::new();
    let folder = container.folder().to_str().unwrap().to_owned();
    for (name, value) in injected["env"].as_object().unwrap() {
        container = container.variable(name, value.as_str().unwrap().replace("${DIR}", &folder));
    }
    for file in injected["files"].as_array().unwrap() {
        container = container.file(file.as_str().unwrap(), VALUE);
    }
    container
}

/// The request as it stands in the task.
fn request(case: &Value) -> Value {
    let request = &case["request"];
    json!({
        "group": request["group"], "key": request["key"],
        "group_version": request["group_version"], "env_var": request["env_var"],
        "mount_requirement": request["mount"],
    })
}

#[test]
fn every_recorded_platform() {
    let text = include_str!("../../vectors/flyte.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let (mut reads, mut changed, mut refused) = (0, 0, 0);
    for case in vectors["flyte_platform"].as_array().unwrap() {
        if case["injected"].is_null() {
            // That platform starts no such task: there is nothing to read.
            assert_eq!(case["reads"], json!([]));
            refused += 1;
            continue;
        }
        let container = container(&case["injected"]);
        for read in case["reads"].as_array().unwrap() {
            let answer = container.request(&read["get"]);
            reads += 1;
            match (read["found"] == true, &answer) {
                (true, Ok(value)) => assert!(value == VALUE.as_bytes(), "{case}"),
                (false, Err((kind, _))) => assert_eq!(kind, "NotFound", "{case}"),
                // F5: the file is named in the key's own case.
                (false, Ok(value)) => {
                    assert_eq!(case["request"], json!({ "key": "MY_KEY", "mount": "FILE" }));
                    assert!(value == VALUE.as_bytes(), "{case}");
                    changed += 1;
                }
                (true, Err((_, text))) => panic!("{case}: {text}"),
            }
        }
    }
    assert_eq!((reads, changed, refused), (17, 1, 1), "a case was added or lost");
}

/// The injectors whose names do not follow from the request, and what the error says of it.
const MOUNTED_ELSEWHERE: &[(&str, &str)] = &[
    ("user_secret", "user-info/user_secret is there: leave `group_version` out"),
    ("na", "mainsecret/1 is there: leave `key` out"),
];

#[test]
fn a_request_of_a_task_reads_back_as_it_was_made() {
    let text = include_str!("../../vectors/flyte.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    for case in vectors["flyte_platform"].as_array().unwrap() {
        if case["injected"].is_null() || case["injector"] == "azure v2" {
            continue;
        }
        let answer = container(&case["injected"]).request(&request(case));
        let key = case["request"]["key"].as_str().unwrap_or_default();
        match MOUNTED_ELSEWHERE.iter().find(|(known, _)| *known == key) {
            Some((_, help)) => {
                assert_eq!(kind(&answer), Some("NotFound"), "{case}");
                assert!(answer.unwrap_err().1.contains(help), "{case}");
            }
            None => assert!(answer.is_ok_and(|value| value == VALUE.as_bytes()), "{case}"),
        }
    }
}

/// Vault's agent keeps the case of both, Union's own injector that of the key, and puts a secret with an
/// `env_var` there alone (F5).
#[test]
fn platforms_that_spell_a_name_otherwise() {
    let vault = Container::mounted().file("Secret/Data/Db/Password", VALUE);
    let asked = json!({ "group": "Secret/Data/Db", "key": "Password" });
    assert!(vault.request(&asked).is_ok_and(|value| value == VALUE.as_bytes()));

    let union = Container::new().variable("_UNION_MY_KEY", VALUE);
    assert!(union.request(&json!({ "key": "my_key" })).is_ok());

    let asked = json!({ "key": "my_key", "env_var": "MY_PASSWORD" });
    let union = Container::new().variable("MY_PASSWORD", VALUE);
    assert!(union.request(&asked).is_ok_and(|value| value == VALUE.as_bytes()));

    // With `FILE` the variable holds a path, which is not the value of a secret.
    let asked = json!({ "key": "k", "env_var": "K_PATH", "mount_requirement": "FILE" });
    let answer = Container::new().variable("K_PATH", "/etc/flyte/secrets/k").request(&asked);
    assert_eq!(kind(&answer), Some("NotFound"));
}

/// F7: the step's own file, whether the platform mounted one or set a variable, and whatever stands in the
/// `env_var` already.
#[test]
fn a_file_is_given_for_what_is_mounted_in_any_way() {
    let asked =
        json!({ "group": "g", "key": "k", "env_var": "K_PATH", "mount_requirement": "FILE" });
    let question = json!({ "requests": [asked], "get": asked, "file": true });
    let containers = [
        Container::mounted().file("g/k", VALUE),
        Container::mounted().variable("_FSEC_G_K", VALUE),
    ];
    for container in containers {
        let runtime_files = container.path("run");
        let container = container
            .variable("SECRETS_RUN_DIR", runtime_files)
            .variable("K_PATH", "/etc/flyte/secrets/g/k");
        assert!(container.ask(&question).is_ok_and(|value| value == VALUE.as_bytes()));
    }
}
