use crate::{
    context::secrets::Secrets,
    core::error::Error,
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
/// Every problem with the source or with reading it.
pub async fn get_secret(source: &str) -> Result<Secrets, Error> {
    let mut declaration = Declaration::empty(None);
    declaration.sources.push(parse_source(source).map_err(Error::from_problems)?);
    let resolver = Resolver::current()?;
    let context = resolver.resolve(&declaration).await?;
    Ok(context.secrets)
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
