//! Requests of the tests themselves, to put secrets where the tests read them.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

/// What a test server at `http://127.0.0.1:PORT` answers to a request: its status and its JSON.
pub fn ask(server: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
    let address = server.strip_prefix("http://").expect("a test server");
    let mut stream = TcpStream::connect(address).expect("it runs");
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// A server that `cargo xtask test` has started; without it the test says so and is over.
pub fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    if url.is_none() {
        println!("skipped: {variable} is not set");
    }
    url
}
