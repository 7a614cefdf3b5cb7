//! A server whose test says what it answers to each request, byte by byte if need be.

use std::{
    io::Write,
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::stub_server::{Request, read};

/// What a server sends, with the head.
#[derive(Debug, Clone)]
pub struct Reply(Vec<u8>);

impl Reply {
    /// An answer with this status, these headers, each with its line end, and this body.
    pub fn new(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::raw(format!(
            "HTTP/1.1 {status} Word\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        ))
    }

    /// An answer in JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "content-type: application/json\r\n", &body.to_string())
    }

    /// These bytes, after which the connection is closed.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
}

/// The server, which answers each request in a thread of its own. It ends with the process.
pub struct ScriptedServer {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    most: Arc<AtomicUsize>,
}

impl ScriptedServer {
    /// A server that answers as `answer` says.
    pub fn new(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (running, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (kept, highest, answer) = (requests.clone(), most.clone(), Arc::new(answer));
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (kept, answer) = (kept.clone(), answer.clone());
                let (running, highest) = (running.clone(), highest.clone());
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    kept.lock().expect("no panic").push(request.clone());
                    let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                    highest.fetch_max(now, Ordering::SeqCst);
                    let reply = answer(&request);
                    // Before it is sent: the next request may come as soon as it is there.
                    running.fetch_sub(1, Ordering::SeqCst);
                    let _ = stream.write_all(&reply.0);
                });
            }
        });
        Self { port, requests, most }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }

    /// The first lines of all requests so far, without the version of HTTP.
    pub fn lines(&self) -> Vec<String> {
        let line = |request: Request| request.line.trim_end_matches(" HTTP/1.1").to_owned();
        self.requests().into_iter().map(line).collect()
    }

    /// How many requests were being answered at the same time, at most.
    pub fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}
