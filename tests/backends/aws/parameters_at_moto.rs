//! The backend `ssm` against moto. moto knows no ARNs of parameters, and answers without the selector; that a policy
//! permits it is shown in `roles.rs`.

use std::{collections::BTreeMap, time::Duration};

use secrets_runtime::{Declaration, ErrorKind, Resolver, Secrets};
use secrets_tests::http::server;
use serde_json::json;

use crate::{setup::aws, wire};

/// A name that no other run uses.
fn folder() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("/tests/{}", now.as_nanos())
}

fn put(url: &str, name: &str, kind: &str, value: &str) {
    let input = json!({ "Name": name, "Type": kind, "Value": value, "Overwrite": true });
    wire::parameters(url, "us-east-1", "PutParameter", &input);
}

fn value(secrets: &Secrets, group: &str) -> String {
    secrets.get(group, "V").unwrap().expose_str().unwrap().to_owned()
}

#[test]
fn parameters_of_every_type_version_and_label_are_read() {
    let Some(url) = server("SECRETS_TEST_MOTO_URL") else { return };
    let folder = folder();
    let name = |name: &str| format!("{folder}/{name}");
    put(&url, &name("text"), "String", "SeNtInEl-text");
    put(&url, &name("list"), "StringList", "SeNtInEl-a,SeNtInEl-b");
    put(&url, &name("secure"), "SecureString", "SeNtInEl-old");
    let label = json!({ "Name": name("secure"), "ParameterVersion": 1, "Labels": ["live"] });
    wire::parameters(&url, "us-east-1", "LabelParameterVersion", &label);
    put(&url, &name("secure"), "SecureString", "SeNtInEl-new");
    for n in 0..23 {
        put(&url, &name(&format!("set/k{n}")), "SecureString", &format!("SeNtInEl-{n}"));
    }
    put(&url, &name("set/further/down"), "String", "SeNtInEl-further");

    let wanted = BTreeMap::from([
        ("text", "SeNtInEl-text"),
        ("list", "SeNtInEl-a,SeNtInEl-b"),
        ("secure", "SeNtInEl-new"),
        ("secure:1", "SeNtInEl-old"),
        ("secure:2", "SeNtInEl-new"),
        ("secure:live", "SeNtInEl-old"),
    ]);
    let mut step = Declaration::builder("step");
    for id in wanted.keys() {
        let source = json!({
            "type": "ssm", "id": name(id), "group": id, "options": { "env_var_name": "V" }
        });
        step = step.source(&source.to_string()).unwrap();
    }
    let set = format!("ssm.{}", name("set/*"));
    let step = step.source(&set).unwrap().build();
    let builder = Resolver::builder().backend(aws(&url).parameter_store());
    let resolver = builder.cache_ttl(Duration::ZERO).build().unwrap();
    let secrets = resolver.resolve_blocking(&step).unwrap().secrets;
    for (id, wanted) in wanted {
        assert_eq!(value(&secrets, id), wanted, "{id}");
    }
    for n in 0..23 {
        let value = secrets.get(&name("set/*"), &format!("k{n}")).unwrap();
        assert_eq!(value.expose_str().unwrap(), format!("SeNtInEl-{n}"));
    }
    assert!(secrets.get(&name("set/*"), "down").is_err());

    let missing = ["none", "secure:9", "none/*"].map(|id| format!("ssm.{}", name(id)));
    let step = missing
        .iter()
        .fold(Declaration::builder("step"), |step, source| step.source(source).unwrap());
    let error = resolver.resolve_blocking(&step.build()).unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds, [ErrorKind::NotFound; 3], "{error}");
}
