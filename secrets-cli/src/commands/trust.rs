use secrets_runtime::{ErrorKind, admin::TrustedConfig};

use crate::{
    args::Trust,
    failure::Failure,
    output::{
        escape::json_string, format::OutputFormat, reporter::Reporter, wiped_output::WipedOutput,
    },
};

/// Lets a `secrets.toml` decide what a found one otherwise may not, or ends that.
pub fn run(args: &Trust, reporter: &Reporter) -> Result<(), Failure> {
    let file = args.file.as_deref();
    let (trusted, verb) = match args.forget {
        false => (TrustedConfig::trust(file)?, "trusted"),
        true => match TrustedConfig::forget(file)? {
            Some(forgotten) => (forgotten, "no longer trusted"),
            None => {
                let name =
                    file.map_or_else(|| "secrets.toml".into(), |file| file.to_string_lossy());
                let help = "the file is named by its path, also if it is gone";
                let message = "this file is not trusted";
                return Err(Failure::about(&name, ErrorKind::NotFound, message, help));
            }
        },
    };
    let path = trusted.path().display().to_string();
    if args.format == OutputFormat::Json {
        let decides: Vec<_> = trusted.decides().iter().map(|key| json_string(key)).collect();
        let mut output = WipedOutput::default();
        output.push(format!(
            "{{\"path\":{},\"trusted\":{},\"decides\":[{}]}}\n",
            json_string(&path),
            !args.forget,
            decides.join(",")
        ));
        return output.print();
    }
    reporter.info(&format!("{verb}: {path}"));
    if !args.forget {
        match trusted.decides() {
            [] => reporter.info("note: it sets nothing that needs trust"),
            keys => {
                let shown = |key: &String| match trusted.program(key) {
                    Some(program) => format!("{key} (runs {program})"),
                    None => key.clone(),
                };
                let keys: Vec<_> = keys.iter().map(shown).collect();
                reporter.info(&format!("it now decides {}", keys.join(", ")));
            }
        }
        reporter.info("when the file changes, it must be trusted again");
    }
    Ok(())
}
