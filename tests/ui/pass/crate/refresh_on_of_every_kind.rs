//! `refresh_on` on steps of every kind, with arguments of every kind.
#![deny(warnings)]
use std::{
    cell::Cell,
    error::Error as StdError,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex},
};

use secrets_runtime::{Error, SecretValue, secrets, task};

fn is_auth_error(error: &Error) -> bool {
    error.is_transient()
}

#[secrets(refresh_on = is_auth_error)]
fn plain() -> Result<(), Error> {
    Ok(())
}

#[task(refresh_on = crate::is_auth_error)]
async fn borrowed(text: &str) -> Result<&str, Error> {
    if text.is_empty() {
        return Ok("");
    }
    plain()?;
    asynchronous(1).await?;
    Ok(text)
}

#[secrets(refresh_on = is_auth_error)]
async fn asynchronous(rows: usize) -> Result<usize, Error> {
    Ok(rows)
}

#[derive(Clone)]
struct Point {
    x: u8,
    y: u8,
}

#[secrets(refresh_on = is_auth_error)]
#[allow(clippy::too_many_arguments)]
fn patterns(
    mut list: Vec<u8>,
    Point { x, y: mut other, .. }: Point,
    (first, [second, ..]): (u8, [u8; 3]),
    ref whole: String,
    all @ (.., last): (u8, u8),
    _: Point,
    _unused: u8,
    #[allow(unused_variables)] unused: Point,
    #[expect(unused_variables)] expected: u8,
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
) -> Result<usize, Error> {
    list.push(x);
    other += first + second + last + all.0 + a + b + c + d + e;
    Ok(list.len() + whole.len() + usize::from(other))
}

#[secrets(refresh_on = is_auth_error)]
async fn patterns_later(
    mut list: Vec<u8>,
    Point { x, .. }: Point,
    ref whole: String,
    _: Point,
    #[allow(unused_mut)] mut unchanged: Point,
) -> Result<usize, Error> {
    list.push(x + unchanged.y);
    std::future::ready(()).await;
    Ok(list.len() + whole.len())
}

/// What the last expression holds on to is dropped before the arguments.
#[secrets(refresh_on = is_auth_error)]
fn held(list: Arc<Mutex<Vec<u8>>>, Point { x: _, .. }: Point) -> Result<Option<u8>, Error> {
    Ok::<_, Error>(list.lock().unwrap().first().copied())
}

#[secrets(refresh_on = is_auth_error)]
async fn held_later(
    list: Arc<Mutex<Vec<u8>>>,
    #[secret("a")] value: SecretValue,
) -> Result<Option<u8>, Error> {
    let _ = value;
    Ok::<_, Error>(list.lock().unwrap().first().copied())
}

#[secrets(refresh_on = is_auth_error)]
fn generic<'a, T: Clone + 'a, const N: usize>(
    text: &'a str,
    values: [T; N],
    parts: impl Iterator<Item = u8> + Clone + 'a,
    call: impl Fn(u8) -> u8 + Clone + 'a,
    boxed: &'a dyn Fn() -> T,
) -> Result<(impl Iterator<Item = u8> + 'a, Vec<T>, &'a str), Error> {
    let mut all = values.to_vec();
    all.push(boxed());
    Ok((parts.map(call), all, text))
}

struct Failure<T>(T);

impl<T> From<Error> for Failure<Option<T>> {
    fn from(_: Error) -> Self {
        Failure(None)
    }
}

fn is_denied<T>(failure: &Failure<T>) -> bool {
    let Failure(_) = failure;
    true
}

#[secrets(refresh_on = is_denied::<Option<T>>)]
async fn generic_error<T: Clone>(value: T) -> Result<T, Failure<Option<T>>> {
    Ok(value)
}

#[secrets(refresh_on = is_denied)]
fn inferred<T: Clone>(value: T) -> Result<T, Failure<Option<T>>> {
    Ok(value)
}

fn is_any(error: &(dyn StdError + 'static)) -> bool {
    error.source().is_some()
}

#[secrets(refresh_on = is_any)]
async fn of_an_error(text: &str) -> Result<u8, Error> {
    text.parse().map_err(|_| Error::new(secrets_runtime::ErrorKind::Other, "no number"))
}

#[allow(clippy::borrowed_box)]
fn is_any_in_a_box(error: &Box<dyn StdError + Send + Sync>) -> bool {
    error.is::<Error>()
}

#[secrets(refresh_on = is_any_in_a_box)]
fn of_a_box(text: &str) -> Result<u8, Box<dyn StdError + Send + Sync>> {
    Ok(text.parse()?)
}

fn is_any_how(error: &anyhow::Error) -> bool {
    error.is::<Error>()
}

#[secrets(refresh_on = is_any_how)]
async fn of_anyhow(text: &str) -> anyhow::Result<u8> {
    Ok(text.parse()?)
}

const POINTER: fn(&Error) -> bool = is_auth_error;

#[secrets(refresh_on = POINTER)]
fn by_pointer() -> Result<(), Error> {
    Ok(())
}

trait Refreshing {
    fn is_meant(error: &Error) -> bool;
}

struct Service {
    name: String,
}

impl Refreshing for Service {
    fn is_meant(error: &Error) -> bool {
        error.is_transient()
    }
}

impl Service {
    #[secrets(refresh_on = Self::is_meant)]
    fn by_reference(&self) -> Result<&str, Error> {
        Ok(&self.name)
    }

    #[secrets(refresh_on = <Self as Refreshing>::is_meant)]
    async fn later<'a>(&'a self, text: &str) -> Result<&'a str, Error> {
        std::future::ready(text).await;
        Ok(&self.name)
    }

    #[secrets(refresh_on = Service::is_meant)]
    fn typed(self: &Self) -> Result<&Self, Error> {
        Ok(self)
    }

    #[secrets(refresh_on = Error::is_transient)]
    async fn shared(self: &Arc<Self>) -> Result<Arc<Self>, Error> {
        Ok(self.clone())
    }

    #[secrets(refresh_on = Error::is_transient)]
    async fn pinned(self: Pin<&Self>) -> Result<usize, Error> {
        Ok(self.name.len())
    }

    #[secrets(refresh_on = R::is_meant)]
    fn through_a_parameter<R: Refreshing>(&self) -> Result<(), Error> {
        Ok(())
    }

    #[secrets(refresh_on = is_auth_error)]
    fn boxed<'a>(
        &'a self,
        rows: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<usize, Error>> + Send + 'a>> {
        Box::pin(async move { Ok(self.name.len() + rows.len()) })
    }
}

