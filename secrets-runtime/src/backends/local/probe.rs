use std::ops::ControlFlow;

use secrets_spec::Options;

use crate::{
    backend::{fetch_request::FetchRequest, probe::Probe},
    backends::local::{KIND, Local, key::StoreKey},
    core::error::{Error, ErrorKind},
    payload::decode,
};

/// How many secrets that cannot be read are named.
const MAX_UNREADABLE: usize = 20;

impl Local {
    /// Reads every secret: whether one exists is known without the key, and an empty store needs none, since the first
    /// secret creates it.
    pub(super) async fn probe_all(&self) -> Probe {
        let probe = Probe::by_exists(self).await;
        match probe.is_reachable() {
            true => self.decryption_error().map_or(probe, Probe::unreachable),
            false => probe,
        }
    }

    /// Returns why secrets cannot be decrypted, and why others are not listed.
    fn decryption_error(&self) -> Option<Error> {
        self.folder.sweep_if_idle();
        let mut names = Vec::new();
        let listed = self.list_each_now(&mut |name| {
            names.push(name);
            ControlFlow::Continue(())
        });
        let mut key = None;
        let read = |name: &String| {
            let error = self.read_whole(name, &mut key).err()?;
            Some(error.about(name, Some(KIND)))
        };
        let failed = names.iter().filter_map(read);
        // One that was deleted meanwhile is not damaged.
        let mut failed: Vec<Error> = failed.filter(|it| it.kind() != ErrorKind::NotFound).collect();
        // If there is none that can be read, they have one reason.
        if listed.is_ok() && failed.len() == names.len() {
            failed.truncate(1);
        }
        let mut errors = match listed {
            Ok(()) => failed,
            Err(error) => with_what_is_new(error, failed),
        };
        let more = errors.len().saturating_sub(MAX_UNREADABLE);
        errors.truncate(MAX_UNREADABLE);
        if more > 0 {
            let message = format!("{more} more secrets cannot be read");
            errors.push(Error::new(ErrorKind::Unavailable, message));
        }
        Error::join(errors)
    }

    fn read_whole(&self, name: &str, key: &mut Option<StoreKey>) -> Result<(), Error> {
        let fetched = self.fetch_one(&FetchRequest::named(name), key)?;
        let fetched = decode::plain_if_no_object(fetched);
        decode::source_fields(&fetched, &Options::default(), name, None).map(drop)
    }
}

/// Returns what is wrong with the listing and was not found by reading, and then what was: a damaged file is in both, and
/// reading names the secret.
fn with_what_is_new(listing: Error, reading: Vec<Error>) -> Vec<Error> {
    let is_new = |message: &str| {
        let mut known = reading.iter().flat_map(|error| error.problems());
        known.all(|known| known.message() != message)
    };
    let problems = listing.problems().iter().filter(|it| is_new(it.message())).cloned();
    let new: Vec<Error> = problems.map(Error::from).collect();
    new.into_iter().chain(reading).collect()
}
