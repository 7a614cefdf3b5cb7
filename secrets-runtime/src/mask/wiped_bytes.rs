//! Buffers that are wiped. They do not grow in place: that would leave a copy.

use zeroize::Zeroizing;

/// Bytes that are wiped when they are dropped.
pub(super) type WipedBytes = Zeroizing<Vec<u8>>;

/// Returns a buffer with this capacity.
pub(super) fn with_capacity(capacity: usize) -> WipedBytes {
    Zeroizing::new(Vec::with_capacity(capacity))
}

/// Appends bytes. A buffer that is too small is wiped after its content has moved.
pub(super) fn append(buffer: &mut WipedBytes, bytes: &[u8]) {
    let length = buffer.len() + bytes.len();
    if length > buffer.capacity() {
        let mut larger = with_capacity(length.max(2 * buffer.capacity()));
        larger.extend_from_slice(buffer);
        *buffer = larger;
    }
    buffer.extend_from_slice(bytes);
}
