//! The Flyte SDK for Rust: a task, one of whose traced functions has a step.

use secrets_engines::load;

#[flyte::task]
async fn pipeline(rows: i64) -> Result<String, flyte::Error> {
    load_rows(rows).await
}

/// Flyte records what a traced function returns, and replays it after a failure. So it returns no secret.
#[flyte::trace]
async fn load_rows(rows: i64) -> Result<String, flyte::Error> {
    let user = load().await;
    let user =
        user.map_err(|error| flyte::Error::user(error.kind().as_str(), error.to_string()))?;
    Ok(format!("{rows} rows as {user}"))
}

/// In a pod of Flyte it is the worker; elsewhere it runs the task in this process.
fn main() -> std::process::ExitCode {
    if std::env::var_os("ACTION_NAME").is_some() || std::env::args().len() > 1 {
        return flyte::worker_main(pipeline_entry());
    }
    match flyte::run(pipeline(10)) {
        Ok(loaded) => println!("{loaded}"),
        Err(error) => {
            eprintln!("error: {error}");
            return std::process::ExitCode::FAILURE;
        }
    }
    std::process::ExitCode::SUCCESS
}
