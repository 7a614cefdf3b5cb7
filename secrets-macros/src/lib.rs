//! The attribute macros of `secrets-runtime`, which re-exports them: `#[secrets]` and `#[task]`.
//!
//! # Stages
//! [`macro@secrets`] and [`macro@task`] call `expand`, which passes a function through three stages. Each is a folder
//! and imports only from the stages before it.
//!
//! | folder | stage |
//! |---|---|
//! | `parse` | reads the tokens: the function, the other attribute on it (`companion`), the arguments and the typed parameters |
//! | `analyze` | finds their meaning with the grammar of `secrets-spec` (`declaration`), and how the function runs (`shape`) |
//! | `emit` | writes one `static` (`descriptor`) and one call that runs the body (`step`, or `refresh_on` with `refresh_on`) |
//!
//! Every mistake in any stage is added to one `report`. If there are any, the function is emitted without a step,
//! so that the compiler reports nothing else.

use proc_macro::TokenStream;

mod analyze;
mod attribute_kind;
mod call_site;
mod emit;
mod expand;
mod inferred_check;
mod mistakes;
mod parse;
mod runtime_crate;
mod secret_fields;
mod span;
#[cfg(test)]
mod tests;
mod tokens;

use attribute_kind::AttributeKind;
use call_site::CallSite;
use expand::expand;
use parse::crate_lock::CrateLock;

