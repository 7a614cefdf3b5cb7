use std::{
    future::Future,
    pin::pin,
    task::{Context as Task, Poll, Waker},
};

use secrets_runtime::{
    Context, Error, ErrorKind, SecretValue, current_context, secrets, testing, try_current_context,
};
use secrets_tests::table::install;

fn value(context: &Context, group: &str) -> Option<SecretValue> {
    context.secrets.get(group, "value").ok()
}

#[secrets(sources = ["made/inner"])]
fn inner() -> Result<(), Error> {
    let secrets = current_context().secrets;
    assert_eq!(secrets.get("made/inner", "value")?.expose_str()?, "SeNtInEl-inner");
    assert_eq!(secrets.get("made/outer", "value").unwrap_err().kind(), ErrorKind::NotRequested);
    Ok(())
}

#[secrets(sources = ["made/outer"])]
fn outer() -> Result<(), Error> {
    inner()?;
    let secrets = current_context().secrets;
    assert_eq!(secrets.get("made/outer", "value")?.expose_str()?, "SeNtInEl-outer");
    assert_eq!(secrets.get("made/inner", "value").unwrap_err().kind(), ErrorKind::NotRequested);
    Ok(())
}

#[secrets(sources = ["made/kept"])]
fn kept() -> Result<Context, Error> {
    Ok(current_context())
}

#[secrets(sources = ["made/forgetful"])]
fn forgets_its_guards(other: &Context) -> Result<(), Error> {
    std::mem::forget(current_context().enter());
    std::mem::forget(other.enter());
    Ok(())
}

#[secrets(sources = ["made/panics"])]
fn panics(other: &Context) -> Result<(), Error> {
    let _entered = other.enter();
    panic!("as it should")
}

#[test]
fn nested_steps_see_their_own() {
    install();
    outer().unwrap();
    assert!(try_current_context().is_none());
}

#[test]
fn a_clone_keeps_its_values_for_its_holder() {
    install();
    let context = kept().unwrap();
    assert_eq!(context.step(), Some("kept"));
    assert!(value(&context, "made/kept").is_some());
    let moved = context.clone();
    let there = std::thread::spawn(move || {
        assert!(try_current_context().is_none());
        let _entered = moved.enter();
        value(&current_context(), "made/kept").is_some()
    });
    assert!(there.join().unwrap());
    assert!(try_current_context().is_none());
}

#[test]
fn a_forgotten_guard_leaks_nothing() {
    install();
    let context = kept().unwrap();
    forgets_its_guards(&context).unwrap();
    assert!(try_current_context().is_none());
    let caught = std::panic::catch_unwind(|| panics(&context));
    assert!(caught.is_err());
    assert!(try_current_context().is_none());
}

#[test]
fn guards_dropped_out_of_order_leave_by_position() {
    install();
    let (first, second) =
        (kept().unwrap(), testing::with_secrets([("g", "value", "x")], current_context));
    let one = first.enter();
    let two = second.enter();
    assert!(value(&current_context(), "g").is_some());
    // The first takes what is above it along.
    drop(one);
    assert!(try_current_context().is_none());
    drop(two);
    assert!(try_current_context().is_none());

    // A forgotten guard ends with the one below it.
    let one = first.enter();
    std::mem::forget(second.enter());
    drop(one);
    assert!(try_current_context().is_none());
}

#[test]
fn a_guard_from_outside_that_ends_inside_a_step_leaves_the_step_its_context() {
    #[secrets(sources = ["made/steady"])]
    fn steady(guard: secrets_runtime::Entered) -> Result<(), Error> {
        drop(guard);
        assert!(value(&current_context(), "made/steady").is_some());
        Ok(())
    }
    install();
    let context = kept().unwrap();
    steady(context.enter()).unwrap();
    assert!(try_current_context().is_none());
}

#[test]
fn a_panic_outside_a_step_says_what_to_do() {
    let caught = std::panic::catch_unwind(|| drop(current_context())).unwrap_err();
    let text = caught.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| caught.downcast_ref::<String>().cloned()).unwrap();
    assert!(text.contains("#[secrets(..)]") && text.contains("scope(future)"), "{text}");
}

#[test]
fn the_context_is_there_at_every_poll_and_at_the_drop_and_not_between() {
    struct LooksWhenDropped;
    impl Drop for LooksWhenDropped {
        fn drop(&mut self) {
            assert!(value(&current_context(), "made/polled").is_some());
        }
    }

    #[secrets(sources = ["made/polled"])]
    async fn polled(times: usize) -> Result<(), Error> {
        let _looks = LooksWhenDropped;
        for _ in 0..times {
            assert!(value(&current_context(), "made/polled").is_some());
            yield_once().await;
        }
        Ok(())
    }

    install();
    let mut task = Task::from_waker(Waker::noop());
    {
        let mut future = pin!(polled(2));
        for _ in 0..2 {
            assert!(future.as_mut().poll(&mut task).is_pending());
            assert!(try_current_context().is_none());
        }
        assert!(matches!(future.as_mut().poll(&mut task), Poll::Ready(Ok(()))));
    }
    // Dropped half-way, and never polled.
    {
        let mut future = pin!(polled(9));
        assert!(future.as_mut().poll(&mut task).is_pending());
    }
    drop(polled(1));
    assert!(try_current_context().is_none());
}

pub async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|task| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
