//! Copies of values in the memory of a process.
//!
//! A value is made of a number, byte by byte, and looked for in this way: nothing else in the process has one.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
};

/// The length of each value.
pub const LENGTH: usize = 61;

/// One byte of a value, a letter. The bytes of a value are not in the program itself.
#[must_use]
pub fn byte(seed: u8, place: usize) -> u8 {
    let place = u8::try_from(place).expect("a place in a value");
    b'A' + (seed.wrapping_mul(31) ^ place.wrapping_mul(place).wrapping_mul(7)) % 26
}

/// Returns the bytes of a value, in a buffer that is not larger.
#[must_use]
pub fn value(seed: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend((0..LENGTH).map(|place| byte(seed, place)));
    bytes
}

/// Returns how often a value is in the memory that the process can write.
///
/// # Panics
///
/// If the memory cannot be read.
#[must_use]
pub fn copies(seed: u8) -> usize {
    places(seed).len()
}

/// Returns in which parts of the memory a value is: `[heap]`, `[stack]`, or empty for one without a name.
///
/// # Panics
///
/// If the memory cannot be read.
#[must_use]
pub fn places(seed: u8) -> Vec<String> {
    places_of(LENGTH, |place| byte(seed, place))
}

/// Returns in which parts of the memory a value is in base64.
///
/// # Panics
///
/// If the memory cannot be read.
#[must_use]
pub fn base64_places(seed: u8) -> Vec<String> {
    places_of(8 * LENGTH / 6, |place| base64_letter(seed, place))
}

/// Returns a letter of a value in base64 that has no other byte in it. The letters are not in the program either.
fn base64_letter(seed: u8, place: usize) -> u8 {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = 6 * place;
    let next = if bits / 8 + 1 < LENGTH { byte(seed, bits / 8 + 1) } else { 0 };
    let both = u16::from_be_bytes([byte(seed, bits / 8), next]);
    ALPHABET[usize::from(both >> (10 - bits % 8)) & 63]
}

/// Returns in which parts of the memory these bytes are.
fn places_of(length: usize, wanted: impl Fn(usize) -> u8) -> Vec<String> {
    let memory = File::open("/proc/self/mem").expect("the memory");
    let maps = fs::read_to_string("/proc/self/maps").expect("the parts of the memory");
    let mut buffer = [0_u8; 4096 + 2 * LENGTH];
    let own = buffer.as_ptr().addr();
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let mut words = line.split_whitespace();
        let (start, end) = words.next().and_then(|it| it.split_once('-')).expect("a range");
        let number = |text| usize::from_str_radix(text, 16).expect("a number");
        let (mut at, end) = (number(start), number(end));
        let name = words.nth(4).unwrap_or_default();
        while at < end {
            let count = buffer.len().min(end - at);
            let Ok(read) = memory.read_at(&mut buffer[..count], at as u64) else { break };
            let is_value = |from: usize| (0..length).all(|i| buffer[from + i] == wanted(i));
            // Each place once, and not what was read into the buffer itself.
            let places = (0..read.saturating_sub(length - 1).min(4096)).filter(|from| {
                !(own..own + buffer.len()).contains(&(at + from)) && is_value(*from)
            });
            found.extend(places.map(|_| name.to_owned()));
            buffer.fill(0);
            at += 4096;
        }
    }
    found
}
