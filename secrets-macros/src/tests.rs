//! Snapshots of the expansion of every form of the attributes.

use std::cell::LazyCell;

use proc_macro2::TokenStream;

use crate::{
    attribute_kind::AttributeKind, call_site::CallSite, expand::expand,
    parse::crate_lock::CrateLock,
};

fn expanded(kind: AttributeKind, arguments: &str, item: &str) -> String {
    expanded_with(false, "", kind, arguments, item)
}

/// Expands against a `secrets.lock` of this text, which may be empty.
fn expanded_with(
    has_guard: bool,
    lock: &str,
    kind: AttributeKind,
    arguments: &str,
    item: &str,
) -> String {
    let tokens = |text: &str| text.parse::<TokenStream>().expect("the test's own text is Rust");
    let is_known = !item.contains("unknown");
    let location = CallSite {
        file: "src/jobs.rs".to_owned(),
        line: 12,
        has_guard,
        is_context_known: LazyCell::new(Box::new(move || is_known)),
    };
    let lock = CrateLock::of_text(lock);
    let expansion = expand(kind, &location, &lock, tokens(arguments), tokens(item));
    let file = syn::parse2(expansion).expect("an expansion is Rust");
    prettyplease::unparse(&file)
}

macro_rules! snapshots {
    ($( $name:ident: $kind:ident, $arguments:literal, $item:literal; )*) => { $(
        #[test]
        fn $name() {
            insta::assert_snapshot!(expanded(AttributeKind::$kind, $arguments, $item));
        }
    )* };
}

