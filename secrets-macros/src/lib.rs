//! The attribute macros of `secrets-runtime`, which re-exports them: `#[secrets]` and `#[task]`.
//!
//! The way through this crate: [`macro@secrets`] and [`macro@task`] call `expand`, which reads the function (`function`),
//! the other attribute beside it (`partner`), the arguments (`args`, on `value` and `path`), and the typed
//! parameters (`parameter`); finds out what they mean with the grammar of `secrets-spec` (`declaration`), and
//! how the function runs (`shape`); and writes one `static` (`descriptor`, on `constants`) and one call. Each
//! mistake on the way goes into one `report`, and the function is emitted in any case.

use proc_macro::TokenStream;

mod analyze;
mod attribute_kind;
mod emit;
mod expand;
mod parse;
mod report;
mod span;
#[cfg(test)]
mod tests;
mod tokens;

use attribute_kind::AttributeKind;
use expand::expand;

/// Makes a function a step: its secrets are checked when it compiles, fetched together before its body runs,
/// and readable only inside it.
///
/// ```text
/// #[secrets(sources = ["prod-db", { id = "api-token", options = { json = false } }])]
/// async fn load(rows: usize) -> anyhow::Result<()> {
///     let password = current_context().secrets.get("prod-db", "password")?;
///     ..
/// }
/// ```
///
/// # Arguments
/// | argument | meaning |
/// |---|---|
/// | `sources` | a list of secrets: a text, or fields: `id`, `type`, `options`, `role`, `group`. The options are `json`, `env_var_name`, `region`, `version_id`, `version_stage`, `required`, `env_vars`. A dict pasted from Python is read too |
/// | `secret_requests` | a list of `Secret(group = .., key = .., group_version = .., mount_requirement = .., env_var = ..)` |
/// | `role` | the ARN of the role to read them in; `""` for none |
/// | `allow_override` | `true` lets an exported variable replace one of the environment |
/// | `export` | `"process"` sets the variables in the process while a synchronous step runs; `"none"` is the default |
/// | `refresh_on` | the path of a function `fn(&E) -> bool`, which tells after which errors of the step its secrets are fetched anew, and its body runs again if they have changed |
/// | `output` | `"serialize"` asserts that the result can be stored, hence holds no secret |
/// | `crate` | the path of `secrets_runtime`, where it has another name |
///
/// Wherever a text is written, a path to a `const` of type `&str` may stand, and for a whole request one of
/// type `Secret`.
///
/// # Groups, keys and variables
/// The body asks for a group and a key: `current_context().secrets.get("prod-db", "user")`. Or it asks for the
/// variable that the key is known as, `current_context().secrets.var("user")`, which is also its name in the
/// environment of a child process.
///
/// | what you wrote | what is kept there | group | key | variable |
/// |---|---|---|---|---|
/// | `"prod-db"` | `{"user": .., "db-host": ..}` | `prod-db` | `user`, `db-host` | `user`, `db_host` |
/// | `"local.prod-db"` | the same: a type in front is no part of the group | `prod-db` | `user`, `db-host` | `user`, `db_host` |
/// | `{ id = "prod-db", group = "db" }` | the same | `db` | `user`, `db-host` | `user`, `db_host` |
/// | `"my-secret-plain"` | one plain value | `my-secret-plain` | `my_secret_plain` | `my_secret_plain` |
/// | `{ id = "my-secret-plain", options = { env_var_name = "TOKEN" } }` | one plain value | `my-secret-plain` | `TOKEN` | `TOKEN` |
/// | `"env.API_TOKEN"` | a variable of the process | `API_TOKEN` | `API_TOKEN` | `API_TOKEN` |
/// | `"arn:aws:secretsmanager:us-west-2:123456789012:secret:prod-db"` | `{"user": ..}` | the whole ARN | `user` | `user` |
///
/// A `SecretValue` has no `==`, whose time tells how much of a secret was guessed: two of them are compared with
/// `ct_eq`, as in `token.ct_eq(&SecretValue::from(given))`.
///
/// # Typed parameters
/// `#[secret("source")]` and `#[secret("source", key = "k")]` fill a parameter, which vanishes from the
/// signature that callers see. The type implements `serde::Deserialize`. It declares its source, or names one
/// of `sources` by its text or its group. This attribute stands above others then.
///
/// ```text
/// #[secrets]
/// async fn load(rows: usize, #[secret("prod-db")] db: Db) -> anyhow::Result<()> { .. }
/// // called as load(10).await
/// ```
///
/// # Secrets that change
/// A password may be changed between the moment it is fetched and the moment it is used. With `refresh_on`, a
/// step that fails for that reason gets the new one:
///
/// ```text
/// fn is_auth_error(error: &DbError) -> bool {
///     error.code() == "28P01"
/// }
///
/// #[secrets(refresh_on = is_auth_error)]
/// async fn load(rows: Arc<[Row]>, #[secret("prod-db")] db: Db) -> Result<(), DbError> {
///     connect(&db).await?.insert(&rows).await
/// }
/// ```
///
/// - If the body gives an error for which the function gives `true`, the secrets are fetched anew, once; what
///   another step has fetched since then will do. If one of them has another version (or other values, where the
///   backend has no versions), the body runs again, and what it gives then is the result, an error of the same kind
///   too. If none has changed, the body's error stays; so it does if they cannot be fetched, and a warning says why.
/// - The second run has a context of its own: `current_context()`, typed parameters, exported variables and
///   files have the new values; the files of the first run are gone. A typed parameter that cannot be read
///   from the new secret is the step's error.
/// - What the first run has done is not undone: log in before anything is written.
/// - Each run gets clones of the arguments: one clone of each where nothing fails, two where the body runs
///   twice. The arguments themselves are kept until the step ends: a channel is not closed before. Each is `Clone`;
///   take what is large as a `&T` or an `Arc<T>`, whose clones are cheap. A `&mut T` cannot be an argument.
/// - A method takes `&self`, or another shared reference: a receiver cannot be cloned, since the body calls it `self`.
/// - The function may be any path that can be called with a `&E`: `Failure::is_denied`, `Self::is_denied`, and one
///   that takes a `&(dyn Error + 'static)` where `E` is an error type; for `E = Box<dyn Error + Send + Sync>` it takes
///   a `&Box<dyn Error + Send + Sync>`. It is called outside the step, where no secrets are.
/// - The future stays `Send` when the body's is and the arguments and `E` are: the error is kept while the
///   secrets are fetched.
///
/// The example `rotated_password` shows it at work. For a part of a body, or a method that takes `&mut self`, there is
/// `current_context().secrets.with_fresh(..)`.
///
/// # Errors
/// The function returns `Result<T, E>` with `E: From<secrets_runtime::Error>`; if a secret cannot be had, the
/// body does not run, and the error lists every problem. When the program is compiled, every mistake in the
/// attribute is an error of its own at its own place. A `const fn`, an `extern` function, a function without a
/// body, and a function that returns nothing or a future cannot be steps.
#[proc_macro_attribute]
pub fn secrets(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(AttributeKind::Secrets, arguments.into(), item.into()).into()
}

