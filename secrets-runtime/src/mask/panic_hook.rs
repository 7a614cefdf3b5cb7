use std::{
    io::Write,
    panic::{self, PanicHookInfo},
};

use crate::mask::masker::Masker;

impl Masker {
    /// Installs a panic hook that runs before the present one. If the message of a panic contains no secret, the
    /// present hook is called. If it contains one, the masked message is written to standard error instead.
    ///
    /// Only messages that are texts are searched: those of `panic!`, `expect`, `assert!` and the like.
    pub fn install_panic_hook(&self) {
        let (masker, before) = (self.clone(), panic::take_hook());
        panic::set_hook(Box::new(move |info| match masked(&masker, info) {
            None => before(info),
            // Not `eprintln`, which panics where standard error is closed.
            Some(message) => drop(std::io::stderr().write_all(&message)),
        }));
    }
}

/// Returns the text to write instead of a panic with a secret.
fn masked(masker: &Masker, info: &PanicHookInfo<'_>) -> Option<Vec<u8>> {
    let payload = info.payload();
    let message = payload.downcast_ref::<&str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str))?;
    let masked = masker.mask(message);
    if masked == message {
        return None;
    }
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let place = info.location().map(|location| format!(" at {location}")).unwrap_or_default();
    let text = format!("\nthread '{name}' panicked{place}:\n{masked}\n");
    Some(masker.mask_bytes(text.as_bytes()).into_owned())
}