snapshots! {
    bare: Secrets, "", "fn step() -> Result<(), Error> { Ok(()) }";
    bare_async: Secrets, "", "async fn step() -> Result<(), Error> { Ok(()) }";
    sources: Secrets, r#"sources = ["prod-db", "local.api"]"#,
        "/// Documented.\n#[must_use] pub(crate) fn step<'a, T: Copy>(text: &'a str, _: T) -> Result<&'a str, Error> where T: Send { Ok(text) }";
    source_with_every_field: Secrets,
        r#"sources = [{ id = "a", type = "aws-secrets-manager", group = "g", role = "", options = { json = false, required = false, env_var_name = "A", region = "us-west-2", version_id = "v", version_stage = "AWSPREVIOUS" } }]"#,
        "async fn step() -> Result<(), Error> { Ok(()) }";
    source_as_a_python_dict: Secrets, r#"sources = [{"id": "a", "options": {"json": false, "env_var_name": "TOKEN"}}]"#,
        "fn step() -> Result<(), Error> { Ok(()) }";
    source_inline: Secrets, r#"sources = [{ id = "a", type = "inline", options = { env_vars = { DB_USER = "app" } } }]"#,
        "fn step() -> Result<(), Error> { Ok(()) }";
    every_argument: Secrets,
        r#"sources = ["a"], role = "arn:aws:iam::123456789012:role/R", allow_override = true, export = "process", crate = crate::facade, output = "serialize""#,
        "fn step() -> Result<u8, Error> { Ok(1) }";
    defaults_are_left_out: Secrets, r#"sources = [], secret_requests = [], allow_override = false, export = "none""#,
        "fn step() -> Result<(), Error> { Ok(()) }";
    constants: Secrets, r#"sources = [PROD_DB, { id = names::ID, type = "file" }, "a"], role = ROLE"#,
        "fn step() -> Result<(), Error> { Ok(()) }";
    requests: Task,
        r#"secret_requests = [Secret(group = "g", key = "k", group_version = "v2", mount_requirement = FILE, env_var = "K"), Secret(key = "alone", mount_requirement = Secret::MountType::ANY)]"#,
        "fn step() -> Result<(), Error> { Ok(()) }";
    request_constants: Task, "secret_requests = [REQUEST, Secret(group = GROUP, key = \"k\", env_var = NAME)]",
        "fn step() -> Result<(), Error> { Ok(()) }";
    typed_parameters: Secrets, "",
        r#"fn step(rows: usize, #[secret("prod-db")] #[allow(unused)] Db { port, .. }: Db, #[secret(API, key = "token")] mut token: SecretValue) -> Result<usize, Error> { Ok(rows) }"#;
    typed_parameters_async: Secrets, r#"sources = ["api"]"#,
        r#"async fn step(&self, #[secret("api")] api: Api, rows: usize) -> anyhow::Result<usize> { Ok(rows) }"#;
    result_with_impl_trait: Secrets, "",
        "async fn step() -> Result<(impl Iterator<Item = u8>, Vec<impl Send>), Error> { Ok(x) }";
    inner_attributes_stay_in_front: Secrets, "",
        "fn step() -> Result<(), Error> { #![allow(unused)] //! Inside.\n let x = 1; Ok(()) }";
    boxed_by_async_trait: Secrets, r#"sources = ["a"]"#,
        "fn step<'life0, 'async_trait>(&'life0 self) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<(), Error>> + ::core::marker::Send + 'async_trait>> where 'life0: 'async_trait { Box::pin(async move { let __self = self; let __ret: Result<(), Error> = { Ok(()) }; __ret }) }";
    both_attributes: Secrets, r#"sources = ["a"]"#,
        r#"#[task(secret_requests = [Secret(key = "k")])] fn step() -> Result<(), Error> { Ok(()) }"#;
    both_attributes_with_paths: Task, r#"secret_requests = [Secret(key = "k")]"#,
        r#"#[secrets_runtime::secrets(sources = ["a"])] fn step() -> Result<(), Error> { Ok(()) }"#;
    foreign_tasks_are_left_alone: Secrets, r#"sources = ["a"]"#,
        "#[flyte::task] #[task(retries = 3)] #[task] #[flyte::task(role = 1)] fn step() -> Result<(), Error> { Ok(()) }";
    a_step_stays_as_it_is: Task, "",
        "fn step() -> Result<(), Error> { static __SECRETS_STEP: u8 = 1; Ok(()) }";
    what_is_joined_does_nothing: Task, "__joined", "fn step() -> Result<(), Error> { Ok(()) }";
    refreshed: Secrets, r#"sources = ["a"], refresh_on = is_auth_error"#,
        "fn step() -> Result<(), Error> { Ok(()) }";
    refreshed_async: Task, r#"secret_requests = [Secret(key = "k")], refresh_on = Failure::<T>::is_denied"#,
        "async fn step<T>(&self, text: &str, mut rows: Vec<T>) -> Result<Vec<T>, Failure<T>> { rows.push(text); Ok(rows) }";
    refreshed_with_patterns: Secrets, "refresh_on = Self::is_denied",
        "fn step(self: &Arc<Self>, #[allow(unused)] #[other] Point { x, .. }: Point, (a, b): (u8, u8), _: impl Fn() + Clone, _c: u8) -> Result<impl Send, Error> { Ok(a + b) }";
    refreshed_with_typed_parameters: Secrets, "refresh_on = is_auth_error",
        r#"fn step(rows: usize, #[secret("prod-db")] #[allow(unused)] Db { port, .. }: Db) -> Result<usize, Error> { Ok(rows) }"#;
    refreshed_async_with_typed_parameters: Secrets, "refresh_on = is_auth_error",
        r#"async fn step(rows: usize, #[secret("a")] mut a: A, #[secret("b", key = "k")] b: SecretValue) -> Result<usize, Error> { Ok(rows) }"#;
    refreshed_boxed_by_async_trait: Secrets, r#"sources = ["a"], refresh_on = is_auth_error"#,
        "fn step<'life0, 'async_trait>(&'life0 self, rows: usize) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<(), Error>> + ::core::marker::Send + 'async_trait>> where 'life0: 'async_trait { Box::pin(async move { let __self = self; let rows = rows; let __ret: Result<(), Error> = { Ok(()) }; __ret }) }";
    refreshed_many_arguments: Secrets, "refresh_on = is_auth_error",
        "fn step(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8) -> Result<u8, Error> { Ok(a) }";
    refreshed_mistakes: Secrets, r#"refresh_on = |e| is_denied(e), role = "x""#,
        "fn step(mut self, (a, b): (u8, &mut u8)) -> Result<(), Error> { Ok(()) }";
    mistakes: Secrets, r#"sources = ["", { id = "a", typ = "b" }], rol = "x""#,
        r#"async fn step(#[secret("prod db")] db: Db, rows: usize) -> Result<(), Error> { Ok(()) }"#;
    mistake_in_a_const_fn: Secrets, "", r#"const fn step(#[secret("a")] a: u8) -> Result<(), Error> { Ok(()) }"#;
    no_function: Secrets, "", "struct Step { field: u8 }";
}

const LOCK: &str =
    "version = 1\n[secrets]\n\"api\" = \"text\"\n\"prod-db\" = [\"password\", \"user\"]\n";

