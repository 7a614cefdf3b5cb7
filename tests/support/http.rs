//! Requests of the tests themselves, to servers on this machine.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

/// The status and the body with which the server at `url` (`http://HOST:PORT`) answers. Each of `headers` ends
/// with a line break.
///
/// # Panics
///
/// If nothing answers there.
pub fn request(url: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let host = url.strip_prefix("http://").expect("a test server").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).expect("it runs");
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// [`request`] with an answer in JSON; one that is not JSON is null.
pub fn ask(url: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
    let (status, body) = request(url, method, path, headers, body);
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// The address of a server that `cargo xtask test` has started. Without it the test says so and returns.
pub fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: {variable} is not set");
    }
    url
}
