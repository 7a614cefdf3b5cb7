//! A process in which no backend may be asked.

use secrets_runtime::{
    Context, Declaration, Error, ErrorKind, Resolver, Store, ValidationLevel, current_context,
    get_secret, get_secret_value_blocking, secrets, testing,
};

use crate::child::cases;

pub const CASES: &[(&str, fn())] = cases![nothing_is_asked_and_given_secrets_work];

#[secrets(sources = ["env.PATH", "file.db"])]
fn step() -> Result<String, Error> {
    Ok(current_context().secrets.get("db", "user")?.expose_str()?.to_owned())
}

fn nothing_is_asked_and_given_secrets_work() {
    testing::forbid_backends();
    let error = step().unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::NotSupported, Some("step")));
    assert_eq!(error.problems().len(), 2);
    for problem in error.problems() {
        assert!(problem.message().contains("testing::forbid_backends"), "{error}");
        assert!(problem.help().unwrap_or_default().contains("testing::with_secrets"), "{error}");
    }
    // A thread that the test starts has left the test's secrets behind, unless it takes the context along.
    let on_a_thread = |context: Option<Context>| {
        let run = move || {
            let _entered = context.as_ref().map(Context::enter);
            step()
        };
        std::thread::spawn(run).join().unwrap()
    };
    let given = [("db", "user", "app"), ("PATH", "PATH", "x")];
    testing::with_secrets(given, || {
        let error = on_a_thread(None).unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::NotSupported, Some("step")));
        assert!(error.problems()[0].help().unwrap_or_default().contains(".enter()"), "{error}");
        assert_eq!(on_a_thread(Some(current_context())).unwrap(), "app");
    });
    let origin = |error: Error| error.problems()[0].origin().to_owned();
    assert_eq!(origin(get_secret_value_blocking("env.PATH", "PATH").unwrap_err()), "env.PATH");

    let resolver = Resolver::builder().build().unwrap();
    let declaration = Declaration::builder("check").source("env.PATH").unwrap().build();
    for level in [ValidationLevel::SecretExists, ValidationLevel::SecretAndKeyExists] {
        let report = resolver.validate_blocking(level, &declaration);
        assert_eq!(report.problems()[0].kind(), ErrorKind::NotSupported);
    }
    let listed = resolver.store("local").unwrap().list_blocking();
    assert_eq!(listed.unwrap_err().kind(), ErrorKind::NotSupported);

    assert_eq!(testing::with_secrets(given, step).unwrap(), "app");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let read = async { get_secret("db").await?.get("db", "user") };
    let user = runtime.block_on(testing::with_secrets_async(given, read)).unwrap();
    assert_eq!(user.expose_str().unwrap(), "app");
}
