use secrets_runtime::{
    Context, Declaration, Error, Resolver, current_context, secrets, try_current_context,
};
use secrets_tests::table::{Table, install};

use super::scope::yield_once;

/// Checks at every poll that the secret is the task's own.
async fn own_secret(name: String, polls: usize) -> Result<(), Error> {
    let expected = format!("SeNtInEl-{name}");
    for _ in 0..polls {
        let secrets = current_context().secrets;
        let value = secrets.get(&format!("made/{name}"), "value")?;
        assert_eq!(value.expose_str()?, expected, "another task's secret");
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn resolver() -> Resolver {
    Resolver::builder().backend(Table).default_backend("table").build().unwrap()
}

async fn context_of(resolver: &Resolver, name: &str) -> Context {
    let declaration = Declaration::builder(name).source(&format!("made/{name}")).unwrap().build();
    resolver.resolve(&declaration).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_interleaved_tasks_each_see_their_own_secret() {
    let resolver = resolver();
    let mut tasks = Vec::new();
    for number in 0..10_000 {
        let resolver = resolver.clone();
        tasks.push(tokio::spawn(async move {
            let name = number.to_string();
            let context = context_of(&resolver, &name).await;
            context.scope(own_secret(name, 5)).await
        }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(try_current_context().is_none());
}

#[secrets(sources = ["made/left"])]
async fn left() -> Result<(), Error> {
    own_secret("left".to_owned(), 20).await
}

#[secrets(sources = ["made/right"])]
async fn right() -> Result<(), Error> {
    own_secret("right".to_owned(), 30).await
}

#[tokio::test]
async fn join_and_select_keep_contexts_apart() {
    install();
    let (one, other) = tokio::join!(left(), right());
    one.and(other).unwrap();
    for _ in 0..50 {
        tokio::select! {
            done = left() => done.unwrap(),
            done = right() => done.unwrap(),
        }
        assert!(try_current_context().is_none());
    }
}

#[secrets(sources = ["made/parent"])]
async fn parent() -> Result<(), Error> {
    let (one, other) = tokio::join!(left(), async {
        yield_once().await;
        // Between the polls of its children the parent's own context is back.
        current_context().secrets.get("made/parent", "value").map(drop)
    });
    one.and(other)
}

#[tokio::test]
async fn a_step_within_a_join_of_a_step() {
    install();
    parent().await.unwrap();
}

#[test]
fn a_step_is_send_when_its_body_is() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&left());
    is_send(&parent());
}