macro_rules! locked_snapshots {
    ($( $name:ident: $arguments:literal, $item:literal; )*) => { $(
        #[test]
        fn $name() {
            insta::assert_snapshot!(expanded_with(false, LOCK, AttributeKind::Secrets, $arguments, $item));
        }
    )* };
}

locked_snapshots! {
    locked: r#"sources = ["prod-db", "api"]"#,
        r#"fn step() -> Result<(), Error> { current_context().secrets.get("prod-db", "user")?; current_context().secrets.get("api", "api") }"#;
    locked_mistakes: r#"sources = ["prod-bd", "api"]"#,
        r#"fn step(#[secret("api", key = "k")] k: String) -> Result<(), Error> { current_context().secrets.get("prod-db", "usr")?; current_context().secrets.get("api", "usr")?; f(current_context().secrets.var("x")); Ok(()) }"#;
    locked_constants: r#"sources = [PROD_DB, { type = TYPE, id = "x" }, { id = names::ID, options = { required = false } }], secret_requests = [REQUEST, Secret(group = GROUP, key = "k")]"#,
        r#"fn step(#[secret(API)] a: SecretValue, #[secret("prod-db", key = KEY)] b: u8) -> Result<(), Error> { Ok(()) }"#;
    locked_types: "",
        r#"fn step<T>(#[secret("prod-db")] a: Option<Db>, #[secret("prod-db")] b: T, #[secret("prod-db")] c: Pair<T>, #[secret(API)] d: Db) -> Result<(), Error> { current_context().secrets.get_as::<Db>("prod-db")?; Ok(()) }"#;
    locked_mistakes_of_an_unknown_context: r#"sources = ["prod-db", "api"]"#,
        r#"fn step() -> Result<(), Error> { current_context().secrets.get("unknown", "k")?; secrets_runtime::current_context().secrets.get("prod-db", "usr") }"#;
    locked_types_of_a_method: "",
        r#"async fn step(&self, #[secret("prod-db")] a: Db) -> Result<(), Error> { current_context().secrets.get_as::<Self>("prod-db")?; Ok(()) }"#;
}

#[test]
fn fields_of_a_struct() {
    let item = r#"#[serde(rename_all = "kebab-case", deny_unknown_fields)] pub struct Db<'a, T: Copy = u8> where T: Send { user_name: &'a str, #[serde(rename = "pw", alias = "password", with = "m")] secret: S, #[serde(default = "f")] a: u8, b: Option<u8>, c: T, d: Box<Option<u8>>, e: std::sync::Arc<Rc<T>>, r#type: Vec<T>, boxed: Box<u8> }"#;
    let tokens = item.parse().expect("the test's own text is Rust");
    let file = syn::parse2(crate::secret_fields::derive(tokens)).expect("an expansion is Rust");
    insta::assert_snapshot!(prettyplease::unparse(&file));
}

/// Expansions for a runtime that has the feature `guard`.
macro_rules! guarded_snapshots {
    ($( $name:ident: $arguments:literal, $item:literal; )*) => { $(
        #[test]
        fn $name() {
            insta::assert_snapshot!(expanded_with(true, "", AttributeKind::Secrets, $arguments, $item));
        }
    )* };
}

guarded_snapshots! {
    guard_not_given: "", "fn step() -> Result<(), Error> { Ok(()) }";
    guard_not_given_opaque: "", "fn step() -> Result<impl serde::Serialize + Send, Error> { Ok(()) }";
    guard_not_given_opaque_otherwise: "", "fn step() -> Result<Vec<impl Serialize>, Error> { Ok(()) }";
    guard_off: r#"guard = "off""#, "fn step() -> Result<(), Error> { Ok(()) }";
    guard_errors: r#"guard = "errors""#, "async fn step() -> anyhow::Result<TcpStream> { Ok(x) }";
    guard_deny: r#"guard = "deny""#, "async fn step() -> Result<(), Error> { Ok(()) }";
    guard_deny_refreshed: r#"guard = "deny", refresh_on = is_auth_error"#,
        "fn step() -> Result<(), Error> { Ok(()) }";
}

/// Every line of an expansion costs compile time, so a plain step has at most 22.
#[test]
fn expansions_are_short() {
    let plain = expanded(
        AttributeKind::Secrets,
        r#"sources = ["prod-db", "api"]"#,
        "fn step() -> Result<(), Error> { Ok(()) }",
    );
    assert!(plain.lines().count() <= 22, "{plain}");
}
