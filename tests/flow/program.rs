//! The flows that the tests run. `TEST_FLOW` chooses one.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "steps print")]

use std::{
    fmt,
    fs::File,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

use secrets_flow::Flow;
use secrets_runtime::{
    Error, SecretValue, current_context, get_secret_value_blocking, secrets, task,
};

/// The flow of the documentation.
fn dbflow() -> Flow {
    Flow::new("dbflow")
        .step("load", load)
        .step("store", store)
        .after("load")
        .retry(2)
        .timeout(Duration::from_secs(600))
        .service_account("store")
        .cpu("500m")
        .memory("1Gi")
        .image("registry.example/store:2")
        .env("K", "V")
        .step("report", report)
        .after(["load", "store"])
}

#[secrets(sources = ["prod-db"])]
async fn load() -> anyhow::Result<()> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let password = current_context().secrets.get("prod-db", "password")?;
    println!("load has {}", password.expose_str()?);
    Ok(())
}

#[secrets(sources = ["warehouse"])]
fn store() -> Result<(), Error> {
    let key = current_context().secrets.get("warehouse", "key")?;
    eprintln!("store has {} and K={}", key.expose_str()?, std::env::var("K").unwrap_or_default());
    Ok(())
}

#[secrets]
fn report() -> Result<(), Box<dyn std::error::Error>> {
    let user = current_context().secrets.var("user")?;
    println!("report has {}", user.expose_str()?);
    Ok(())
}

/// An error that forgets what it was made from.
#[derive(Debug)]
struct Forgetful;

impl From<Error> for Forgetful {
    fn from(_: Error) -> Self {
        Self
    }
}

impl fmt::Display for Forgetful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("something is wrong")
    }
}

impl std::error::Error for Forgetful {}

#[secrets(sources = ["nowhere"])]
fn forgetful() -> Result<(), Forgetful> {
    Ok(())
}

#[secrets(sources = ["prod-db"], role = "arn:aws:iam::123456789012:role/R")]
fn with_rows(
    _rows: usize,
    #[secret("typed", key = "token")] _token: SecretValue,
) -> Result<(), Error> {
    Ok(())
}

#[task(secret_requests = [Secret(group = "api", key = "token")])]
fn requesting() -> Result<(), Error> {
    Ok(())
}

struct Job;

impl Job {
    #[secrets(sources = ["of-method"])]
    fn method() -> Result<(), Error> {
        Ok(())
    }

    fn plain() -> Result<(), Error> {
        #[secrets(sources = ["of-nested"])]
        fn nested() -> Result<(), Error> {
            Ok(())
        }
        nested()
    }

    fn nested() -> impl Fn() -> Result<(), Error> {
        #[secrets(sources = ["of-inner"])]
        fn inner() -> Result<(), Error> {
            Ok(())
        }
        inner
    }
}

#[secrets(sources = ["of-generic"])]
fn generic<T: Default>() -> Result<(), Error> {
    drop(T::default());
    Ok(())
}

#[secrets(sources = ["of-raw"])]
async fn r#type() -> Result<(), Error> {
    Ok(())
}

