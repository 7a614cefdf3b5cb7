use std::{
    fs,
    io::{self, ErrorKind as Io, Read},
};

use zeroize::Zeroizing;

use crate::{backend::MAX_VALUE_BYTES, core::secret_value::SecretValue};

/// The file's value, or of one that is too long a little more than a value may have: the resolver says so.
pub(super) fn read(mut file: fs::File) -> io::Result<SecretValue> {
    let limit = MAX_VALUE_BYTES + 3;
    // With room for all from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(vec![0; limit]);
    let mut length = 0;
    while length < limit {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == Io::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(SecretValue::mounted(&bytes[..length]))
}
