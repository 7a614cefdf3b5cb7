//! Reads requests from a connection.

use serde_json::Value;
use tokio::{io::AsyncReadExt, net::TcpStream};

/// What the server looks at.
#[derive(Debug)]
pub struct Request {
    pub path: String,
    /// The last part of `x-amz-target`.
    pub action: String,
    pub access_key: String,
    pub body: Value,
}

/// What has been read and not yet been used.
#[derive(Debug, Default)]
pub struct Reader(Vec<u8>);

impl Reader {
    /// The next request; nothing at the end of the connection, or if it is no request.
    pub async fn next(&mut self, connection: &mut TcpStream) -> Option<Request> {
        let head = loop {
            if let Some(end) = self.0.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            self.fill(connection).await?;
        };
        let text = std::str::from_utf8(&self.0[..head]).ok()?;
        let mut lines = text.lines();
        let path = lines.next()?.split(' ').nth(1)?.to_owned();
        let (mut action, mut access_key, mut length) = (String::new(), String::new(), 0);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok()?,
                "x-amz-target" => value.rsplit('.').next()?.clone_into(&mut action),
                "authorization" => {
                    let credential = value.split("Credential=").nth(1).unwrap_or_default();
                    credential.split('/').next()?.clone_into(&mut access_key);
                }
                _ => {}
            }
        }
        let end = head + length;
        while self.0.len() < end {
            self.fill(connection).await?;
        }
        let body = serde_json::from_slice(&self.0[head..end]).unwrap_or_default();
        self.0.drain(..end);
        Some(Request { path, action, access_key, body })
    }

    async fn fill(&mut self, connection: &mut TcpStream) -> Option<()> {
        let read = connection.read_buf(&mut self.0).await.ok()?;
        (read > 0).then_some(())
    }
}