/// [`macro@secrets`] in Flyte's words: it takes the same arguments and means the same. On one function, the
/// two are one step.
///
/// ```text
/// #[task(secret_requests = [Secret(group = "db", key = "password", mount_requirement = FILE)])]
/// fn load() -> Result<(), secrets_runtime::Error> { .. }
/// ```
///
/// # Groups, keys and variables
/// The body asks for what it has requested with the same words: `current_context().secrets.get("db", "password")`.
/// A request is a variable, for `current_context().secrets.var(..)` and for child processes, only if it says so.
///
/// | what you wrote | group | key | variable |
/// |---|---|---|---|
/// | `Secret(group = "db", key = "password")` | `db` | `password` | none |
/// | `Secret(key = "token")` | `""` | `token` | none |
/// | `Secret(group = "db", key = "password", env_var = "PW")` | `db` | `password` | `PW` |
/// | `Secret(group = "db", key = "password", mount_requirement = ENV_VAR)` | `db` | `password` | `_FSEC_DB_PASSWORD`, Flyte's name |
/// | `Secret(group = "db", key = "password", mount_requirement = FILE, env_var = "PW_FILE")` | `db` | `password` | `PW_FILE`, which holds the file's path |
///
/// With a `group_version`, it is `get_versioned("db", "password", "v2")`. What [`macro@secrets`] says of sources is
/// true here too. A `SecretValue` has no `==`: two of them are compared with `ct_eq`.
///
/// An attribute of this name of another crate, such as `#[flyte::task]`, is left alone.
#[proc_macro_attribute]
pub fn task(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(AttributeKind::Task, arguments.into(), item.into()).into()
}
