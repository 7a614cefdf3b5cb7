use crate::core::error::{Error, ErrorKind};

/// Prevents core dumps of this process, which would contain its secrets. Call it at the beginning of
/// `main`.
///
/// The limit for core files becomes 0. On Linux the process also becomes one that is not dumped, since a program that
/// receives core dumps, such as `systemd-coredump`, disregards the limit. Then only root can attach a debugger to it or
/// read its memory and its environment in `/proc`. A program that this process starts is dumped again, within the limit,
/// which it inherits and may raise.
///
/// # Errors
/// [`ErrorKind::Other`] if the system refuses it, and [`ErrorKind::NotSupported`] if the system is not a Unix.
pub fn no_core_dumps() -> Result<(), Error> {
    #[cfg(unix)]
    return disable().map_err(|cause| {
        Error::new(ErrorKind::Other, "the system does not let this process forbid core dumps")
            .with_cause(std::io::Error::from(cause))
    });
    #[cfg(not(unix))]
    Err(Error::new(ErrorKind::NotSupported, "core dumps can be forbidden on Unix alone"))
}

#[cfg(unix)]
fn disable() -> rustix::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    // The upper limit stays, so that a child can have the lower one of before.
    let maximum = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