#[async_trait::async_trait]
trait Load: Sync {
    async fn load(&self, rows: Vec<u8>) -> Result<usize, Error>;

    #[secrets(refresh_on = is_auth_error)]
    async fn by_default(&self, mut rows: Vec<u8>, (a, _): (u8, u8)) -> Result<usize, Error> {
        rows.push(a);
        self.load(rows).await
    }
}

#[async_trait::async_trait]
impl Load for Service {
    #[secrets(refresh_on = Self::is_meant)]
    async fn load(&self, mut rows: Vec<u8>) -> Result<usize, Error> {
        rows.push(1);
        std::future::ready(()).await;
        Ok(self.name.len() + rows.len())
    }
}

#[async_trait::async_trait(?Send)]
trait Local {
    async fn load(&self, rows: Rc<u8>) -> Result<u8, Error>;
}

#[async_trait::async_trait(?Send)]
impl Local for Service {
    #[secrets(refresh_on = Self::is_meant)]
    async fn load(&self, rows: Rc<u8>) -> Result<u8, Error> {
        std::future::ready(()).await;
        Ok(*rows)
    }
}

#[secrets(refresh_on = is_auth_error)]
fn never_comes_back(rows: usize) -> Result<(), Error> {
    panic!("{rows}")
}

#[secrets(refresh_on = is_auth_error)]
async fn returns_early(rows: usize) -> Result<usize, Error> {
    return Ok(rows);
}

#[secrets(refresh_on = is_auth_error)]
fn named_like_ours(
    __arguments: u8,
    __failure: u8,
    __argument_0: (u8, u8),
    (__result, __argument_1): (u8, u8),
) -> Result<u8, Error> {
    Ok(__arguments + __failure + __argument_0.0 + __result + __argument_1)
}

macro_rules! step {
    ($name:ident, $path:path, $pat:pat => $ty:ty, $body:expr) => {
        #[secrets(refresh_on = $path)]
        async fn $name($pat: $ty, more: u8) -> Result<u8, Error> {
            Ok($body + more)
        }
    };
}

step!(through_macro_rules, crate::is_auth_error, (x, _) => (u8, u8), x);

#[tracing::instrument]
#[secrets(refresh_on = is_auth_error)]
async fn instrumented_above(rows: usize) -> Result<usize, Error> {
    Ok(rows)
}

#[secrets(refresh_on = is_auth_error)]
#[tracing::instrument]
async fn instrumented_below(mut rows: usize, (a, b): (usize, usize)) -> Result<usize, Error> {
    rows += a + b;
    Ok(rows)
}

#[secrets(refresh_on = is_auth_error)]
#[tracing::instrument(err)]
fn instrumented(rows: usize, (a, b): (usize, usize)) -> Result<usize, Error> {
    Ok(rows + a + b)
}

/// It is `Send`, not `Sync`.
#[secrets(refresh_on = is_auth_error)]
async fn stays_send(cell: Cell<u8>) -> Result<u8, Error> {
    tokio::task::yield_now().await;
    Ok(cell.get())
}

#[secrets(refresh_on = is_auth_error)]
async fn stays_send_with_parameters(
    cell: Cell<u8>,
    #[secret("a")] value: SecretValue,
) -> Result<SecretValue, Error> {
    tokio::task::yield_now().await;
    cell.set(1);
    Ok(value)
}

/// Its output is not `Send`, and is not held while anything is waited for.
#[secrets(refresh_on = is_auth_error)]
async fn gives_what_is_not_send() -> Result<Rc<u8>, Error> {
    tokio::task::yield_now().await;
    Ok(Rc::new(1))
}

fn is_send(_: impl Send + 'static) {}

fn main() {
    is_send(stays_send(Cell::new(1)));
    is_send(stays_send_with_parameters(Cell::new(1)));
    is_send(gives_what_is_not_send());
    is_send(asynchronous(1));
    let service = Service { name: String::new() };
    drop((plain, borrowed("")));
    let point = || Point { x: 1, y: 2 };
    drop(patterns_later(vec![], point(), String::new(), point(), point()));
    let _ = (patterns, held, never_comes_back, named_like_ours, by_pointer, of_a_box, instrumented);
    drop((held_later(Arc::default()), returns_early(1), through_macro_rules((1, 2), 3)));
    drop((instrumented_above(1), instrumented_below(1, (2, 3)), of_anyhow(""), of_an_error("")));
    drop(generic_error(1));
    let _ = || inferred(1).map_err(|failure| failure.0);
    let _ = || generic("", [1, 2], [1].into_iter(), |x| x, &|| 1).map(drop);
    drop((service.by_reference(), service.later(""), service.typed()));
    drop((service.through_a_parameter::<Service>(), service.boxed(vec![])));
    drop((Load::load(&service, vec![]), service.by_default(vec![], (1, 2))));
    drop(Local::load(&service, Rc::new(1)));
    drop((Arc::new(Service { name: String::new() }).shared(), Pin::new(&service).pinned()));
}
