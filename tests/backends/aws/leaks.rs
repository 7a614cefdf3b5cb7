//! No value is in any log, even at the finest level, nor in an error or a `Debug`.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};

use secrets_runtime::{Backend, Payload, Resolver, SecretValue, settings::variables};
use tracing::{
    Event, Id, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
};

use secrets_tests::{
    agent_stub::{Agent, AgentStub, TOKEN},
    fault_server::{Fault, FaultServer},
};

use crate::setup::{at, aws, names, resolve, resolver};

/// Records everything that is logged.
#[derive(Default, Clone)]
struct Everything(Arc<Mutex<String>>);

impl Everything {
    fn add(&self, record: impl FnOnce(&mut Fields)) {
        let mut fields = Fields(String::new());
        record(&mut fields);
        self.0.lock().unwrap().push_str(&fields.0);
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = writeln!(self.0, "{field}={value:?} {value:#?}");
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.add(|fields| span.record(fields));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        self.add(|fields| values.record(fields));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        self.add(|fields| event.record(fields));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn nothing_that_is_logged_shown_or_said_holds_a_value() {
    let logged = Everything::default();
    // For the whole process: most of the work is on the I/O thread. The other tests log into it too.
    tracing::subscriber::set_global_default(logged.clone()).unwrap();
    let mut said = String::new();

    let server = FaultServer::start().with_many(21).with("us-east-1", "plain", "SeNtInEl-plain");
    let resolver_of = at(&server);
    let mut sources = names(21);
    let secrets = resolve(&resolver_of, &sources).unwrap();
    let _ = write!(said, "{secrets:?} {resolver_of:?} {:?}", aws(&server.url));
    // The payload is not a JSON object.
    sources.push("plain".to_owned());
    let _ = write!(said, "{:?}", resolve(&resolver_of, &sources).unwrap_err());

    let role = r#"{"id": "s0", "role": "arn:aws:iam::123456789012:role/R"}"#;
    resolve(&resolver_of, &[role]).unwrap();

    for fault in [Fault::Cut, Fault::NotJson, Fault::Status(500, "SeNtInEl"), Fault::Stall] {
        let server = FaultServer::start().with_many(2).failing("*", 1000, fault);
        let aws =
            aws(&server.url).with_timeouts(Duration::from_millis(100), Duration::from_millis(500));
        let _ = write!(said, "{:?}", resolve(&resolver(aws), &names(2)).unwrap_err());
    }
    let server = FaultServer::start()
        .with("us-east-1", "p", "SeNtInEl-parameter")
        .with("us-east-1", "/set/a", "SeNtInEl-of-a-set")
        .with("us-east-1", "db", r#"{"k": "SeNtInEl-by-agent"}"#);
    for fault in [None, Some(Fault::Cut), Some(Fault::Status(500, "SeNtInEl"))] {
        let server = match fault {
            Some(fault) => server.clone().failing("*", 1000, fault),
            None => server.clone(),
        };
        let store = aws(&server.url).with_max_attempts(2).parameter_store();
        let resolver = Resolver::builder().backend(store.clone()).build().unwrap();
        let outcome = resolve(&resolver, &["ssm.p", "ssm./set/*"]);
        let _ = write!(said, "{outcome:?} {store:?}");
    }
    for agent in [Agent::WorkloadCredentialsProvider, Agent::LambdaExtension] {
        let server = FaultServer::start().with("us-east-1", "db", r#"{"k": "SeNtInEl-by-agent"}"#);
        let stub = AgentStub::start(agent, &server.url);
        let builder = Resolver::builder()
            .setting(&variables::AWS_TRANSPORT, "agent")
            .setting(&variables::AWS_AGENT_PORT, stub.port())
            .setting(&variables::AWS_TOKEN, TOKEN);
        let resolver = builder.build().unwrap();
        let source = "aws-secrets-manager.db";
        resolve(&resolver, &[source]).unwrap();
        let refused = stub.answering(400, "SeNtInEl");
        let outcome = resolve(&resolver, &["aws-secrets-manager.none"]);
        let backend = resolver.backend("aws-secrets-manager").unwrap();
        let _ = write!(said, "{outcome:?} {resolver:?} {backend:?} {:?}", refused.port());
    }

    // A server that repeats what it was given, in a body that is not AWS's.
    let server = FaultServer::start().failing("*", 9, Fault::Status(400, "SeNtInEl-written"));
    let backend = aws(&server.url);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let payload = Payload::Text(SecretValue::from("SeNtInEl-written"));
    let refused = runtime.block_on(backend.as_store().unwrap().put("s0", payload)).unwrap_err();
    let _ = write!(said, "{refused:?}");

    let logged = logged.0.lock().unwrap().clone();
    assert!(
        logged.len() > 10_000,
        "the SDK logs a lot at this level, and only {} came",
        logged.len()
    );
    for (what, text) in [("logged", &logged), ("said", &said)] {
        let at = text.find("SeNtInEl");
        let around = at.map(|at| text[..at].chars().rev().take(200).collect::<String>());
        let around = around.map(|text| text.chars().rev().collect::<String>());
        assert_eq!(around, None, "a value was {what} after this");
    }
}

#[test]
fn a_written_value_that_a_server_repeats_is_not_shown() {
    let message = "1 validation error: Value 'RePeAtEd' at 'secretString'";
    for action in ["PutSecretValue", "CreateSecret"] {
        let server = FaultServer::start()
            .failing(action, 9, Fault::Code("ValidationException", message))
            .failing("PutSecretValue", 9, Fault::Code("ResourceNotFoundException", ""));
        let backend = aws(&server.url);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let payload = Payload::Text(SecretValue::from("RePeAtEd"));
        let refused = runtime.block_on(backend.as_store().unwrap().put("s", payload)).unwrap_err();
        assert!(refused.to_string().contains("ValidationException"), "{refused}");
        assert!(!refused.to_string().contains("RePeAtEd"), "{action}");
    }
}
