//! The options of the command line that say where secrets are read.

use secrets_runtime::{Resolver, ResolverBuilder, cli::SecretsArgs, settings::variables};

use crate::{failure::CommandFailure, program::warn};

/// Returns the builder of the process's resolver, with the options of the command line.
pub fn resolver(secrets: SecretsArgs) -> ResolverBuilder {
    secrets.apply_to(Resolver::builder().registered_backends())
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
