use secrets_runtime::mask::Masker;

use crate::{args::Mask, failure::Failure};

const NOTHING_TO_MASK: (&str, &str) = (
    "there is nothing to mask",
    "name the sources of the secrets (such as `db`), write --sources, or set SECRETS_WITH",
);

/// Copies standard input to standard output, with the secrets of sources masked.
pub fn run(args: &Mask) -> Result<(), Failure> {
    // It learns what is resolved.
    let masker = Masker::current();
    let (resolver, builder) =
        args.resolve.declaration_of("secrets mask", None, Some(NOTHING_TO_MASK))?;
    let secrets = resolver.resolve_blocking(&builder.build())?;
    let result = filter(&masker);
    // Everything has been copied.
    masker.clear();
    drop(secrets);
    result.map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
        _ => secrets_runtime::Error::new(
            secrets_runtime::ErrorKind::Other,
            "standard input cannot be copied to standard output",
        )
        .with_cause(error)
        .into(),
    })
}

#[cfg(unix)]
fn filter(masker: &Masker) -> std::io::Result<()> {
    use std::{fs::File, os::fd::AsFd};

    use crate::masking::pump;

    let input = std::io::stdin().as_fd().try_clone_to_owned()?;
    let output = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    let mut writer = masker.writer(output);
    pump::pump(&input, &mut writer, None)?;
    writer.finish().map(drop)
}

#[cfg(not(unix))]
fn filter(masker: &Masker) -> std::io::Result<()> {
    let mut writer = masker.writer(std::io::stdout());
    std::io::copy(&mut std::io::stdin().lock(), &mut writer)?;
    writer.finish().map(drop)
}
