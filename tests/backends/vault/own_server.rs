//! An OpenBao of a test's own, which it may seal and end (`SECRETS_TEST_OPENBAO_PROGRAM`).

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use secrets_runtime::{Payload, Resolver, ResolverBuilder, Store, settings::variables};
use secrets_tests::http::server;
use serde_json::json;
use tempfile::TempDir;

use super::setup::Bao;

/// The root token of each server.
pub const ROOT: &str = "SeNtInEl-openbao-root";

/// Runs the program until the input ends, which happens when the test ends too, however it ends.
const SCRIPT: &str = r#""$@" & server=$!; read -r _; kill "$server"; wait "$server""#;

/// A server in memory. It ends when this is dropped.
pub struct OwnBao {
    pub bao: Bao,
    folder: TempDir,
    shell: Child,
}

impl OwnBao {
    /// A server at a free port; `None` if the program is not there.
    pub fn start() -> Option<Self> {
        Self::start_at(Ipv4Addr::LOCALHOST, &[])
    }

    /// A server with TLS at this address, whose certificate is for 127.0.0.1 and localhost.
    pub fn with_tls(address: Ipv4Addr) -> Option<Self> {
        let mut own = Self::start_at(address, &["-dev-tls"])?;
        own.bao.url = own.bao.url.replace("http:", "https:");
        Some(own)
    }

    fn start_at(address: Ipv4Addr, more: &[&str]) -> Option<Self> {
        let program = server("SECRETS_TEST_OPENBAO_PROGRAM")?;
        let folder = tempfile::tempdir().unwrap();
        let tls = folder.path().join("tls");
        fs::create_dir(&tls).unwrap();
        let port = free_port(address);
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "bao"]).arg(program).args(["server", "-dev"]);
        command.args(["-dev-no-store-token", &format!("-dev-root-token-id={ROOT}")]);
        command.arg(format!("-dev-listen-address={address}:{port}"));
        command.arg(format!("-dev-tls-cert-dir={}", tls.display())).args(more);
        command.env("HOME", folder.path()).stdin(Stdio::piped());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let shell = command.spawn().unwrap();
        let own = Self { bao: Bao { url: format!("http://{address}:{port}") }, folder, shell };
        let start = Instant::now();
        while !own.log().contains("server started!") {
            assert!(start.elapsed() < Duration::from_secs(60), "it starts: {}", own.log());
            thread::sleep(Duration::from_millis(20));
        }
        Some(own)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The certificate of the CA that has signed its own.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("tls/vault-ca.pem")
    }

    /// A builder of a resolver with the root token.
    pub fn builder(&self) -> ResolverBuilder {
        self.bao.builder().setting(&variables::VAULT_TOKEN, ROOT)
    }

    /// Writes the secret `secret/db` with the field `x`.
    pub fn write(&self, resolver: &Resolver) {
        let payload = Payload::Json(json!({ "x": "SeNtInEl" }).to_string().into());
        resolver.store("vault").unwrap().put_blocking("secret/db", payload).unwrap();
    }

    /// Seals it, after which it answers nothing.
    pub fn seal(&self) {
        self.bao.root("PUT", "sys/seal", &json!({}));
    }

    pub fn unseal(&self) {
        let log = self.log();
        let key = log.lines().find_map(|line| line.strip_prefix("Unseal Key: ")).unwrap();
        let answer = self.bao.root("PUT", "sys/unseal", &json!({ "key": key }));
        assert_eq!(answer["sealed"], false);
    }
}

impl Drop for OwnBao {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// A port that is free, as the next one is, which it takes too.
fn free_port(address: Ipv4Addr) -> u16 {
    loop {
        let port = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind((address, port + 1)).is_ok() {
            return port;
        }
    }
}
