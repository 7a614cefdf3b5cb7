//! A minimal HTTP client, to see whether a server is ready.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// Returns whether the server at this port of 127.0.0.1 answers `GET PATH` with 200.
pub fn answers(port: u16, path: &str) -> bool {
    status(port, path).is_some_and(|line| line.split(' ').nth(1) == Some("200"))
}

fn status(port: u16, path: &str) -> Option<String> {
    let patience = Duration::from_secs(5);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    // The status line is enough.
    stream.take(256).read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer);
    answer.lines().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead as _, BufReader},
        net::TcpListener,
        thread,
    };

    /// Starts a server that sends this answer once, and returns its port.
    fn once(answer: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Reads the whole head: closing a connection with unread data resets it.
            let request = BufReader::new(stream.try_clone().unwrap()).lines();
            assert!(request.map(Result::unwrap).any(|line| line.is_empty()));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        port
    }

    #[test]
    fn only_200_is_ready() {
        assert!(answers(once("HTTP/1.1 200 OK\r\n\r\n{}"), "/ready"));
        assert!(!answers(once("HTTP/1.1 503 Service Unavailable\r\n\r\n200"), "/ready"));
        assert!(!answers(once(""), "/ready"));
    }

    #[test]
    fn a_closed_port_is_not_ready() {
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        assert!(!answers(port, "/ready"));
    }
}
