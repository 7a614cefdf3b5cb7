use crate::failure::CommandFailure;
#[cfg(unix)]
use crate::mask::filter_process::FilterProcess;

/// The masked outputs of this process. Nothing is masked where the system is not a Unix.
#[derive(Debug)]
pub struct OutputMask {
    #[cfg(unix)]
    filter: FilterProcess,
}

impl OutputMask {
    /// Masks what this process writes from now on. The values of secrets are masked as soon as a step has them.
    ///
    /// Under a supervisor, which is its parent, the process that masks joins the supervisor's group. Where the system is
    /// not a Unix, this warns that the output is not masked.
    ///
    /// # Errors
    /// If the other process cannot be started.
    #[cfg_attr(not(unix), expect(unused_variables, reason = "there is no other process"))]
    pub fn start(under_supervisor: bool) -> Result<Self, CommandFailure> {
        #[cfg(not(unix))]
        crate::program::warn("the output of a step is masked on Unix only");
        Ok(Self {
            #[cfg(unix)]
            filter: FilterProcess::start(under_supervisor).map_err(|error| {
                let message = format!("the output of the step cannot be masked: {error}");
                CommandFailure::Other(message, 1)
            })?,
        })
    }

    /// Reports to `run`, which has started this process, which process masks, so that it may outlive this one.
    pub fn report_to_run(&self) {
        #[cfg(unix)]
        self.filter.report_to_run();
    }

    /// Ends the masking, after everything that was written has been passed on. From then on the process writes nothing.
    pub fn finish(self) {
        #[cfg(unix)]
        self.filter.finish();
    }
}
