use serde::de::DeserializeOwned;

use crate::{
    context::secrets::Secrets,
    core::{error::Error, secret_value::SecretValue},
    declaration::{Declaration, parse::parse_source},
    resolver::Resolver,
    rt::block_on::block_on,
};

/// Fetches one source outside a step, for example in a handler. It takes the same texts as an attribute and
/// uses the same resolver.
///
/// ```
/// # use secrets_runtime::{Error, get_secret, testing};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(testing::with_secrets_async([("db", "password", "x")], async {
/// let secrets = get_secret("db").await?;
/// let password = secrets.get("db", "password")?;
/// # assert_eq!(password.expose_str()?, "x");
/// # Ok::<(), Error>(())
/// # }))?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Every problem of the source, and every error of its fetch.
pub async fn get_secret(source: &str) -> Result<Secrets, Error> {
    Ok(fetch(source).await?.1)
}

/// Blocking version of [`get_secret`]: parks this thread until the fetch is done. It works inside and outside
/// any runtime.
///
/// ```
/// # use secrets_runtime::{Error, get_secret_blocking, testing};
/// # testing::with_secrets([("db", "password", "x")], || {
/// let password = get_secret_blocking("db")?.get("db", "password")?;
/// # assert_eq!(password.expose_str()?, "x");
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// As [`get_secret`].
pub fn get_secret_blocking(source: &str) -> Result<Secrets, Error> {
    block_on(get_secret(source))
}

/// Fetches one source outside a step and reads its fields into your type, like [`Secrets::get_as`].
///
/// ```
/// # use secrets_runtime::{Error, SecretValue, get_secret_as, testing};
/// #[derive(serde::Deserialize)]
/// struct Db { user: String, password: SecretValue, port: u16 }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # let given = [("prod-db", "user", "app"), ("prod-db", "password", "x"), ("prod-db", "port", "5432")];
/// # runtime.block_on(testing::with_secrets_async(given, async {
/// let db: Db = get_secret_as("prod-db").await?;
/// assert_eq!((db.user.as_str(), db.port), ("app", 5432));
/// # assert_eq!(db.password.expose_str()?, "x");
/// # Ok::<(), Error>(())
/// # }))?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// The errors of [`get_secret`] and of [`Secrets::get_as`].
pub async fn get_secret_as<T: DeserializeOwned>(source: &str) -> Result<T, Error> {
    let (group, secrets) = fetch(source).await?;
    secrets.get_as(&group)
}

/// Blocking version of [`get_secret_as`]: parks this thread; works inside and outside any runtime.
///
/// ```
/// # use secrets_runtime::{Error, SecretValue, get_secret_as_blocking, testing};
/// # testing::with_secrets([("api", "token", "x")], || {
/// // A secret with a single field can be read into a single value.
/// let token = get_secret_as_blocking::<SecretValue>("api")?;
/// # assert_eq!(token.expose_str()?, "x");
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// The errors of [`get_secret_as`].
pub fn get_secret_as_blocking<T: DeserializeOwned>(source: &str) -> Result<T, Error> {
    block_on(get_secret_as(source))
}

/// Fetches one source outside a step and returns one of its fields.
///
/// ```
/// # use secrets_runtime::{Error, get_secret_value, testing};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(testing::with_secrets_async([("prod-db", "password", "x")], async {
/// let password = get_secret_value("prod-db", "password").await?;
/// assert_eq!(password.expose_str()?, "x");
/// # Ok::<(), Error>(())
/// # }))?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// The errors of [`get_secret`], and [`ErrorKind::KeyNotFound`](crate::ErrorKind::KeyNotFound) if it has no such
/// field.
pub async fn get_secret_value(source: &str, key: &str) -> Result<SecretValue, Error> {
    let (group, secrets) = fetch(source).await?;
    secrets.get(&group, key)
}

/// Blocking version of [`get_secret_value`]: parks this thread; works inside and outside any runtime.
///
/// ```
/// # use secrets_runtime::{Error, ErrorKind, get_secret_value_blocking, testing};
/// # testing::with_secrets([("prod-db", "password", "x")], || {
/// let password = get_secret_value_blocking("prod-db", "password")?;
/// assert_eq!(password.expose_str()?, "x");
///
/// let error = get_secret_value_blocking("prod-db", "pasword").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::KeyNotFound);
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// The errors of [`get_secret_value`].
pub fn get_secret_value_blocking(source: &str, key: &str) -> Result<SecretValue, Error> {
    block_on(get_secret_value(source, key))
}

/// Fetches one source. Returns the group by which its fields are read, and the secrets.
async fn fetch(source: &str) -> Result<(String, Secrets), Error> {
    let source = parse_source(source).map_err(Error::from_problems)?;
    let group = source.group().to_owned();
    let mut declaration = Declaration::empty(None);
    declaration.sources.push(source);
    let context = Resolver::current()?.resolve(&declaration).await?;
    Ok((group, context.secrets))
}

#[cfg(all(test, not(feature = "aws")))]
mod tests {
    use super::get_secret_blocking;
    use crate::core::error::ErrorKind;

    #[test]
    fn a_built_in_type_whose_feature_is_off_names_the_feature() {
        let arn = "arn:aws:secretsmanager:us-west-2:001234556000:secret:some-secret";
        for source in ["aws-secrets-manager.db", arn] {
            let error = get_secret_blocking(source).expect_err("it is not built in");
            assert_eq!(error.kind(), ErrorKind::NotSupported);
            let help = error.problems()[0].help().unwrap_or_default();
            assert!(help.contains("features = [\"aws\"]"), "{help}");
        }
    }
}
