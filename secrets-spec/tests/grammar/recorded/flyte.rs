//! Flyte's `Secret(..)`: requests accept every recorded case that Flyte's class accepts.

use secrets_spec::{MountType, Request, RequestView, Secret, read_requests};
use serde_json::Value;

use crate::support::{assert_all_listed, diagnostics, recorded};

/// Cases about Python objects, the wire format, local runs or the context, and where each is tested.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("cls_mount_str_idl", "a mount requirement that is no enum member; ours is typed"),
    ("cls_repr", "how Python prints the object"),
    ("cls_mutable", "fields of a Python object set afterwards; ours is a value"),
    ("idl", "the wire form"),
    ("sec_ctx_single", "the wire form"),
    ("container_ok", "the wire form of another kind of task"),
    ("run_local_wf", "reading, not declaring: the runtime's"),
    ("run_undeclared", "reading, not declaring: the runtime's (F2)"),
    ("run_local_env_var", "reading, not declaring: the runtime's (F5)"),
    ("cfg_frozen", "settings: the runtime's"),
    ("no_cache", "reading, not declaring: the runtime's"),
    ("sm_key_dunder", "an attribute of a Python object"),
    ("get_nonstr", "names that are no text; ours are typed"),
];

const ENV_VARS: &[&str] =
    &["cls_env_1", "cls_env_3", "cls_env_6", "cls_env_10", "cls_env_11", "cls_env_12"];

/// Cases that are checked separately below.
const RUN: &[&str] = &["cls_defaults", "cls_positional", "task_bad_type", "task_empty"];

fn assert_same(request: &Request, recorded: &Value) {
    let view = request.view();
    let text = |name: &str| recorded[name].as_str();
    assert_eq!((Some(view.group), Some(view.key)), (text("group"), text("key")));
    assert_eq!(view.group_version, text("group_version"));
    assert_eq!(Some(view.mount_requirement.as_str()), text("mount_requirement"));
    assert_eq!(view.env_var, text("env_var"));
}

#[test]
fn recorded_flyte_secrets_are_accepted() {
    let cases = recorded("flyte.json", "flyte_secret_class", |case| {
        case["id"].as_str().unwrap().to_owned()
    });
    let others = NOT_APPLICABLE.iter().map(|(id, _)| *id);
    assert_all_listed(&cases, ENV_VARS.iter().chain(RUN).copied().chain(others));

    for id in ENV_VARS {
        let name = cases[*id]["env_var"].as_str().unwrap();
        let view = RequestView { env_var: Some(name), ..Secret::new("g", "k").view() };
        match (Request::from_view(view), cases[*id]["expect"]["ok"] == Value::Bool(true)) {
            (Ok(request), true) => assert_same(&request, &cases[*id]["expect"]["value"]),
            (Err(error), false) => assert!(error.is_name(), "{id}: {error}"),
            (ours, _) => panic!("{id}: {ours:?}"),
        }
    }

    let value = |id: &str| cases[id]["expect"]["value"].clone();
    assert_same(&Request::new("g", "k").unwrap(), &value("cls_defaults"));
    let positional =
        Secret::new("g", "k").group_version("v").mount_requirement(MountType::FILE).env_var("E");
    assert_same(&Request::try_from(positional).unwrap(), &value("cls_positional"));

    // `secret_requests=["my-secret"]`: a text is not a request.
    assert_eq!(cases["task_bad_type"]["expect"]["ok"], false);
    assert_eq!(diagnostics(r#"["my-secret"]"#, read_requests).1.len(), 1);
    assert_eq!(cases["task_empty"]["expect"]["ok"], true);
    let (requests, said) = diagnostics("[]", read_requests);
    assert!(requests.is_empty() && said.is_empty());
}
