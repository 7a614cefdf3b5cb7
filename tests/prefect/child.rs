//! The process of one case: it does nothing unless it was started for one.

use secrets_runtime::{
    Declaration, Error, FetchRequest, Options, Payload, Resolver, Secrets,
    conformance::{Subject, check_reading},
};
use serde_json::{Map, Value};

/// The variable that says what to look up and what is wanted.
pub const TASK: &str = "SECRETS_TEST_TASK";

#[test]
fn looks_one_secret_up() {
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Value = serde_json::from_str(&task).expect("a task");
    let (source, wanted) = (&task["source"], &task["wanted"]);
    let backend = || {
        let resolver = Resolver::builder().build().expect("good settings");
        resolver.backend(text(&source["type"])).expect("it is built in")
    };
    if let Some(rules) = wanted.get("rules") {
        let present = rules["present"].as_object().expect("secrets").iter();
        let payload = |(id, value): (&String, &Value)| match value {
            Value::String(text) => (id.clone(), Payload::Text(text.as_str().into())),
            object => (id.clone(), Payload::Json(object.to_string().into())),
        };
        let missing = text(&rules["missing"]).to_owned();
        let subject = Subject { present: present.map(payload).collect(), missing };
        block_on(check_reading(&*backend(), &subject));
        return;
    }
    if let Some(exists) = wanted.get("exists") {
        let backend = backend();
        let options = Options::default();
        let requests = [FetchRequest::new(text(&source["id"]), &options)];
        let answers = block_on(backend.exists(&requests));
        assert_eq!(answers[0].as_ref().ok(), exists.as_bool().as_ref(), "{answers:?}");
        return;
    }
    let looked_up = look_up(&source.to_string());
    if let Some(kind) = wanted.get("error") {
        let error = looked_up.and_then(|secrets| match wanted.get("number") {
            Some(_) => secrets.get_as::<i64>(secrets.groups().next().expect("a group")).map(drop),
            None => Ok(()),
        });
        let error = error.expect_err("it is an error");
        assert_eq!(error.kind().as_str(), text(kind), "{error}");
        assert!(!error.to_string().contains("SeNtInEl"), "{error}");
        return;
    }
    let secrets = looked_up.expect("it is found");
    let mut entries = secrets.entries();
    if let Some(wanted) = wanted.get("text") {
        let entry = entries.next().expect("a value");
        assert_eq!(entry.value().expose_str().expect("a text"), text(wanted));
        assert!(entries.next().is_none(), "it is one plain value");
    } else if let Some(wanted) = wanted.get("fields") {
        let field = |entry: secrets_runtime::Entry<'_>| {
            let value = entry.value().expose_str().expect("a text");
            (entry.key().to_owned(), Value::from(value))
        };
        assert_eq!(&Value::Object(entries.map(field).collect::<Map<_, _>>()), wanted);
    } else {
        assert!(entries.next().is_none(), "it is absent");
    }
}

fn look_up(source: &str) -> Result<Secrets, Error> {
    let declaration = Declaration::builder("case").source(source)?.build();
    Ok(Resolver::builder().build()?.resolve_blocking(&declaration)?.secrets)
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