/// Makes a function a step: its secrets are checked at compile time, fetched together before the body runs, and
/// readable only inside the body.
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
/// | `sources` | a list of secrets, each a text or a set of fields: `id`, `type`, `options`, `role`, `group`. The options are `json`, `format` (`"json"`, `"dotenv"` or `"text"`: how the payload is read), `env_var_name`, `region`, `version_id`, `version_stage`, `required`, `kv` (of `vault`), `env_vars`. A dict pasted from Python is accepted too |
/// | `secret_requests` | a list of `Secret(group = .., key = .., group_version = .., mount_requirement = .., env_var = ..)` |
/// | `role` | the ARN of the role with which the secrets are read; `""` for none |
/// | `allow_override` | if `true`, an exported variable may replace an existing environment variable |
/// | `export` | `"process"` sets the variables in the environment of the process while a synchronous step runs; `"none"` is the default |
/// | `refresh_on` | the path of a function `fn(&E) -> bool`. If it returns `true` for an error of the step, the secrets are fetched again, and the body runs again if they have changed |
/// | `guard` | `"deny"`, `"warn"`, `"errors"` or `"off"`: what happens if the result contains a secret of the step. It needs the feature `guard` of `secrets-runtime` |
/// | `output` | `"serialize"` asserts at compile time that the result can be stored, so it contains no secret |
/// | `crate` | the path of `secrets_runtime`, if the package reaches it through another crate; a renamed dependency is found without it |
///
/// Every text may also be a path to a `const` of type `&str`, and a whole request a path to a `const` of type
/// `Secret`.
///
/// # Groups, keys and variables
/// The body reads a value by group and key: `current_context().secrets.get("prod-db", "user")`. Or by the name of its
/// variable, `current_context().secrets.var("user")`, which is also the name in the environment of a child process.
///
/// | source | stored value | group | key | variable |
/// |---|---|---|---|---|
/// | `"prod-db"` | `{"user": .., "db-host": ..}` | `prod-db` | `user`, `db-host` | `user`, `db_host` |
/// | `"local.prod-db"` | the same; the group does not include the type | `prod-db` | `user`, `db-host` | `user`, `db_host` |
/// | `{ id = "prod-db", group = "db" }` | the same | `db` | `user`, `db-host` | `user`, `db_host` |
/// | `"my-secret-plain"` | one plain value | `my-secret-plain` | `my_secret_plain` | `my_secret_plain` |
/// | `{ id = "my-secret-plain", options = { env_var_name = "TOKEN" } }` | one plain value | `my-secret-plain` | `TOKEN` | `TOKEN` |
/// | `"env.API_TOKEN"` | a variable of the process | `API_TOKEN` | `API_TOKEN` | `API_TOKEN` |
/// | `"arn:aws:secretsmanager:us-west-2:123456789012:secret:prod-db"` | `{"user": ..}` | the whole ARN | `user` | `user` |
///
/// A `SecretValue` has no `==`, since the time that `==` takes reveals how much of a guess is right. Compare two
/// values with `ct_eq`: `token.ct_eq(&SecretValue::from(given))`.
///
/// # Typed parameters
/// `#[secret("source")]` and `#[secret("source", key = "k")]` fill a parameter from a secret. The parameter is
/// removed from the signature that callers see. Its type must implement `serde::Deserialize`. The text declares a
/// source, or refers to one of `sources` by its text, id or group. A source with fields can be declared here too.
/// A step with typed parameters must have this attribute above all others, except for an `#[instrument(skip_all)]`.
///
/// ```text
/// #[secrets]
/// async fn load(rows: usize, #[secret("prod-db")] db: Db) -> anyhow::Result<()> { .. }
/// // called as load(10).await
///
/// #[secrets]
/// async fn send(#[secret({ id = "api-token", options = { required = false } })] token: Option<SecretValue>)
///     -> anyhow::Result<()> { .. }
/// ```
///
/// # Secrets that change
/// A password may change after it is fetched and before it is used. With `refresh_on`, a step that fails for this
/// reason runs again with the new one:
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
/// - If the body returns an error for which the function returns `true`, the secrets are fetched again, once. If
///   another step has fetched them since then, those values are used. If a secret has another version (or other
///   values, if the backend has no versions), the body runs again and its second result is final, even if it is
///   such an error again. If no secret has changed, the first error is returned. If the secrets cannot be fetched,
///   the first error is returned and a warning says why.
/// - The second run has its own context: `current_context()`, typed parameters, exported variables and files have
///   the new values, and the files of the first run are deleted. If a typed parameter cannot be read from the new
///   secret, the step returns that error.
/// - Effects of the first run are not undone, so log in before you write anything.
/// - Each run gets clones of the arguments: one clone of each if nothing fails, two if the body runs twice. The
///   arguments themselves are dropped when the step ends, so a channel is not closed earlier. Every argument must
///   be `Clone`. Take large values as `&T` or `Arc<T>`, which are cheap to clone. `&mut T` is not possible.
/// - A method must take `&self` or another shared reference. A receiver cannot be cloned, since the body calls it
///   `self`.
/// - The function may be any path that can be called with a `&E`: `Failure::is_denied`, `Self::is_denied`, or a
///   function of `&(dyn Error + 'static)` if `E` is an error type. For `E = Box<dyn Error + Send + Sync>` it takes
///   a `&Box<dyn Error + Send + Sync>`. It is called outside the step, where no secrets are available.
/// - The future is `Send` if the body's future, the arguments and `E` are, since the error is stored while the
///   secrets are fetched.
///
/// The example `rotated_password` is a complete program. For a part of a body, or a method with `&mut self`, use
/// `current_context().secrets.with_fresh(..)`.
///
/// # Results with secrets
/// What a step returns may be stored or logged, so it should contain no secret. With `guard` the result is searched for
/// the secrets of the step, in every form that `mask` knows, before the caller gets it:
///
/// ```text
/// #[secrets(sources = ["prod-db"], guard = "deny")]
/// fn load() -> anyhow::Result<Report> { .. }      // Report: serde::Serialize
/// ```
///
/// - With `"deny"` a step whose result contains a secret fails with the kind `Leaked`. The error names the group and
///   key, the place and the form, and never the value. The `Ok` value must be `serde::Serialize`, and is searched as it
///   would be serialized. The error is searched with everything that caused it.
/// - With `"warn"` there is a warning, and the result passes.
/// - With `"errors"` the error alone is searched, and the `Ok` value may be of any type.
/// - A step without `guard` does what `SECRETS_GUARD` says, which is `off` by default, and `errors` in a flow of
///   `secrets-flow`. With `deny` and `warn` the `Ok` value is searched if the compiler can see at the attribute that
///   its type is `Serialize`.
/// - The message of a panic is not searched, and a secret that was hashed, encrypted, cut or rearranged is not found.
///   A `Serialize`, `Display` or `Debug` that fails or panics is not a find: a warning says so, and the result passes.
///   With `"deny"` and `"errors"`, a result that is nested too deeply, or an error with too many sources, fails with
///   the kind `Leaked`.
///
/// # Names that are checked
/// With a file `secrets.lock` in the folder of the crate or above it, which the command `secrets lock` writes, it is an
/// error to name a secret or a key that the file does not have: in `sources`, in requests, in typed parameters, and in
/// calls such as `current_context().secrets.get("prod-db", "user")`. Structs are checked too if they have
/// [`macro@SecretFields`]. The variable `SECRETS_LOCK` names another file, or is `off` or `require`.
///
/// Even without the file, such a call with a literal group that the step does not declare, or with a literal key that
/// no request of its group names, is an error, unless it goes on with `.is_err()`, `.unwrap_err()` or the like. To ask
/// for an undeclared group on purpose, bind the secrets first: `let secrets = current_context().secrets;`.
///
/// # Errors
/// The function must return `Result<T, E>` with `E: From<secrets_runtime::Error>`. If a secret cannot be fetched,
/// the body does not run, and the error lists every problem. At compile time, every mistake in the attribute is a
/// separate error at its own position. A `const fn`, an `extern` function, a function without a body, and a
/// function that returns nothing or a future cannot be a step.
#[proc_macro_attribute]
pub fn secrets(arguments: TokenStream, item: TokenStream) -> TokenStream {
    step(AttributeKind::Secrets, arguments, item)
}

