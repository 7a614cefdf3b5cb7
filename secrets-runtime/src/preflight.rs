use crate::{
    core::error::Error,
    private::registry,
    resolver::{Resolver, report::Report},
    rt::block_on::block_on,
    settings::validation_level::ValidationLevel,
};

/// Validates every step that is linked into the program, before the first one runs: whether its secrets
/// exist, and whether they have the fields that its typed parameters name. A secret that several steps
/// declare is checked once.
///
/// The caller chooses the level. [`Resolver::validation_level`] returns the one of the settings
/// (`SECRETS_VALIDATION_LEVEL`).
///
/// A step may be left out if the program uses nothing else of its module. Such a step is never called either.
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
    for step in registry::linked_steps() {
        match step.declaration() {
            // A step that declares nothing adds the sources attached at launch, which are checked once.
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

/// Blocking version of [`preflight`]: parks this thread until the validation is done. It works inside and
/// outside any runtime.
pub fn preflight_blocking(level: ValidationLevel) -> Report {
    block_on(preflight(level))
}

fn add_all(report: &mut Report, error: Error) {
    for problem in error.problems() {
        let error = Error::from_problems(vec![problem.clone()]);
        report.add(problem.origin(), problem.backend(), Some(error));
    }
}
