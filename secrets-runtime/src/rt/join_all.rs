use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Polls futures together, and returns their outputs in order.
pub(crate) async fn join_all<F: Future + Unpin>(futures: Vec<F>) -> Vec<F::Output>
where
    F::Output: Unpin,
{
    JoinAll(futures.into_iter().map(Joined::Waiting).collect()).await
}

struct JoinAll<F: Future>(Vec<Joined<F>>);

enum Joined<F: Future> {
    Waiting(F),
    Done(F::Output),
}

impl<F: Future + Unpin> Future for JoinAll<F>
where
    F::Output: Unpin,
{
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let mut open = false;
        for joined in &mut self.0 {
            let Joined::Waiting(future) = joined else { continue };
            match Pin::new(future).poll(task) {
                Poll::Ready(output) => *joined = Joined::Done(output),
                Poll::Pending => open = true,
            }
        }
        if open {
            return Poll::Pending;
        }
        let output = |joined| match joined {
            Joined::Done(output) => Some(output),
            Joined::Waiting(_) => None,
        };
        Poll::Ready(std::mem::take(&mut self.0).into_iter().filter_map(output).collect())
    }
}
