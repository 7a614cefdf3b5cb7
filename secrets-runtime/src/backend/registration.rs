use std::{fmt, sync::Arc};

use linkme::distributed_slice;

use crate::{
    backend::Backend,
    core::error::{Error, ErrorKind, Problem},
};

/// The backends that are registered in the program.
#[distributed_slice]
pub static BACKENDS: [Registration];

/// A function of the program that creates a backend, and the place where it is registered.
pub struct Registration {
    make: fn() -> Result<Arc<dyn Backend>, Error>,
    function: &'static str,
    file: &'static str,
    line: u32,
}

impl Registration {
    /// Registers the function with this path.
    #[must_use]
    pub const fn new(
        make: fn() -> Result<Arc<dyn Backend>, Error>,
        function: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self { make, function, file, line }
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "register_backend!({}) at {}:{}", self.function, self.file, self.line)
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registration").field(&format_args!("{self}")).finish()
    }
}

/// What a registered function may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend",
    label = "the function that is registered returns this",
    note = "it returns a `Backend`, an `Arc<dyn Backend>`, or a `Result` of one with this library's `Error`"
)]
pub trait IntoBackend {
    /// Returns the backend.
    ///
    /// # Errors
    /// The error of the function.
    fn into_backend(self) -> Result<Arc<dyn Backend>, Error>;
}

impl<B: Backend> IntoBackend for B {
    fn into_backend(self) -> Result<Arc<dyn Backend>, Error> {
        Ok(Arc::new(self))
    }
}

impl IntoBackend for Arc<dyn Backend> {
    fn into_backend(self) -> Result<Arc<dyn Backend>, Error> {
        Ok(self)
    }
}

impl<B: IntoBackend> IntoBackend for Result<B, Error> {
    fn into_backend(self) -> Result<Arc<dyn Backend>, Error> {
        self?.into_backend()
    }
}

/// Creates the backends that are registered in the program. Returns also the problems of the others.
pub(crate) fn registered_backends() -> (Vec<Arc<dyn Backend>>, Vec<Problem>) {
    make_all(&BACKENDS)
}

fn make_all(registrations: &[Registration]) -> (Vec<Arc<dyn Backend>>, Vec<Problem>) {
    // The order is the linker's.
    let mut registrations: Vec<_> = registrations.iter().collect();
    registrations.sort_by_key(|it| (it.file, it.line, it.function));
    let mut made: Vec<(Arc<dyn Backend>, &Registration)> = Vec::new();
    let mut problems = Vec::new();
    for registration in registrations {
        let backend = match (registration.make)() {
            Ok(backend) => backend,
            Err(error) => {
                let problem = |problem: Problem| problem.with_origin(registration.to_string());
                problems.extend(error.into_problems().into_iter().map(problem));
                continue;
            }
        };
        let kind = backend.kind();
        match made.iter().find(|(other, _)| other.kind() == kind) {
            None => made.push((backend, registration)),
            Some((_, first)) => {
                let message = format!(
                    "two backends of the type `{kind}` are registered: {first}, and {registration}"
                );
                let problem = Problem::new(ErrorKind::InvalidConfig, message)
                    .with_origin(registration.to_string());
                problems.push(problem.with_help("remove one of them, or give it another type"));
            }
        }
    }
    (made.into_iter().map(|(backend, _)| backend).collect(), problems)
}

/// Registers a backend of the program: the process's resolver has it from the start. So a `#[secrets] fn main` can use
/// it too, although no code can install a resolver before that function.
///
/// It takes the path of a function without parameters that returns a [`Backend`](crate::Backend), an
/// `Arc<dyn Backend>`, or a `Result` of one of them with [`Error`](crate::Error). The function is called once, when the
/// first step is resolved; it must not resolve secrets itself. A backend of a built-in type replaces the built-in one.
/// Two of one type are [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig).
///
/// A resolver of [`Resolver::builder`](crate::Resolver::builder) has it if
/// [`registered_backends`](crate::ResolverBuilder::registered_backends) is called.
///
/// Write the macro at the level of a module, in the crate of the program: the linker may leave out a library whose
/// registration is its only used part.
///
/// ```standalone_crate
/// use secrets_runtime::{Backend, Error, Fetched, SecretValue, backend::from_fn, register_backend, secrets};
///
/// fn vault() -> impl Backend {
///     from_fn("my-vault", |request| async move { Ok(Fetched::text("x").with_name(request.id())) })
/// }
///
/// register_backend!(vault);
///
/// // With SECRETS_DEFAULT_BACKEND=my-vault, "token" alone is enough.
/// #[secrets(sources = [{ id = "token", type = "my-vault" }])]
/// fn main(#[secret("token")] token: SecretValue) -> Result<(), Error> {
///     assert_eq!(token.expose_str()?, "x");
///     Ok(())
/// }
/// ```
#[macro_export]
macro_rules! register_backend {
    ($make:path $(,)?) => {
        const _: () = {
            $crate::__private::BACKENDS! {
                #![linkme_macro = $crate::__private::BACKENDS]
                static __SECRETS_BACKEND: $crate::__private::Registration =
                    $crate::__private::Registration::new(
                        || $crate::__private::IntoBackend::into_backend($make()),
                        $crate::__private::stringify!($make),
                        $crate::__private::file!(),
                        $crate::__private::line!(),
                    );
            }
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Fetched, from_fn};

    fn vault() -> Result<Arc<dyn Backend>, Error> {
        from_fn("vault", |_| async { Ok(Fetched::text("SeNtInEl")) }).into_backend()
    }

    fn safe() -> Result<Arc<dyn Backend>, Error> {
        let safe: Arc<dyn Backend> =
            Arc::new(from_fn("safe", |_| async { Ok(Fetched::text("SeNtInEl")) }));
        safe.into_backend()
    }

    fn broken() -> Result<Arc<dyn Backend>, Error> {
        Err(Error::new(ErrorKind::InvalidConfig, "VAULT_ADDR is not set"))
    }

    #[test]
    fn each_type_is_made_once_and_two_of_one_are_named_both() {
        let one = |make, function, line| Registration::new(make, function, "src/main.rs", line);
        let (made, problems) = make_all(&[one(vault, "vault", 7), one(safe, "safe", 3)]);
        let kinds: Vec<_> = made.iter().map(|backend| backend.kind()).collect();
        assert_eq!((kinds, problems.len()), (vec!["safe", "vault"], 0));

        let (made, problems) = make_all(&[one(vault, "a::vault", 9), one(vault, "vault", 7)]);
        assert_eq!(made.len(), 1);
        let [problem] = &problems[..] else { panic!("one problem: {problems:?}") };
        assert_eq!(problem.kind(), ErrorKind::InvalidConfig);
        for name in [
            "register_backend!(vault) at src/main.rs:7",
            "register_backend!(a::vault) at src/main.rs:9",
        ] {
            assert!(problem.message().contains(name), "{}", problem.message());
        }
    }

    #[test]
    fn a_function_that_fails_is_named() {
        let (made, problems) = make_all(&[Registration::new(broken, "broken", "src/main.rs", 5)]);
        assert!(made.is_empty());
        assert_eq!(problems[0].origin(), "register_backend!(broken) at src/main.rs:5");
        assert_eq!(problems[0].message(), "VAULT_ADDR is not set");
    }
}
