//! The stack of secrets that a thread is inside of, the innermost last. The current context is read from it.
//!
//! A *barrier* is the start of the part of the stack that belongs to a step, a poll or a test scope; when that ends,
//! the stack is reset to the barrier. A guard of `Context::enter` removes its own frame and the frames of leaked
//! guards above it, up to the next barrier. So a guard that is leaked or dropped out of order leaves nothing behind in
//! a pooled thread.

use std::cell::{Cell, RefCell};

use crate::context::secrets::Secrets;

struct Frame {
    /// `None` once its guard is dropped while a frame above it is still there.
    secrets: Option<Secrets>,
    id: u64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Pushed by `Context::enter`.
    Guard,
    /// Pushed by a step, a poll or a test scope.
    Barrier,
    /// A barrier in which there is no context, even if there is one below.
    Outside,
}

impl Frame {
    fn is_live(&self) -> bool {
        self.secrets.is_some() || self.kind == Kind::Outside
    }
}

thread_local! {
    static STACK: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// Identifies a frame: its index, and a number that no other frame of the thread has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    index: usize,
    id: u64,
}

/// Calls `read` with the innermost secrets, if there are any.
pub(crate) fn with_current<R>(read: impl FnOnce(&Secrets) -> R) -> Option<R> {
    let innermost = |stack: &RefCell<Vec<Frame>>| {
        let stack = stack.borrow();
        let innermost = stack.iter().rev().find(|frame| frame.is_live())?;
        innermost.secrets.as_ref().map(read)
    };
    // A thread that is ending has no stack, and so no context.
    STACK.try_with(innermost).ok().flatten()
}

/// Enters secrets, as a step, a poll or a test scope does.
pub(crate) fn push_barrier(secrets: Secrets) -> Option<Mark> {
    push(Some(secrets), Kind::Barrier)
}

/// Enters secrets, as a guard of `Context::enter` does.
pub(crate) fn push_guard(secrets: Secrets) -> Option<Mark> {
    push(Some(secrets), Kind::Guard)
}

/// Leaves every context: for the code of backends, which is polled inside steps.
pub(crate) fn push_outside() -> Option<Mark> {
    push(None, Kind::Outside)
}

/// Returns `None` on a thread that is ending: its stack is gone, and a panic there would end the process.
fn push(secrets: Option<Secrets>, kind: Kind) -> Option<Mark> {
    let id = NEXT.try_with(|next| next.replace(next.get() + 1)).ok()?;
    let push = |stack: &RefCell<Vec<Frame>>| {
        let mut stack = stack.borrow_mut();
        stack.push(Frame { secrets, id, kind });
        Mark { index: stack.len() - 1, id }
    };
    STACK.try_with(push).ok()
}

/// Leaves a barrier: resets the stack to its state before.
pub(crate) fn reset(mark: Mark) {
    let left = STACK.try_with(|stack| {
        let mut stack = stack.borrow_mut();
        match stack.get(mark.index) {
            // The usual case: the frame is the last one, and the one below is live.
            Some(frame) if frame.id == mark.id && stack.len() == mark.index + 1 => {
                let left = stack.pop();
                let dead = match stack.last().is_none_or(Frame::is_live) {
                    true => Vec::new(),
                    false => pop_dead(&mut stack),
                };
                (left, dead)
            }
            Some(frame) if frame.id == mark.id => {
                let mut left = stack.split_off(mark.index);
                left.append(&mut pop_dead(&mut stack));
                (None, left)
            }
            _ => (None, Vec::new()),
        }
    });
    // Dropped outside the borrow, since a `drop` may read the stack.
    drop(left);
}

/// Removes a guard's frame and the frames of leaked guards above it.
pub(crate) fn leave(mark: Mark) {
    let left = STACK.try_with(|stack| {
        let mut stack = stack.borrow_mut();
        let mut left = Vec::new();
        if stack.get(mark.index).is_none_or(|frame| frame.id != mark.id) {
            return (left, Vec::new());
        }
        for (place, frame) in stack.iter_mut().enumerate().skip(mark.index) {
            if frame.kind != Kind::Guard && place > mark.index {
                break;
            }
            left.extend(frame.secrets.take());
        }
        let dead = pop_dead(&mut stack);
        (left, dead)
    });
    drop(left);
}

fn pop_dead(stack: &mut Vec<Frame>) -> Vec<Frame> {
    let live = stack.iter().rposition(Frame::is_live).map_or(0, |last| last + 1);
    stack.split_off(live)
}
