//! The masker of the process, and the panic hook.

use std::panic;

use base64ct::{Base64, Encoding};
use secrets_runtime::{
    Error, Resolver, SecretValue,
    config::{Document, Format},
    current_context, get_secret_blocking,
    mask::Masker,
    secrets, testing,
};

use crate::child::{cases, child};

pub const CASES: &[(&str, fn())] = cases![
    the_masker_learns_what_steps_and_get_secret_get,
    what_was_got_before_is_learned_as_long_as_it_is_held,
    a_body_that_asks_first_has_its_own_secrets_masked,
    texts_with_values_in_them_are_learned_however_they_are_filled,
    a_secret_that_is_not_masked_is_named_once,
    a_number_of_fewer_than_six_digits_is_not_masked,
    what_the_masker_knows_is_wiped_when_the_process_ends,
    a_panic_with_a_secret_does_not_reach_the_hook_before,
];

/// Warns and panics, each in a process whose standard error is read.
pub const HELPERS: &[(&str, fn())] = &[
    ("mask_short", mask_short),
    ("mask_panic", mask_panic),
    #[cfg(target_os = "linux")]
    ("ends_with_main", ends_with_main),
    #[cfg(target_os = "linux")]
    ("ends_with_exit", ends_with_exit),
];

#[secrets(sources = ["db"])]
fn render() -> Result<String, Error> {
    let secrets = current_context().secrets;
    let text = secrets.render("user={{db.user}} password={{db.password | json}}")?;
    Ok(text.expose_str()?.to_owned())
}

#[secrets(sources = ["inline-db"])]
fn read() -> Result<(), Error> {
    current_context().secrets.get("inline-db", "password").map(drop)
}

fn the_masker_learns_what_steps_and_get_secret_get() {
    let given = [("db", "user", "SeNtInEl-user"), ("db", "password", "SeNt\"InEl-1")];
    let later = [("api", "token", "SeNtInEl-2")];
    let masker = Masker::current();
    let mut writer = masker.writer(Vec::new());
    let text = testing::with_secrets(given, render).unwrap();
    assert_eq!(masker.mask(&text), "***", "the rendered text as a whole");
    assert_eq!(masker.mask("SeNtInEl-user SeNt\\\"InEl-1 SeNtInEl-2"), "*** *** SeNtInEl-2");
    testing::with_secrets(later, || get_secret_blocking("api")).unwrap();
    std::io::Write::write_all(&mut writer, b"SeNtInEl-2").unwrap();
    assert_eq!(writer.finish().unwrap(), b"***");
}

fn a_body_that_asks_first_has_its_own_secrets_masked() {
    #[secrets(sources = ["db"])]
    fn step() -> Result<String, Error> {
        let masker = Masker::current();
        Ok(masker.mask("it is SeNtInEl-1").into_owned())
    }
    let text = testing::with_secrets([("db", "password", "SeNtInEl-1")], step).unwrap();
    assert_eq!(text, "it is ***");
}

/// Fills in a template. Returns the text.
type Fill = fn(&Resolver, &str) -> Result<String, Error>;

/// Encoded as a whole, a value that a filter has written is in no form of the value alone.
fn texts_with_values_in_them_are_learned_however_they_are_filled() {
    let masker = Masker::current();
    let given = [("db", "password", "SeNt/\"InEl@1"), ("db", "pin", "123")];
    let template = "postgres://app:{{db.password | url}}@h/d";
    let all: [(&str, Fill); 4] = [
        ("texts", |resolver, template| {
            let texts = resolver.fill_texts_blocking(&[("URL", template)])?;
            Ok(texts[0].expose_str()?.to_owned())
        }),
        ("config", |resolver, template| {
            let text = format!("a = {{ url = '{template}' }}");
            let config: serde_json::Value =
                resolver.resolve_config_blocking(&text, Format::Toml)?;
            Ok(config.to_string())
        }),
        ("document", |resolver, template| {
            let filled = resolver.fill_blocking(&Document::new(template, Format::Text))?;
            Ok(filled.expose_str()?.to_owned())
        }),
        ("quoted document", |resolver, _| {
            let document = Document::new("a: [{{db.password}}]", Format::Yaml);
            Ok(resolver.fill_blocking(&document)?.expose_str()?.to_owned())
        }),
    ];
    for (what, fill) in all {
        let text = testing::with_secrets(given, || fill(&Resolver::current()?, template)).unwrap();
        for before in ["", "a", "ab"] {
            let masked = masker
                .mask(&Base64::encode_string(format!("{before}{text}").as_bytes()))
                .into_owned();
            let left: Vec<_> = masked.split("***").collect();
            assert!(left.len() > 1 && left.iter().all(|part| part.len() < 60), "{what}: {masked}");
            for part in left {
                let bytes = Base64::decode_vec(&part[..part.len() / 4 * 4]).unwrap_or_default();
                assert!(!String::from_utf8_lossy(&bytes).contains("InEl"), "{what}: {masked}");
            }
        }
    }
    let pin = || Resolver::current()?.fill_texts_blocking(&[("PIN", "{{db.pin | json}}")]);
    assert_eq!(testing::with_secrets(given, pin).unwrap()[0].expose_str().unwrap(), "\"123\"");
}

