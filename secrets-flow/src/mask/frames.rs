//! How the values that are masked are sent from the step to the process that masks: each after its length.

use secrets_runtime::SecretValue;
use zeroize::Zeroizing;

/// Returns a value as it is sent.
pub fn encode(value: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    let mut frame = Zeroizing::new(Vec::with_capacity(4 + value.len()));
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(value);
    frame
}

/// The values that have been received.
#[derive(Default)]
pub struct Frames {
    received: Zeroizing<Vec<u8>>,
}

impl Frames {
    /// Adds what was received, and returns the values that are complete.
    pub fn add(&mut self, bytes: &[u8]) -> Vec<SecretValue> {
        if self.received.capacity() - self.received.len() < bytes.len() {
            // A vector that grows by itself leaves its old bytes behind.
            let mut larger =
                Vec::with_capacity((self.received.len() + bytes.len()).next_power_of_two());
            larger.extend_from_slice(&self.received);
            self.received = Zeroizing::new(larger);
        }
        self.received.extend_from_slice(bytes);
        let mut values = Vec::new();
        let mut at = 0;
        while let Some((length, rest)) = self.received[at..].split_first_chunk() {
            let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let Some(value) = rest.get(..length) else { break };
            values.push(SecretValue::from(value.to_vec()));
            at += 4 + length;
        }
        self.received.drain(..at);
        values
    }

    /// Returns whether a part of a value has been received, and not the rest of it.
    pub fn is_partial(&self) -> bool {
        !self.received.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_arrive_in_pieces_of_any_size() {
        let values: [&[u8]; 4] = [b"SeNtInEl", b"", b"a", &[0; 1000]];
        let sent: Vec<u8> = values.iter().flat_map(|value| encode(value).to_vec()).collect();
        for size in [1, 2, 3, 7, 4096] {
            let mut frames = Frames::default();
            let found: Vec<_> = sent.chunks(size).flat_map(|piece| frames.add(piece)).collect();
            let found: Vec<&[u8]> = found.iter().map(SecretValue::expose_bytes).collect();
            assert_eq!(found, values, "{size}");
            assert!(!frames.is_partial());
        }
        let mut frames = Frames::default();
        assert!(frames.add(&sent[..3]).is_empty() && frames.is_partial());
    }
}
