//! An allocator that wipes what is freed. `docs/adr/0014-leak-guard-and-memory.md` says why it is sound.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    mem::MaybeUninit,
    slice,
};

use zeroize::Zeroize;

/// A global allocator that overwrites all memory with zeros before it is freed, so that no secret stays in memory which
/// is not used any more: neither those that the program has copied nor those in buffers of libraries.
///
/// It is for programs. A library cannot decide which allocator a program has.
///
/// ```
/// use secrets_runtime::process::WipingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: WipingAllocator = WipingAllocator::new();
///
/// fn main() {
///     let copy = String::from("correct horse");
///     drop(copy); // and wiped
/// }
/// ```
///
/// It does not wipe the stack, what is never freed, and what the C library or another language allocates. A program that
/// frees much memory becomes slower: each byte is written once more, and a buffer that grows is always moved.
#[derive(Debug, Default, Clone, Copy)]
pub struct WipingAllocator<A = System>(A);

impl WipingAllocator {
    /// Returns an allocator that takes memory from the system's.
    #[must_use]
    pub const fn new() -> Self {
        Self(System)
    }
}

impl<A> WipingAllocator<A> {
    /// Returns an allocator that takes memory from another one.
    #[must_use]
    pub const fn over(allocator: A) -> Self {
        Self(allocator)
    }
}

// SAFETY: memory comes from `A` and goes back to it, with the layouts and pointers of the caller. `realloc` is that of
// the trait, which calls `alloc`, copies, and calls `dealloc`.
unsafe impl<A: GlobalAlloc> GlobalAlloc for WipingAllocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller owns the block, which has this size and is no longer used. Bytes that may be
        // uninitialized are written and not read.
        let bytes: &mut [MaybeUninit<u8>] =
            unsafe { slice::from_raw_parts_mut(pointer.cast(), layout.size()) };
        // SAFETY: any bytes are valid as words that may be uninitialized.
        let (start, words, end) = unsafe { bytes.align_to_mut::<MaybeUninit<usize>>() };
        start.zeroize();
        words.zeroize();
        end.zeroize();
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { self.0.dealloc(pointer, layout) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static ZEROS: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts the zeros of what is freed.
    struct Counter;

    // SAFETY: as that of `System`.
    unsafe impl GlobalAlloc for Counter {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller keeps the contract.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            // SAFETY: the block was written as a whole.
            let bytes = unsafe { slice::from_raw_parts(pointer, layout.size()) };
            ZEROS.set(bytes.iter().filter(|byte| **byte == 0).count());
            // SAFETY: the caller keeps the contract.
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    #[test]
    fn what_is_freed_is_zeros() {
        let allocator = WipingAllocator::over(Counter);
        for size in (1..40).chain([4096, 100_003]) {
            for align in [1, 2, 8, 64] {
                let layout = Layout::from_size_align(size, align).expect("a layout");
                // SAFETY: the block is written inside its size, and freed once with its layout.
                unsafe {
                    let block = allocator.alloc(layout);
                    block.write_bytes(b'x', size);
                    let larger = allocator.realloc(block, layout, size + 1);
                    assert_eq!(ZEROS.get(), size, "what was moved is wiped");
                    assert_eq!((*larger, *larger.add(size - 1)), (b'x', b'x'));
                    larger.add(size).write(b'x');
                    let layout = Layout::from_size_align(size + 1, align).expect("a layout");
                    allocator.dealloc(larger, layout);
                }
                assert_eq!(ZEROS.get(), size + 1);
            }
        }
    }
}
