use std::{
    fs,
    io::Write,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox, WITH};

const DRIVER: &str = include_str!("prefect.py");

/// The secrets of the steps. Each value contains `SeNtInEl`.
const SECRETS: &str = r#"{"prod-db":{"password":"SeNtInEl-password"},"warehouse":{"key":"SeNtInEl-key"},"report-db":{"user":"SeNtInEl-user"}}"#;

/// A server of Prefect, which ends when this is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server with its services, whose database is in `home`.
fn server(python: &Path, home: &Path) -> (Server, String) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let log = fs::File::create(home.join("server.log")).unwrap();
    let child = Command::new(python)
        .args(["-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"])
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .env("PREFECT_HOME", home)
        .env("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        .env("PREFECT_LOGGING_SERVER_LEVEL", "DEBUG")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut server = Server(child);
    let deadline = Instant::now() + Duration::from_secs(180);
    loop {
        let is_ready = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok_and(|mut stream| {
            let request = b"GET /api/health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
            let mut answer = String::new();
            stream.write_all(request).is_ok()
                && std::io::Read::read_to_string(&mut stream, &mut answer).is_ok()
                && answer.starts_with("HTTP/1.1 200")
        });
        if is_ready {
            return (server, format!("http://127.0.0.1:{port}/api"));
        }
        let log = || fs::read_to_string(home.join("server.log")).unwrap();
        assert!(server.0.try_wait().unwrap().is_none(), "{}", log());
        assert!(Instant::now() < deadline, "{}", log());
        thread::sleep(Duration::from_millis(200));
    }
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn prefect_runs_the_manifest_and_keeps_no_value() {
    let python = std::env::var_os("SECRETS_TEST_PYTHON_ARGO2PREFECT");
    let (Some(python), Ok(moto)) = (python, std::env::var("SECRETS_TEST_MOTO_URL")) else { return };
    let sandbox = FlowSandbox::new();
    let endpoint = format!("AWS_ENDPOINT_URL={moto}");
    let program = env!("CARGO_BIN_EXE_dbflow");
    let create = [
        "argo-workflows",
        "create",
        "--image",
        "i",
        "--program",
        program,
        "--only-yaml",
        "--env",
        "AWS_ACCESS_KEY_ID=x",
        "--env",
        &endpoint,
    ];
    let mut command = sandbox.bare("dbflow", &[WITH.as_slice(), &create].concat());
    command
        .env("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager")
        .env("SECRETS_AWS_REGION", "ap-southeast-4");
    sandbox.write("dbflow.yaml", &FlowOutput::of(&mut command).ok());

    let home = sandbox.path().join("prefect");
    fs::create_dir(&home).unwrap();
    let (server, api) = server(Path::new(&python), &home);
    let mut driver = Command::new(&python);
    driver
        .args(["-c", DRIVER, &moto, "dbflow.yaml"])
        .current_dir(sandbox.path())
        .env("PREFECT_API_URL", &api)
        .env("PREFECT_HOME", sandbox.path().join("client"))
        // The rest of the credentials is the worker's own.
        .env("AWS_SECRET_ACCESS_KEY", "y")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut driver = driver.spawn().unwrap();
    driver.stdin.take().unwrap().write_all(SECRETS.as_bytes()).unwrap();
    let output = driver.wait_with_output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        stdout.ends_with("[\"Completed\", \"Completed\", \"Completed\"]\n"),
        "{stdout}{stderr}"
    );
    // The steps have had their secrets, and nobody else has seen them.
    for line in ["load has ***", "store has *** and K=V", "report has ***"] {
        assert!(stdout.contains(line) || stderr.contains(line), "{line}: {stdout}{stderr}");
    }
    drop(server);
    assert!(home.join("prefect.db").exists());
    for file in files(sandbox.path()) {
        let bytes = fs::read(&file).unwrap();
        let canary = b"SeNtInEl";
        let found = bytes.windows(canary.len()).any(|window| window == canary);
        assert!(!found, "a value is in {}", file.display());
    }
    assert!(!stdout.contains("SeNtInEl") && !stderr.contains("SeNtInEl"));
}
