use std::net::TcpStream;

use crate::{
    http::{free_port, request},
    sandbox::{Sandbox, tool},
};

/// The emulator of cargo-lambda: the API of the runtime, and that of those who call.
#[test]
fn the_caller_has_what_the_handler_returns() {
    let Some(emulator) = tool("SECRETS_TEST_CARGO_LAMBDA") else { return };
    let sandbox = Sandbox::new();
    let port = free_port();
    let mut command = sandbox.command(emulator);
    command.args(["lambda", "watch", "--only-lambda-apis", "--invoke-address", "127.0.0.1"]);
    command.args(["--invoke-port", &port.to_string()]).env("CARGO", env!("CARGO"));
    command.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let mut emulator = sandbox.start(&mut command);
    // Every path is a call of a function, which does not run yet.
    emulator.wait_for(|| TcpStream::connect(("127.0.0.1", port)).ok());

    let mut function = sandbox.command(env!("CARGO_BIN_EXE_lambda"));
    function
        .env("AWS_LAMBDA_RUNTIME_API", format!("http://127.0.0.1:{port}/.rt/lambda"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "lambda")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1");
    let _function = sandbox.start(&mut function);
    for _ in ["cold", "warm"] {
        let line = "POST /2015-03-31/functions/lambda/invocations";
        let (status, answer) = request(port, line, r#"{"rows":10}"#).unwrap();
        assert_eq!((status, answer.as_str()), (200, r#"{"loaded":"10 rows as app-of-prod-db"}"#));
        std::fs::write(sandbox.engine().join("answer"), answer).unwrap();
    }
    sandbox.assert_has_no_secret();
}
