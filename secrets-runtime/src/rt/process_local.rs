use std::sync::OnceLock;

/// A value of which each process has its own.
///
/// A child of `fork` has a copy of its parent's memory, but none of its threads: what the copy says of threads, locks
/// and connections is wrong there. The child reads a value of its own instead, without touching a lock of the copy.
pub(crate) struct ProcessLocal<T>(OnceLock<Box<Entry<T>>>);

struct Entry<T> {
    process: u32,
    value: T,
    /// The value of a child, if this process is one.
    child: ProcessLocal<T>,
}

impl<T: Default> ProcessLocal<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns the value of this process. It is the default one at first.
    pub(crate) fn get(&self) -> &T {
        let process = std::process::id();
        let mut place = self;
        loop {
            let new = || Box::new(Entry { process, value: T::default(), child: Self::new() });
            let entry = place.0.get_or_init(new);
            if entry.process == process {
                return &entry.value;
            }
            place = &entry.child;
        }
    }
}

impl<T: Default> Default for ProcessLocal<T> {
    fn default() -> Self {
        Self::new()
    }
}