/// Functions of every form, for what they declare.
fn forms() -> Flow {
    let pointer: fn() -> Result<(), Error> = Job::method;
    Flow::new("forms")
        .step("method", Job::method)
        .step("inner", Job::nested())
        .step("generic", generic::<Vec<u8>>)
        .step("raw", r#type)
        .step("typed", || with_rows(10))
        .declares(with_rows)
        .step("request", requesting)
        .step("bare", report)
        .step("closure", || with_rows(10))
        .step("pointer", pointer)
        .step("plain", Job::plain)
}

/// Steps that do what their variables say.
fn behaviour() -> Flow {
    Flow::new("behaviour")
        .step("a", || act("A"))
        .retry(1)
        .timeout(Duration::from_secs(1))
        .step("b", || act("B"))
        .step("c", || act("C"))
        .after("a")
        .step("secret", with_secret)
        .step("forgetful", forgetful)
        .step("exporting", exporting)
}

fn act(name: &str) -> Result<(), String> {
    let what = std::env::var(format!("DO_{name}")).unwrap_or_default();
    match what.split_once(' ').unwrap_or((&what, "")) {
        ("fail", why) => return Err(why.to_owned()),
        ("exit", code) => std::process::exit(code.parse().unwrap_or(99)),
        ("panic", why) => panic!("{why}"),
        ("sleep", seconds) => thread::sleep(Duration::from_secs(seconds.parse().unwrap_or(60))),
        // A shell that ignores being asked, with a child.
        ("shell", script) => {
            let status = Command::new("sh").args(["-c", script]).status();
            println!("the shell ended with {status:?}");
        }
        ("flood", lines) => {
            (0..lines.parse().unwrap_or(0)).for_each(|line: u32| println!("line {line}"))
        }
        ("print", text) => println!("{text}"),
        _ => {}
    }
    Ok(())
}

#[secrets(sources = ["prod-db"])]
fn with_secret() -> Result<(), Error> {
    let password = current_context().secrets.get("prod-db", "password")?;
    let text = password.expose_str()?;
    println!("in one piece: {text}");
    eprintln!("on the other output: {text}");
    let _ =
        Command::new("sh").args(["-c", "echo \"in a child: $0\"; echo \"$0\" >&2", text]).status();
    match std::env::var("DO_SECRET").as_deref() {
        Ok("panic") => panic!("with {text}"),
        Ok("abort") => {
            print!("before the end {text}");
            std::process::abort()
        }
        Ok("exit") => {
            println!("before the end {text}");
            std::process::exit(7)
        }
        _ => Ok(()),
    }
}

#[secrets(sources = ["prod-db"], export = "process")]
fn exporting() -> Result<(), Error> {
    println!("exported: {}", std::env::var("password").unwrap_or_default());
    Ok(())
}

fn wrong() -> Flow {
    Flow::new("Wrong_Name")
        .retry(1)
        .step("a_b", report)
        .after("nope")
        .step("a-b", report)
        .cpu("much")
}

fn braces() -> Flow {
    Flow::new("braces")
        .step("a", report)
        .env("A", "{{workflow.name}}")
        .step("b", report)
        .env("DB_PASSWORD", "SeNtInEl")
}

/// A program that has fetched a secret before it comes to its flow.
fn early() -> Flow {
    let password = get_secret_value_blocking("prod-db", "password");
    Flow::new("early").step("print", move || {
        let password = password.as_ref().map_err(ToString::to_string)?;
        println!("early: {}", password.expose_str().map_err(|error| error.to_string())?);
        Ok::<(), String>(())
    })
}

/// A program in which a thread fetches a secret while the process exits.
fn late() -> Flow {
    // What is dropped first is what was made last: the masker of the process has ended when this is dropped.
    LATE_THREAD.with(|_| ());
    Flow::new("late").step("exit", || -> Result<(), String> { std::process::exit(0) })
}

thread_local! {
    static LATE_THREAD: LateThread = const { LateThread };
}

struct LateThread;

impl Drop for LateThread {
    fn drop(&mut self) {
        let late = thread::spawn(|| {
            let key = get_secret_value_blocking("warehouse", "key")?;
            eprintln!("late: {}", key.expose_str()?);
            Ok::<(), Error>(())
        });
        late.join().expect("it does not panic").expect("it gets the secret");
    }
}

/// A step that has a secret's value in its table of sources.
fn inline() -> Flow {
    let sources = r#"{"prod-db":{"type":"inline","options":{"env_vars":{"password":"SeNtInEl"}}}}"#;
    Flow::new("inline").step("load", load).env("SECRETS_SOURCES", sources)
}

/// The flow of the documentation with one step after the other, as Metaflow has it.
fn oracle() -> Flow {
    Flow::new("dbflow")
        .step("load", load)
        .step("store", store)
        .after("load")
        .retry(2)
        .service_account("store")
        .step("report", report)
        .after("store")
}

/// Two steps that get what is attached at launch, and one without an attribute.
fn bare() -> Flow {
    Flow::new("bare").step("a", report).step("b", report).step("c", Job::plain)
}

/// A step whose error contains a secret.
fn quoting() -> Flow {
    #[secrets(sources = ["prod-db"])]
    fn quote() -> anyhow::Result<()> {
        let password = current_context().secrets.get("prod-db", "password")?;
        anyhow::bail!("no connection with {}", password.expose_str()?)
    }
    Flow::new("quoting").step("quote", quote).retry(1)
}

/// Two steps whose variables contradict each other.
fn two_values() -> Flow {
    Flow::new("two-values").step("a", report).env("K", "1").step("b", report).env("K", "2")
}

/// Each step has an image, so the command line needs none.
fn images() -> Flow {
    let names = ["a".to_owned(), "b".to_owned()];
    let list = names.to_vec();
    let flow = Flow::new("images").step("a", report).image("a:1").step("b", report).image("b:1");
    flow.step("c", report).image("c:1").after(&names).after(&list)
}

/// Starts two children when a step runs, and prints how they have ended: one in a thread that ends, and one, in a group of
/// its own, in a thread that waits for both.
fn start_own_children(script: String) {
    let start = |group: Option<i32>, script: &str| {
        let mut shell = Command::new("sh");
        if let Some(group) = group {
            shell.process_group(group);
        }
        shell.args(["-c", script]).spawn()
    };
    thread::spawn(move || {
        while !Path::new("step-runs").exists() {
            thread::sleep(Duration::from_millis(10));
        }
        let grouped = start(Some(0), &script);
        let other = thread::spawn(move || start(None, &script)).join();
        for child in [Ok(grouped), other].into_iter().flatten() {
            let status = child.and_then(|mut child| child.wait());
            eprintln!("own child: {:?}", status.map(|status| status.code()));
        }
        File::create("own-ended")
    });
}

fn main() -> ExitCode {
    if let Ok(script) = std::env::var("TEST_OWN_CHILD")
        && std::env::args().nth(1).as_deref() == Some("run")
    {
        start_own_children(script);
    }
    let flow = match std::env::var("TEST_FLOW").as_deref() {
        Ok("forms") => forms(),
        Ok("behaviour") => behaviour(),
        Ok("wrong") => wrong(),
        Ok("bare") => bare(),
        Ok("braces") => braces(),
        Ok("inline") => inline(),
        Ok("early") => early(),
        Ok("late") => late(),
        Ok("images") => images(),
        Ok("oracle") => oracle(),
        Ok("quoting") => quoting(),
        Ok("two-values") => two_values(),
        _ => dbflow(),
    };
    flow.main()
}
