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
        self.of(std::process::id())
    }

    fn of(&self, process: u32) -> &T {
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_child_has_a_value_of_its_own_whatever_its_parent_has() {
        static VALUE: ProcessLocal<Mutex<u8>> = ProcessLocal::new();
        *VALUE.of(1).lock().unwrap() = 7;
        // Another thread of the parent had the lock when it was forked.
        let held = VALUE.of(1).lock().unwrap();
        assert_eq!(*VALUE.of(2).lock().unwrap(), 0);
        *VALUE.of(2).lock().unwrap() = 8;
        assert_eq!(*VALUE.of(3).lock().unwrap(), 0, "nor has the child of a child that of either");
        assert_eq!(*VALUE.of(2).lock().unwrap(), 8);
        drop(held);
        assert_eq!(*VALUE.of(1).lock().unwrap(), 7);
    }
}
