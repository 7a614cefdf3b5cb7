//! A real API server of Kubernetes, with its etcd and a `kubectl proxy`, on free loopback ports. There are no nodes and no
//! controllers: what is created there stays as it is.

mod build;

use std::{
    env,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::json;

use crate::{
    command::{self, CommandLine},
    process_group::ProcessGroup,
    report::Outcome,
    services::{
        debian, http,
        server::{self, Server},
    },
    workspace::Workspace,
};

const NAME: &str = "kubernetes";
const DEADLINE: Duration = Duration::from_secs(120);

/// Names a file with the definitions of Argo's resources, which are tried too if it is set.
const ARGO: &str = "SECRETS_TEST_ARGO_CRDS";

/// The three programs, of which the API server is the one that is watched.
const SCRIPT: &str = r#"
    programs=$1 etcd=$2 peer=$3 api=$4 proxy=$5
    "$programs/etcd" --name test --data-dir etcd \
        --listen-client-urls "http://127.0.0.1:$etcd" --advertise-client-urls "http://127.0.0.1:$etcd" \
        --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
        --initial-cluster "test=http://127.0.0.1:$peer" > etcd.log 2>&1 &
    {
        # The server makes its certificate when it starts.
        until [ -s certificates/apiserver.crt ]; do sleep 0.1; done
        exec "$programs/kubectl" --kubeconfig kubeconfig proxy --port "$proxy"
    } > proxy.log 2>&1 &
    exec "$programs/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd" \
        --bind-address 127.0.0.1 --secure-port "$api" --cert-dir certificates \
        --advertise-address 192.0.2.1 --endpoint-reconciler-type none --service-cluster-ip-range 10.96.0.0/24 \
        --authorization-mode RBAC --token-auth-file tokens.csv \
        --feature-gates BoundServiceAccountTokenVolume=true \
        --service-account-issuer https://kubernetes.default.svc \
        --service-account-key-file accounts.key --service-account-signing-key-file accounts.key
"#;

/// The commands of the stage: the tests that ask a cluster.
pub fn commands(_: &Workspace) -> Result<Vec<CommandLine>, String> {
    let tests = [
        ("apis", "apis", ["backends::kubernetes", "a_pod_of_a_real_cluster"].as_slice()),
        ("apis", "apis_logs", &["a_finer_log"]),
        ("flow", "flow", &["cluster"]),
    ];
    let policies = CommandLine::cargo("test -p secrets-runtime-cli --test cli policy_cluster");
    let commands = tests.into_iter().map(|(feature, test, filters)| {
        let command = CommandLine::cargo("test --no-fail-fast -p secrets-tests --features");
        command.args([feature, "--test", test, "--"]).args(filters.iter().copied())
    });
    Ok(commands.chain([policies]).collect())
}

/// Starts it, and waits until it is ready. Returns the server and the path of a file that describes it.
///
/// The outcome is a skip where it cannot be built.
pub fn start(scratch: &Path) -> Result<(Server, String), Outcome> {
    let programs = build::programs()?;
    let openssl = debian::program("openssl", "openssl")?;
    let definitions = env::var_os(ARGO).map(PathBuf::from);
    if let Some(file) = definitions.as_ref().filter(|file| !file.is_file()) {
        return Err(Outcome::Failed(format!("{ARGO}: there is no file {}", file.display())));
    }
    start_in(&scratch.join(NAME), &programs, &openssl, definitions).map_err(Outcome::Failed)
}

fn start_in(
    folder: &Path,
    programs: &Path,
    openssl: &Path,
    definitions: Option<PathBuf>,
) -> Result<(Server, String), String> {
    let text = |error: std::io::Error| format!("{}: {error}", folder.display());
    // The files of an earlier one.
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(text)?;
    }
    fs::create_dir_all(folder).map_err(text)?;
    let (etcd, api) = (server::free_port().map_err(text)?, server::free_port().map_err(text)?);
    // The next ones are free too.
    let (peer, proxy) = (etcd + 1, api + 1);
    let key = folder.join("accounts.key");
    let made = Command::new(openssl).args(["genrsa", "-out"]).arg(&key).arg("2048").output();
    if !made.map_err(|error| format!("openssl: {error}"))?.status.success() {
        return Err("openssl made no key".to_owned());
    }
    let token = token().map_err(text)?;
    let write = |name: &str, content: String| fs::write(folder.join(name), content).map_err(text);
    write("tokens.csv", format!("{token},admin,admin,system:masters\n"))?;
    let certificate = folder.join("certificates/apiserver.crt");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{ "name": "test", "cluster": {
            "server": format!("https://127.0.0.1:{api}"), "certificate-authority": certificate,
        } }],
        "users": [{ "name": "admin", "user": { "token": token } }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "admin" } }],
    });
    write("kubeconfig", config.to_string())?;
    let described = json!({
        "proxy": format!("http://127.0.0.1:{proxy}"),
        "etcd": format!("http://127.0.0.1:{etcd}"),
        "port": api,
        "certificate": certificate,
        "signing_key": key,
        "kubeconfig": folder.join("kubeconfig"),
        "programs": programs,
        "argo": definitions,
    });
    write("cluster.json", described.to_string())?;

    let log = folder.join("apiserver.log");
    let output = File::create(&log).map_err(text)?;
    let mut command = command::clean("sh");
    command.args(["-c", SCRIPT, NAME]).arg(programs).current_dir(folder);
    command.args([etcd, peer, api, proxy].map(|port| port.to_string())).stdin(Stdio::null());
    command.stdout(output.try_clone().map_err(text)?).stderr(output);
    let process = ProcessGroup::start(&mut command).map_err(text)?;
    let mut server = Server::from_process(NAME, proxy, process);
    let ready = server.wait_until(DEADLINE, || http::answers(proxy, "/readyz"));
    ready.map_err(|why| format!("{why}; its log is {}", log.display()))?;
    Ok((server, folder.join("cluster.json").display().to_string()))
}

/// A random token, as its user may do everything.
fn token() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("SeNtInEl-{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_runs_the_tests_that_ask_a_cluster() {
        let workspace = Workspace { root: "r".into(), scratch: "s".into(), packages: vec![] };
        let shown: Vec<_> =
            commands(&workspace).unwrap().iter().map(CommandLine::to_string).collect();
        let expected = [
            "cargo test --no-fail-fast -p secrets-tests --features apis --test apis -- backends::kubernetes a_pod_of_a_real_cluster",
            "cargo test --no-fail-fast -p secrets-tests --features apis --test apis_logs -- a_finer_log",
            "cargo test --no-fail-fast -p secrets-tests --features flow --test flow -- cluster",
            "cargo test -p secrets-runtime-cli --test cli policy_cluster",
        ];
        assert_eq!(shown, expected);
    }
}
