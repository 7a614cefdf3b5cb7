use crate::{
    core::error::Error,
    private::registry,
    resolver::{Resolver, report::Report},
    rt::block_on::block_on,
    settings::validation_level::ValidationLevel,
};

/// Validates every step that is linked into the program, before the first one runs: whether the secrets that
/// they declare are there, and the fields that their typed parameters name. A secret that several steps
/// declare is looked at once.
///
/// The level is for the caller to choose; [`Resolver::validation_level`] has the one that the settings ask
/// for (`SECRETS_VALIDATION_LEVEL`).
///
/// A step may be missing in the list if nothing else of its module is used by the program, and then it is
/// never called either.
///
/// ```standalone_crate
/// use secrets_runtime::{Error, ValidationLevel, preflight, secrets, testing};
///
/// #[secrets(sources = ["preflight-example"])]
/// async fn load() -> Result<(), Error> {
///     Ok(())
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # let given = [("preflight-example", "password", "x")];
/// # runtime.block_on(testing::with_secrets_async(given, async {
/// preflight(ValidationLevel::SecretExists).await.into_result()?;
/// load().await
/// # }))?;
/// # Ok::<(), Error>(())
/// ```
pub async fn preflight(level: ValidationLevel) -> Report {
    let mut report = Report::default();
    if level == ValidationLevel::None {
        return report;
    }
    let mut declarations = Vec::new();
    for step in registry::all() {
        match step.declaration() {
            // One that declares nothing gets its sources at launch, which are looked at once.
            Ok(declaration) => declarations.push(declaration),
            Err(error) => add_all(&mut report, error),
        }
    }
    match Resolver::current() {
        Ok(resolver) => {
            let found = resolver.validate_all(level, &declarations).await;
            report.append(found);
        }
        Err(error) => add_all(&mut report, error),
    }
    report
}

/// The same on this thread.
pub fn preflight_blocking(level: ValidationLevel) -> Report {
    block_on(preflight(level))
}

fn add_all(report: &mut Report, error: Error) {
    for problem in error.problems() {
        let error = Error::from_problems(vec![problem.clone()]);
        report.add(problem.origin(), problem.backend(), Some(error));
    }
}