/// Makes a function a step, in Flyte's words. Arguments and meaning are those of [`macro@secrets`]. Both attributes
/// on one function make one step.
///
/// ```text
/// #[task(secret_requests = [Secret(group = "db", key = "password", mount_requirement = FILE)])]
/// fn load() -> Result<(), secrets_runtime::Error> { .. }
/// ```
///
/// # Groups, keys and variables
/// The body reads a requested value by its group and key: `current_context().secrets.get("db", "password")`. A
/// request has a variable, for `current_context().secrets.var(..)` and for child processes, only if it sets one.
///
/// | request | group | key | variable |
/// |---|---|---|---|
/// | `Secret(group = "db", key = "password")` | `db` | `password` | none |
/// | `Secret(key = "token")` | `""` | `token` | none |
/// | `Secret(group = "db", key = "password", env_var = "PW")` | `db` | `password` | `PW` |
/// | `Secret(group = "db", key = "password", mount_requirement = ENV_VAR)` | `db` | `password` | `_FSEC_DB_PASSWORD`, Flyte's name |
/// | `Secret(group = "db", key = "password", mount_requirement = FILE, env_var = "PW_FILE")` | `db` | `password` | `PW_FILE`, whose value is the file's path |
///
/// A request with a `group_version` is read by `get_versioned("db", "password", "v2")`. Sources work as in
/// [`macro@secrets`]. A `SecretValue` has no `==`; compare two values with `ct_eq`.
///
/// An attribute of another crate with this name, such as `#[flyte::task]`, is left alone.
#[proc_macro_attribute]
pub fn task(arguments: TokenStream, item: TokenStream) -> TokenStream {
    step(AttributeKind::Task, arguments, item)
}

fn step(kind: AttributeKind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (location, lock) = (CallSite::of_call_site(), CrateLock::of_compiler());
    expand(kind, &location, &lock, arguments.into(), item.into()).into()
}

/// Lets the compiler compare the fields of a struct with the keys that a secret has in `secrets.lock`.
///
/// ```text
/// #[derive(Deserialize, SecretFields)]
/// struct Db {
///     user: String,
///     password: SecretValue,
///     #[serde(default)]
///     port: u16,
/// }
/// ```
///
/// A typed parameter of this type, and a call such as `current_context().secrets.get_as::<Db>("prod-db")`, is then a
/// compile error if the secret lacks one of the fields. It is checked only if there is a `secrets.lock`.
///
/// The derive understands serde's `rename`, `rename_all`, `alias`, `default` and `skip`. A field that may be absent (an
/// `Option`, also in a `Box`, `Rc` or `Arc`, or one with a default) and a field whose type is a generic parameter are not
/// checked. A field whose type is an alias of an `Option` needs `#[serde(default)]`. A struct with a flattened field, a
/// tuple struct, and a type that is read through another one (`from`, `try_from`, `transparent`) are not checked
/// either.
///
/// A package that reaches `secrets_runtime` through another crate names its path:
/// `#[secret_fields(crate = facade::secrets_runtime)]`.
#[proc_macro_derive(SecretFields, attributes(serde, secret_fields))]
pub fn secret_fields(item: TokenStream) -> TokenStream {
    secret_fields::derive(item.into()).into()
}
