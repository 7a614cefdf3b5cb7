//! Warnings of plain HTTP to another host.
#![cfg(all(target_os = "linux", any(feature = "prefect", feature = "zenml")))]

use crate::support::{CliOutput, Sandbox};

/// A proxy that is not there.
const PROXY: (&str, &str) = ("HTTP_PROXY", "http://user:SeNtInEl@127.0.0.1:1");

/// Returns the messages of a run with this server in its settings. Nothing listens there.
fn messages(server: &str, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(arguments);
    for (name, value) in settings {
        command.env(name, value.replace("SERVER", server));
    }
    let result = CliOutput::new(command.output().unwrap());
    assert_eq!(result.code, Some(6), "{result:?}");
    assert!(!result.stderr.contains("SeNtInEl"), "{result:?}");
    result.stderr
}

#[test]
fn plain_http_to_another_host_causes_one_warning_without_a_password() {
    let prefect =
        [("PREFECT_API_URL", "http://user:SeNtInEl@SERVER/api"), ("PREFECT_API_KEY", "SeNtInEl")];
    let cloud = [
        ("PREFECT__CLOUD__API", "http://SERVER"),
        ("PREFECT__CLOUD__API_KEY", "SeNtInEl"),
        ("PREFECT__CLOUD__USE_LOCAL_SECRETS", "false"),
        ("PREFECT__BACKEND", "cloud"),
    ];
    let zenml = [
        ("SECRETS_ZENML_URL", "http://SERVER"),
        ("SECRETS_ZENML_USERNAME", "user"),
        ("SECRETS_ZENML_PASSWORD", "SeNtInEl"),
    ];
    let all: [(&str, &[(&str, &str)]); 3] =
        [("prefect", &prefect), ("prefect", &cloud), ("zenml", &zenml)];
    for (backend, settings) in all {
        let built_in = match backend {
            "prefect" => cfg!(feature = "prefect"),
            _ => cfg!(feature = "zenml"),
        };
        if !built_in {
            continue;
        }
        let names = ["a", "b"].map(|name| format!("{backend}.{name}"));
        let arguments = ["check", &names[0], &names[1]];
        // Linux routes this address to its own machine, but it is not a loopback address.
        let warned = messages("0.0.0.0:1", &arguments, settings);
        let setting = settings[0].0;
        let warning =
            format!("secrets: warning: {setting} leads to http://0.0.0.0:1 without encryption");
        assert_eq!(warned.matches(&warning).count(), 1, "{warned}");
        assert!(!warned.contains("proxy"), "{warned}");
        let proxied: Vec<_> = settings.iter().copied().chain([PROXY]).collect();
        let warned = messages("192.0.2.1", &arguments, &proxied);
        assert!(warned.contains("without encryption, through the proxy"), "{warned}");
        let excepted: Vec<_> = proxied.into_iter().chain([("NO_PROXY", "0.0.0.0/8")]).collect();
        let warned = messages("0.0.0.0:1", &arguments, &excepted);
        assert!(!warned.contains("proxy"), "{warned}");
        let loopback = messages("127.0.0.1:1", &arguments, settings);
        assert!(!loopback.contains("warning"), "{loopback}");
    }
}
