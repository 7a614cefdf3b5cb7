use crate::core::error::{Error, ErrorKind};

/// Fills `bytes` from the operating system's generator, in place: a key that is passed by value would leave copies of
/// itself behind.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(|error| {
        let message = format!("the operating system returns no random bytes: {error}");
        Error::new(ErrorKind::Unavailable, message)
    })
}

/// Returns a random UUID (RFC 9562, version 4) in lower case: the id of a version, or of a key.
pub(super) fn uuid() -> Result<String, Error> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    Ok(format!("{a}-{b}-{c}-{d}-{e}"))
}
