use std::{
    fmt,
    io::{self, Write},
};

use crate::mask::{
    masker::Masker,
    stream::{FlushMode, Stream},
};

/// The most bytes that are searched at once.
const MAX_PIECE: usize = 64 * 1024;

/// Passes on the bytes that are written to it, with `***` in place of each secret that its [`Masker`] knows.
///
/// A secret is found however it is split over writes. Bytes that may be the start of one are held back until the next
/// write decides it, until [`finish`](Self::finish), or until this is dropped. `flush` passes on an end of fewer than
/// four bytes too, so that a prompt without a line break is seen. If a secret turns out to begin with these bytes,
/// only its rest is masked.
///
/// ```
/// use std::io::Write;
/// use secrets_runtime::{SecretValue, mask::Masker};
///
/// let masker = Masker::new();
/// masker.add(&SecretValue::from("correct horse"));
/// let mut writer = masker.writer(Vec::new());
/// writer.write_all(b"the password is correct ho")?;
/// writer.write_all(b"rse.\n")?;
/// assert_eq!(writer.finish()?, b"the password is ***.\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct MaskingWriter<W: Write> {
    masker: Masker,
    /// `None` once [`finish`](Self::finish) has returned it.
    inner: Option<W>,
    stream: Stream,
    /// The bytes that are masked and not written yet.
    ready: Vec<u8>,
    /// Whether the inner writer is writing. If it panics, some of the ready bytes may be written already.
    is_writing: bool,
}

impl Masker {
    /// Returns a writer that masks all bytes that are written to it, and passes them on.
    pub fn writer<W: Write>(&self, inner: W) -> MaskingWriter<W> {
        MaskingWriter {
            masker: self.clone(),
            inner: Some(inner),
            stream: Stream::default(),
            ready: Vec::new(),
            is_writing: false,
        }
    }
}

impl<W: Write> MaskingWriter<W> {
    /// Passes on the bytes that are held back, flushes the inner writer, and returns it.
    ///
    /// # Errors
    /// The error of the inner writer, which is dropped then.
    pub fn finish(mut self) -> io::Result<W> {
        self.end(FlushMode::End)?;
        self.inner.take().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Like [`finish`](Self::finish), for an output that may end inside a secret, such as the output of a killed
    /// program. At the end, four or more bytes of the beginning of a secret or of one of its forms are masked too, if
    /// they are half of it or more than 15 bytes. Fewer are passed on: many texts end with a word with which a secret
    /// begins.
    ///
    /// ```
    /// use std::io::Write;
    /// use secrets_runtime::{SecretValue, mask::Masker};
    ///
    /// let masker = Masker::new();
    /// masker.add(&SecretValue::from("correct horse"));
    /// let mut writer = masker.writer(Vec::new());
    /// writer.write_all(b"the password is correct ho")?;
    /// assert_eq!(writer.finish_cut()?, b"the password is ***");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// The error of the inner writer, which is dropped then.
    pub fn finish_cut(mut self) -> io::Result<W> {
        self.end(FlushMode::Cut)?;
        self.inner.take().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Whether bytes are held back until the next write.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        self.stream.is_holding()
    }

    fn end(&mut self, mode: FlushMode) -> io::Result<()> {
        self.push(&[], mode);
        self.write_ready()?;
        self.inner.as_mut().map_or(Ok(()), Write::flush)
    }

    fn push(&mut self, piece: &[u8], mode: FlushMode) {
        let Self { masker, stream, ready, .. } = self;
        masker.with_dictionary(|dictionary| stream.push(dictionary, piece, mode, ready));
    }

    fn write_ready(&mut self) -> io::Result<()> {
        let Some(inner) = self.inner.as_mut() else { return Ok(()) };
        let mut written = 0;
        let result = loop {
            if written == self.ready.len() {
                break Ok(());
            }
            self.is_writing = true;
            let result = inner.write(&self.ready[written..]);
            self.is_writing = false;
            match result {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.ready.drain(..written);
        result
    }
}

impl<W: Write> Write for MaskingWriter<W> {
    /// Takes the bytes, and passes on at once those that cannot be the start of a secret.
    ///
    /// # Errors
    /// The error of the inner writer. The next call writes first the bytes that could not be passed on.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_ready()?;
        let piece = &bytes[..bytes.len().min(MAX_PIECE)];
        self.push(piece, FlushMode::Open);
        match self.write_ready() {
            // The bytes are taken, and are written when the inner writer has room.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(piece.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_ready()?;
        self.push(&[], FlushMode::Flush);
        self.write_ready()?;
        self.inner.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl<W: Write> Drop for MaskingWriter<W> {
    /// Passes on the bytes that are held back, unless the inner writer has panicked. Errors are ignored:
    /// [`finish`](Self::finish) returns them.
    fn drop(&mut self) {
        if self.inner.is_some() && !self.is_writing {
            let _ = self.end(FlushMode::End);
        }
    }
}

impl<W: Write> fmt::Debug for MaskingWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskingWriter").field("masker", &self.masker).finish_non_exhaustive()
    }
}
