//! The writer: texts that come in pieces, flushes, the end, and failures.

use std::io::Write;

use crate::{
    core::secret_value::SecretValue,
    mask::{
        Masker, MaskingWriter,
        tests::{masker, written, written_cut},
    },
};

#[test]
fn a_secret_is_found_however_it_is_split() {
    let values: &[&[u8]] = &[b"SeNtInEl-1", b"SeNtInEl-12345", b"l-1234567"];
    let text = b"a SeNtInEl-12345 b SeNtInEl-1234567 c SeNtInEl-1 SeNt";
    let expected = b"a *** b *** c *** SeNt";
    let masker = masker(values);
    for at in 0..=text.len() {
        let (one, two) = text.split_at(at);
        assert_eq!(written(&masker, &[one, two]), expected, "split at {at}");
        // A flush lets no more than three bytes out before it is known that they begin a secret.
        let mut writer = masker.writer(Vec::new());
        writer.write_all(one).unwrap();
        writer.flush().unwrap();
        writer.write_all(two).unwrap();
        let flushed = String::from_utf8(writer.finish().unwrap()).unwrap();
        let shown = flushed.matches("SeN").count() + flushed.matches("l-").count();
        assert!(shown <= 2 && !flushed.contains("SeNtI"), "{flushed}");
    }
    let bytes: Vec<_> = text.chunks(1).collect();
    assert_eq!(written(&masker, &bytes), expected);
}

#[test]
fn a_write_passes_on_what_cannot_be_the_start_of_a_secret() {
    let masker = masker(&[b"SeNtInEl-1"]);
    let mut writer = masker.writer(Vec::new());
    let mut seen = |piece: &[u8]| {
        writer.write_all(piece).unwrap();
        writer.flush().unwrap();
    };
    seen(b"prompt Se");
    seen(b"Nt");
    let out = writer.finish().unwrap();
    assert_eq!(out, b"prompt SeNt");

    let (mut writer, sink) = shared_writer(&masker);
    writer.write_all(b"prompt> S").unwrap();
    assert_eq!(sink.take(), b"prompt> ");
    writer.flush().unwrap();
    assert_eq!(sink.take(), b"S");
    writer.write_all(b"eNtI").unwrap();
    writer.flush().unwrap();
    assert_eq!(sink.take(), b"", "five bytes wait");
    writer.write_all(b"nEl-1;").unwrap();
    assert_eq!(sink.take(), b"***;");
}

#[test]
fn an_output_that_ends_inside_a_secret_does_not_show_it() {
    use base64ct::{Base64, Encoding};
    let known = masker(&[b"SeNtInEl-PASSWORD-20"]);
    for (text, left) in [
        ("it is SeNtInEl-PASSWORD-2", "it is ***"),
        ("it is SeNtInEl-P", "it is ***"),
        ("it is SeNtInEl-", "it is SeNtInEl-"),
        ("it is 53654e74496e456c2d50", "it is ***"),
        ("SeNtInEl-PASSWORD-20, SeNtInEl-PASS", "***, ***"),
    ] {
        for at in 0..text.len() {
            let (one, two) = text.as_bytes().split_at(at);
            assert_eq!(written_cut(&known, &[one, two]), left.as_bytes(), "{text}, split at {at}");
        }
    }
    // Common words that begin a secret, and a whole one.
    let common = masker(&[b"password-SeNtInEl", b"error", b"not-found"]);
    for text in ["a pass", "an err", "it is not-", "the password"] {
        assert_eq!(written_cut(&common, &[text.as_bytes()]), text.as_bytes());
    }
    // Sixteen bytes are no chance, however long the secret is.
    let long = masker(&["SeNtInEl-".repeat(1000).as_bytes()]);
    assert_eq!(written_cut(&long, &[b"SeNtInEl-SeNtIn"]), b"SeNtInEl-SeNtIn");
    assert_eq!(written_cut(&long, &[b"SeNtInEl-SeNtInE"]), b"***");
    assert_eq!(written_cut(&long, &["SeNtInEl-".repeat(999).as_bytes()]), b"***");
    // Wrapped lines of base64 end inside it.
    let letters = Base64::encode_string(&b"SeNtInEl-".repeat(1000));
    let text = format!("{}\n{}", &letters[..76], &letters[76..100]);
    assert_eq!(written_cut(&long, &[text.as_bytes()]), b"***");
    let text = format!("{}{}\n", "!".repeat(10), &letters[..70]);
    assert_eq!(written_cut(&long, &[text.as_bytes()]), b"!!!!!!!!!!***\n");
    // Flushed bytes have been shown.
    let mut writer = known.writer(Vec::new());
    writer.write_all(b"SeN").unwrap();
    writer.flush().unwrap();
    writer.write_all(b"tInEl-PASSW").unwrap();
    assert_eq!(writer.finish_cut().unwrap(), b"SeN***");
}

