//! The options of the command line that say where secrets are read.

use secrets_runtime::{
    Error, Resolver, ResolverBuilder,
    cli::SecretsArgs,
    settings::variables::{self, Variable},
};

use crate::{failure::CommandFailure, program::warn};

/// Returns the builder of the process's resolver, with the options of the command line.
pub fn resolver(secrets: SecretsArgs) -> ResolverBuilder {
    secrets.apply_to(Resolver::builder().registered_backends())
}

/// Checks the settings of steps that set none of them, so that a mistake is reported before the first step starts. What
/// a step sets itself is checked when it starts.
///
/// # Errors
/// Every problem with the options and the settings.
pub fn check<'a>(
    secrets: &SecretsArgs,
    mut variables_of_steps: impl Iterator<Item = Vec<&'a String>>,
) -> Result<(), Error> {
    if variables_of_steps.all(|names| names.into_iter().any(|name| is_of_settings(name))) {
        return Ok(());
    }
    resolver(secrets.clone()).build().map(drop)
}

/// Whether a variable is a setting, or decides where settings are found.
fn is_of_settings(name: &str) -> bool {
    let is_setting = |known: &&Variable| known.name() == name || known.mirrored().contains(&name);
    name == "HOME" || name.starts_with("XDG_") || variables::ALL.iter().any(is_setting)
}

/// Makes the options of the command line those of the process's steps.
pub fn apply(secrets: SecretsArgs) -> Result<(), CommandFailure> {
    let mut builder = resolver(secrets.clone());
    let has_option = secrets != SecretsArgs::default();
    let mut has_guard = true;
    // What leaves a step is looked at, unless this deployment says something else.
    if let Some(guard) = variables::ALL.iter().find(|variable| variable.name() == "SECRETS_GUARD")
        && !Resolver::builder().build()?.settings().any(|s| s.variable() == *guard && s.is_set())
    {
        builder = builder.setting(guard, "errors");
        has_guard = false;
    }
    if has_option {
        builder.build()?.install()?;
    } else if !has_guard && builder.build()?.install().is_err() {
        // The program has fetched a secret, or has installed a resolver of its own.
        warn(
            "the guard of steps is not on, because the program has used secrets before its flow: SECRETS_GUARD=errors switches it on",
        );
    }
    Ok(())
}