fn what_was_got_before_is_learned_as_long_as_it_is_held() {
    let backend = secrets_runtime::backend::from_fn("fake", |_| async {
        Ok(secrets_runtime::Fetched::fields([(
            "password".to_owned(),
            SecretValue::from("SeNtInEl-3"),
        )]))
    });
    let builder = secrets_runtime::Resolver::builder().backend(backend).default_backend("fake");
    builder.build().unwrap().install().unwrap();
    testing::with_secrets([("db", "password", "SeNtInEl-gone")], || get_secret_blocking("db"))
        .unwrap();
    for number in 0..200 {
        let value = format!("SeNtInEl-gone-{number}");
        testing::with_secrets([("db", "password", value)], || get_secret_blocking("db")).unwrap();
    }
    read().unwrap();
    let masker = Masker::current();
    assert_eq!(masker.mask("SeNtInEl-gone SeNtInEl-gone-7"), "SeNtInEl-gone SeNtInEl-gone-7");
    assert_eq!(masker.mask("SeNtInEl-3"), "***", "the cache has it");
    read().unwrap();
    assert_eq!(masker.mask("SeNtInEl-3"), "***");
}

fn a_secret_that_is_not_masked_is_named_once() {
    let output = child("mask_short").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.matches("db/pin").count(), 1, "{text}");
    assert_eq!(text.matches("db/user").count(), 1, "{text}");
    assert!(!text.contains("db/password") && !text.contains("123") && !text.contains("admin"));
}

fn mask_short() {
    let given = [("db", "pin", "123"), ("db", "user", "admin\n"), ("db", "password", "SeNtInEl")];
    let masker = Masker::current();
    for _ in 0..2 {
        testing::with_secrets(given, || get_secret_blocking("db")).unwrap();
    }
    assert_eq!(masker.mask("123 admin SeNtInEl"), "123 admin ***");
}

fn a_number_of_fewer_than_six_digits_is_not_masked() {
    let backend = secrets_runtime::backend::from_fn("json", |_| async {
        let json = r#"{"port": 54321, "pin": "54322", "account": 543210, "list": [54323]}"#;
        Ok(secrets_runtime::Fetched::json(json))
    });
    let resolver = Resolver::builder().backend(backend).default_backend("json").build().unwrap();
    let masker = Masker::current();
    let declared = || secrets_runtime::Declaration::builder("step");
    let of_request = declared().request("db", "port").unwrap().build();
    let secrets = resolver.resolve_blocking(&of_request).unwrap().secrets;
    assert_eq!(secrets.render("{{db.port}}").unwrap().len(), 5);
    assert_eq!(masker.mask("54321"), "54321");
    assert_eq!(secrets.render("at {{db.port}}").unwrap().len(), 8);
    let declared = declared().source("db").unwrap().build();
    let secrets = resolver.resolve_blocking(&declared).unwrap().secrets;
    assert_eq!(secrets.render("{{db.port | json}}").unwrap().len(), 7);
    let text = "54321 \"54321\" 54322 543210 [54323] 54323";
    assert_eq!(masker.mask(text), "54321 \"54321\" *** *** *** 54323");
    // A text in which one stands is learned as any other.
    assert_eq!(masker.mask("at 54321"), "***");
}

#[cfg(not(target_os = "linux"))]
fn what_the_masker_knows_is_wiped_when_the_process_ends() {}

#[cfg(target_os = "linux")]
fn what_the_masker_knows_is_wiped_when_the_process_ends() {
    for case in ["ends_with_main", "ends_with_exit"] {
        let output = child(case).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text, "known at the end of main\nleft: 0, masked: ***\n", "{case}");
    }
}

#[cfg(target_os = "linux")]
const SEED: u8 = 50;

/// Searches the memory after what the main thread has registered later has been dropped.
#[cfg(target_os = "linux")]
struct LastLook(Masker);

#[cfg(target_os = "linux")]
impl Drop for LastLook {
    fn drop(&mut self) {
        let left = secrets_tests::memory::copies(SEED);
        println!("left: {left}, masked: {}", self.0.mask("any text"));
    }
}

#[cfg(target_os = "linux")]
fn ends_with_main() {
    thread_local! {
        static LAST_LOOK: std::cell::OnceCell<LastLook> = const { std::cell::OnceCell::new() };
    }
    // The first that is registered is the last to be dropped.
    LAST_LOOK.with(|_| ());
    let masker = Masker::current();
    LAST_LOOK.with(|look| look.set(LastLook(masker.clone())).ok().unwrap());
    let value = SecretValue::from(secrets_tests::memory::value(SEED));
    testing::with_secrets([("db", "password", value)], || get_secret_blocking("db")).unwrap();
    assert!(secrets_tests::memory::copies(SEED) > 0);
    println!("known at the end of main");
}

#[cfg(target_os = "linux")]
fn ends_with_exit() {
    ends_with_main();
    std::process::exit(0);
}

fn a_panic_with_a_secret_does_not_reach_the_hook_before() {
    let output = child("mask_panic").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("SeNtInEl"), "{text}");
    assert!(text.contains("panicked at ") && text.contains(":\nit is ***\n"), "{text}");
    assert!(text.contains("the hook before: nothing is in it"), "{text}");
    assert_eq!(text.matches("the hook before").count(), 1, "{text}");
}

#[allow(clippy::print_stderr, reason = "it is a panic hook")]
fn mask_panic() {
    panic::set_hook(Box::new(|info| {
        eprintln!("the hook before: {}", info.payload().downcast_ref::<&str>().unwrap_or(&"?"));
    }));
    let masker = Masker::new();
    masker.add(&SecretValue::from("SeNtInEl"));
    masker.install_panic_hook();
    let value = "SeNtInEl";
    assert!(panic::catch_unwind(|| panic!("it is {value}")).is_err());
    assert!(panic::catch_unwind(|| panic!("nothing is in it")).is_err());
}
