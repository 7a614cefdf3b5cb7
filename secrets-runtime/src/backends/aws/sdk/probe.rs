use std::time::Duration;

use crate::{
    backend::{Backend, BoxFuture, probe::Probe},
    core::error::{Error, ErrorKind},
    rt::join_all::join_all,
};

/// How long AWS may take to answer.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// Asks AWS at the same time who the caller is, which is its ARN and the region, and whether a service answers.
///
/// A refusal to read a secret that is not there is no failure if the caller is known: policies often permit the existing
/// secrets only. A private network may have a route to the service and none to STS: then the caller is unknown.
pub(super) async fn probe(
    backend: &dyn Backend,
    caller: impl Future<Output = Result<(String, String), Error>> + Send,
) -> Probe {
    let (mut known, mut answer) = (None, Probe::reachable());
    let calls: Vec<BoxFuture<'_, ()>> = vec![
        Box::pin(async { known = caller.await.ok() }),
        Box::pin(async { answer = Probe::by_exists(backend).await }),
    ];
    join_all(calls).await;
    let Some((arn, region)) = known else { return answer };
    let is_refused = answer.error().is_some_and(|error| error.kind() == ErrorKind::AccessDenied);
    let answer = if is_refused { Probe::reachable() } else { answer };
    answer.with_caller(format!("{arn} in {region}"))
}