#[test]
fn a_find_that_may_go_on_is_masked_at_a_flush() {
    let masker = masker(&[b"SeNtInEl", b"SeNtInEl-and-more"]);
    let (mut writer, sink) = shared_writer(&masker);
    writer.write_all(b"it is SeNtInEl").unwrap();
    writer.flush().unwrap();
    assert_eq!(sink.take(), b"it is ***");
    writer.write_all(b"-and-more.").unwrap();
    assert_eq!(sink.take(), b".");
}

#[test]
fn a_value_that_is_learned_later_is_masked_by_the_writers_that_exist() {
    let masker = Masker::new();
    let mut writer = masker.writer(Vec::new());
    writer.write_all(b"SeNtInEl-1 ").unwrap();
    masker.add(&SecretValue::from("SeNtInEl-1"));
    writer.write_all(b"SeNtInEl-1 SeNtInEl").unwrap();
    masker.add(&SecretValue::from("InEl-2"));
    writer.write_all(b"-2").unwrap();
    assert_eq!(writer.finish().unwrap(), b"SeNtInEl-1 *** SeNt***");
}

#[test]
fn a_long_wrapped_secret_is_found_that_comes_byte_by_byte() {
    use base64ct::{Base64, Encoding};
    let value: Vec<u8> = (0..60_000_u32)
        .flat_map(|number| (number.wrapping_mul(2_654_435_761)).to_le_bytes())
        .take(60_000)
        .collect();
    let letters = Base64::encode_string(&value);
    let lines: Vec<_> = letters.as_bytes().chunks(76).collect();
    let text = [b"it is\n", &*lines.join(&b'\n'), b"\n"].concat();
    let pieces: Vec<_> = text.chunks(1).collect();
    assert_eq!(written(&masker(&[&value]), &pieces), b"it is\n***\n");
}

/// Takes four bytes at once, and panics at the second write.
struct Panicking<'t>(&'t mut Vec<u8>);

impl Write for Panicking<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = bytes.len().min(4);
        self.0.extend_from_slice(&bytes[..count]);
        assert!(self.0.len() <= 4, "it panics");
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn nothing_is_written_again_after_a_panic() {
    let mut taken = Vec::new();
    let mut writer = masker(&[b"SeNtInEl"]).writer(Panicking(&mut taken));
    let write = std::panic::AssertUnwindSafe(|| writer.write(b"one two three"));
    assert!(std::panic::catch_unwind(write).is_err());
    drop(writer);
    assert_eq!(taken, b"one two ");
}

/// Returns a writer, and the output behind it.
fn shared_writer(masker: &Masker) -> (MaskingWriter<Sink>, Sink) {
    let sink = Sink::default();
    (masker.writer(sink.clone()), sink)
}

#[derive(Clone, Default)]
struct Sink(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Takes a few bytes, then fails until it is told that there is room.
struct Full {
    room: usize,
    taken: Vec<u8>,
    kind: std::io::ErrorKind,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = bytes.len().min(self.room);
        self.room -= count;
        self.taken.extend_from_slice(&bytes[..count]);
        if count == 0 { Err(self.kind.into()) } else { Ok(count) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_error_of_the_inner_writer_is_returned_and_nothing_is_written_twice() {
    use std::io::ErrorKind::{BrokenPipe, WouldBlock};
    let masker = masker(&[b"SeNtInEl"]);
    let mut full = Full { room: 4, taken: Vec::new(), kind: BrokenPipe };
    let mut writer = masker.writer(&mut full);
    assert_eq!(writer.write(b"a SeNtInEl b").unwrap_err().kind(), BrokenPipe);
    assert_eq!(writer.finish().err().map(|error| error.kind()), Some(BrokenPipe));
    assert_eq!(full.taken, b"a **");

    let mut full = Full { room: 4, taken: Vec::new(), kind: WouldBlock };
    let mut writer = masker.writer(&mut full);
    assert_eq!(writer.write(b"a SeNtInEl b").unwrap(), 12, "the bytes are taken");
    assert_eq!(writer.write(b"!").unwrap_err().kind(), WouldBlock);
    assert_eq!(writer.flush().unwrap_err().kind(), WouldBlock);
    drop(writer);
    assert_eq!(full.taken, b"a **");
}
