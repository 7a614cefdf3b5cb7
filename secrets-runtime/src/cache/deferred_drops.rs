use std::any::Any;

/// What is dropped when nothing is locked any more.
pub(super) type DeferredDrops = Vec<Box<dyn Any + Send>>;
