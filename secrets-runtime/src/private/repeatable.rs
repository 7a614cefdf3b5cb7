/// What a step with `refresh_on` takes as an argument: something that its body can be given twice.
#[diagnostic::on_unimplemented(
    message = "a step with `refresh_on` may run its body twice, so its arguments are `Clone`, and `{Self}` is not",
    label = "this cannot be given to the body twice",
    note = "write `#[derive(Clone)]` above your own type, `T: Clone` for a type parameter and `impl Trait + Clone` for an `impl Trait`; or take it by reference or in an `Arc`, whose clones are cheap"
)]
pub trait Repeatable: Sized {
    /// What one run of the body gets.
    fn repeat(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> Repeatable for T {
    fn repeat(&self) -> Self {
        self.clone()
    }
}
