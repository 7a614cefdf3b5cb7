//! An AWS Secrets Manager on loopback that answers everything, each request a fixed time after it has come.
//!
//! It has any secret that it is asked for (`answer::secret`), so that nothing is made ready. It waits by a timer, for
//! thousands of requests at once, on one thread; it counts them, and tells the count at `/count`.

mod answer;
mod request;

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream as BlockingStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    runtime::Builder,
    time::{Instant, sleep_until},
};

use request::Reader;

/// The way to the server and back, and what it does in between.
pub const LATENCY: Duration = Duration::from_millis(20);

/// To this access key the batch action is denied.
pub const DENIED_KEY: &str = "NO-BATCHES";

/// Where the count is asked for.
const COUNT: &str = "/count";
/// How many connections may wait to be accepted. Past that the system lets one wait for a second.
const QUEUE: u32 = 4096;

/// Starts it on a thread of its own; it ends with the process.
pub fn start() -> Result<SocketAddr, String> {
    let failed = |error: std::io::Error| format!("the server cannot be started: {error}");
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let listener = {
        let _inside = runtime.enter();
        let socket = TcpSocket::new_v4().map_err(failed)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).map_err(failed)?;
        socket.listen(QUEUE).map_err(failed)?
    };
    let address = listener.local_addr().map_err(failed)?;
    let serve = move || {
        runtime.block_on(async {
            let count = Arc::new(AtomicUsize::new(0));
            loop {
                if let Ok((connection, _)) = listener.accept().await {
                    tokio::spawn(serve(connection, count.clone()));
                }
            }
        });
    };
    thread::Builder::new().name("server".to_owned()).spawn(serve).map_err(failed)?;
    Ok(address)
}

/// How many requests for secrets the server at this address has got.
pub fn count(url: &str) -> Result<usize, String> {
    let failed =
        |what: &dyn std::fmt::Display| format!("the server does not tell its count: {what}");
    let address = url.trim_start_matches("http://");
    let mut stream = BlockingStream::connect(address).map_err(|error| failed(&error))?;
    let request = format!("GET {COUNT} HTTP/1.1\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| failed(&error))?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|error| failed(&error))?;
    let body = answer.rsplit("\r\n\r\n").next().unwrap_or_default();
    body.trim().parse().map_err(|_| failed(&answer))
}

/// One connection, until the other side closes it.
async fn serve(mut connection: TcpStream, count: Arc<AtomicUsize>) -> Option<()> {
    connection.set_nodelay(true).ok()?;
    let mut reader = Reader::default();
    while let Some(request) = reader.next(&mut connection).await {
        if request.path == COUNT {
            let text = count.load(Ordering::Relaxed).to_string();
            connection.write_all(&answer::http(200, &text)).await.ok()?;
            return None;
        }
        let due = Instant::now() + LATENCY;
        count.fetch_add(1, Ordering::Relaxed);
        let answer = answer::to(&request);
        sleep_until(due).await;
        connection.write_all(&answer).await.ok()?;
    }
    None
}
