//! Every environment variable that is read, each as one documented constant. [`table`] creates the table in
//! the README from them.

use std::fmt::Write;

/// An environment variable, and the key of `secrets.toml` for the same setting.
///
/// ```
/// use secrets_runtime::settings::variables::DEFAULT_BACKEND;
///
/// assert_eq!(DEFAULT_BACKEND.name(), "SECRETS_DEFAULT_BACKEND");
/// assert_eq!(DEFAULT_BACKEND.mirrored(), ["METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE"]);
/// assert_eq!(DEFAULT_BACKEND.key(), Some("default_backend"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    name: &'static str,
    mirrored: &'static [&'static str],
    key: Option<&'static str>,
    kind: Kind,
    doc: &'static str,
    default: &'static str,
}

/// The kind of text that a variable has, which decides how it is read and printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text that may be printed.
    Text,
    /// A number of seconds. `secrets.toml` may write it as a number.
    Seconds,
    /// A path. In `secrets.toml` it is relative to the file's folder.
    Path,
    /// One or several addresses of servers, with commas between them. They are printed without the user and the password
    /// that they may contain.
    Address,
    /// A text that may contain a credential, and is not printed.
    Hidden,
    /// A credential: never printed, and refused in `secrets.toml`.
    Secret,
}

impl Variable {
    /// Returns the name, such as `SECRETS_DEFAULT_BACKEND`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the mirrored system's own variables for the same setting, in the order in which they are read.
    /// They are read only if neither this variable nor `secrets.toml` sets it.
    #[must_use]
    pub const fn mirrored(&self) -> &'static [&'static str] {
        self.mirrored
    }

    /// Returns the key of `secrets.toml`, or `None` if only the environment can set it.
    #[must_use]
    pub const fn key(&self) -> Option<&'static str> {
        self.key
    }

    /// Returns a sentence in Markdown that says what the variable sets.
    #[must_use]
    pub const fn doc(&self) -> &'static str {
        self.doc
    }

    /// Returns the default in effect when nothing is set, in Markdown. It is empty if there is no default.
    #[must_use]
    pub const fn default(&self) -> &'static str {
        self.default
    }

    /// Returns whether the value is a credential, which is never printed.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret)
    }

    /// Returns whether a `secrets.toml` that is found upwards from the working directory may set it only after
    /// `secrets trust`: a credential is sent there, or it is the store or its key.
    #[must_use]
    pub fn needs_trust(&self) -> bool {
        const DELICATE: &[Variable] = &[
            AWS_TRANSPORT,
            ZENML_URL,
            LOCAL_DIR,
            LOCAL_KEY_FILE,
            VAULT_ADDR,
            VAULT_NAMESPACE,
            VAULT_AUTH,
            VAULT_AUTH_MOUNT,
            VAULT_ROLE,
            VAULT_CACERT,
            VAULT_JWT_FILE,
            KUBERNETES_URL,
            KUBERNETES_DIR,
        ];
        DELICATE.contains(self)
    }

    /// Returns whether the setting is valid in another process of the same deployment. Paths of this machine are not,
    /// nor is the way from it to its cluster, nor what is decided at each launch.
    pub(super) fn is_portable(&self) -> bool {
        let of_this_process = [
            WITH,
            SOURCES,
            PROFILE,
            AUDIT_REQUIRED,
            PREFECT_USER_CONFIG_PATH,
            VAULT_SKIP_VERIFY,
            KUBERNETES_URL,
            KUBERNETES_SERVICE_HOST,
            KUBERNETES_SERVICE_PORT,
            AWS_AGENT_PORT,
        ];
        match self.kind {
            Kind::Secret => false,
            Kind::Path => [FILE_DIR, FLYTE_DEFAULT_DIR].contains(self),
            Kind::Text | Kind::Seconds | Kind::Address | Kind::Hidden => {
                !of_this_process.contains(self)
            }
        }
    }

    /// Returns whether a key is the name of this variable, or of one that is read in its place.
    pub(super) fn has_name(&self, key: &str) -> bool {
        self.names().any(|name| {
            let lower = name.to_lowercase();
            lower.strip_prefix("secrets_").unwrap_or(&lower) == key
        })
    }

    /// Returns the variables that hold the setting, and the one that names a file with it, in words.
    pub(super) fn places(&self) -> String {
        let file = format!("{}_FILE", self.name);
        let file = ALL.iter().map(|it| it.name).find(|name| *name == file);
        let names: Vec<&str> = self.names().chain(file).collect();
        names.join(" or ")
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.mirrored.iter().copied())
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns whether this is our variable, and not one of a mirrored system.
    pub(super) fn is_own(&self) -> bool {
        self.name.starts_with("SECRETS_")
    }
}

/// Returns all variables as a Markdown table, for the README.
///
/// ```
/// let table = secrets_runtime::settings::variables::table();
/// assert!(table.contains("| `SECRETS_PROFILE` |"));
/// ```
#[must_use]
pub fn table() -> String {
    let mut table = String::from(
        "| variable | key in `secrets.toml` | also read | default | what it sets |\n|---|---|---|---|---|\n",
    );
    let code = |text: &str| format!("`{text}`");
    for variable in ALL {
        let key = variable.key.map(code).unwrap_or_default();
        let also: Vec<String> = variable.mirrored.iter().copied().map(code).collect();
        let cells = [&code(variable.name), &key, &also.join(", "), variable.default, variable.doc];
        for cell in cells {
            let gap = if cell.is_empty() { "" } else { " " };
            // Writing to a `String` cannot fail.
            let _ = write!(table, "|{gap}{cell} ");
        }
        table.push_str("|\n");
    }
    table
}

/// Returns where the credentials of a backend are set, in words: of the one whose name begins the key, or else of all.
pub(super) fn places_of_credentials(key: &str) -> String {
    let backend = key.split(['_', '-']).next().unwrap_or_default();
    if backend == "aws" {
        return "set it where the AWS SDK reads it: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws"
            .to_owned();
    }
    let is_of_backend = |variable: &&&Variable| {
        variable.names().any(|name| name.to_lowercase().split('_').any(|word| word == backend))
    };
    let credentials = || ALL.iter().filter(|variable| variable.is_secret());
    let found: Vec<String> = credentials().filter(is_of_backend).map(|it| it.places()).collect();
    if found.is_empty() {
        let all: Vec<String> = credentials().map(|it| it.places()).collect();
        return format!(
            "keep it in a backend, for example with `secrets register`; the credentials of a backend are set in the \
             environment: {}",
            all.join(", ")
        );
    }
    format!("set it in the environment: {}", found.join(", "))
}

/// Declares variables: the kind, the name, the mirrored ones, the key of `secrets.toml`, the default, and what it sets.
macro_rules! variables {
    ($(
        $constant:ident: $kind:ident = $name:literal
            $(also $($also:literal)|+)? $(key $key:literal)? $(default $default:literal)?,
            $doc:literal;
    )*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $doc)]
            pub const $constant: Variable = Variable {
                name: $name,
                mirrored: &[$($($also),+)?],
                key: [$(Some($key),)? None][0],
                kind: Kind::$kind,
                doc: $doc,
                default: concat!($($default)?),
            };
        )*

        /// All variables, in the order of the table.
        pub const ALL: &[&Variable] = &[$( &$constant ),*];
    };
}

variables! {
    DEFAULT_BACKEND: Text = "SECRETS_DEFAULT_BACKEND"
        also "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE" key "default_backend" default "`local`",
        "The backend of sources without a type and of requests: a type, or a comma list of types that are asked in this order until one has the secret.";
    DEFAULT_ROLE: Text = "SECRETS_DEFAULT_ROLE"
        also "METAFLOW_DEFAULT_SECRETS_ROLE" key "default_role",
        "The IAM role for sources and steps that name none.";
    AWS_ROLE: Text = "SECRETS_AWS_ROLE"
        also "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_ROLE" key "aws_role",
        "The IAM role for `aws-secrets-manager` and `ssm` if no other setting, step or source names one. It also applies after `role = \"\"`.";
    AWS_REGION: Text = "SECRETS_AWS_REGION"
        also "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION" key "aws_region" default "the AWS SDK's",
        "The region for `aws-secrets-manager` and `ssm` if neither an ARN nor `options.region` names one.";
    AWS_EXTERNAL_ID: Text = "SECRETS_AWS_EXTERNAL_ID" key "aws_external_id",
        "The external id for assuming roles.";
    AWS_SESSION_NAME: Text = "SECRETS_AWS_SESSION_NAME" key "aws_session_name",
        "The session name for assuming roles.";
    AWS_CREDENTIALS_FROM: Text = "SECRETS_AWS_CREDENTIALS_FROM"
        key "aws_credentials_from" default "the AWS SDK's",
        "A source in another backend, such as `prefect.AWS_CREDENTIALS`, that contains the credentials for `aws-secrets-manager` and `ssm`.";
    AWS_TRANSPORT: Text = "SECRETS_AWS_TRANSPORT" key "aws_transport" default "`sdk`",
        "How AWS is reached: `sdk`, or `agent` for an agent on this machine (feature `aws-agent`). In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    AWS_AGENT_PORT: Text = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT" default "`2773`",
        "The port of the AWS agent on this machine.";
    AWS_TOKEN: Secret = "AWS_TOKEN"
        also "AWS_SESSION_TOKEN" | "AWS_CONTAINER_AUTHORIZATION_TOKEN" default "that of `/var/run/awssmatoken`",
        "The token of the AWS agent, or `file://` and the path of its file, which is read at each request.";
    VALIDATION_LEVEL: Text = "SECRETS_VALIDATION_LEVEL"
        also "ZENML_SECRET_VALIDATION_LEVEL" key "validation_level" default "`SECRET_AND_KEY_EXISTS`",
        "How much `secrets check` and `preflight` check: `NONE`, `SECRET_EXISTS` (reads no value) or `SECRET_AND_KEY_EXISTS`.";
    WITH: Hidden = "SECRETS_WITH" key "with",
        "Sources for steps that declare none, written as `secrets:sources=[\"prod-db\"]`.";
    SOURCES: Hidden = "SECRETS_SOURCES",
        "Maps the sources of the code to the secrets of this deployment: a JSON object, such as `{\"prod-db\":{\"type\":\"local\",\"id\":\"db\"}}`. An entry replaces the one of that name in `[sources]` of `secrets.toml`.";
    CONFIG: Path = "SECRETS_CONFIG" default "the nearest `secrets.toml` upwards",
        "The path of the settings file.";
    PROFILE: Text = "SECRETS_PROFILE",
        "The `[profile.NAME]` of `secrets.toml` that overrides the rest of it.";
    LOCAL_DIR: Path = "SECRETS_LOCAL_DIR" key "local_dir" default "`$XDG_DATA_HOME/secrets/store`",
        "The folder of the embedded store. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    LOCAL_KEY_FILE: Path = "SECRETS_LOCAL_KEY_FILE"
        key "local_key_file" default "`$XDG_CONFIG_HOME/secrets/key.jwk`",
        "The file with the embedded store's key. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    FILE_DIR: Path = "SECRETS_FILE_DIR"
        also "CREDENTIALS_DIRECTORY" key "file_dir" default "`/run/secrets`",
        "The folder of mounted secrets that the backend `file` reads.";
    RUN_DIR: Path = "SECRETS_RUN_DIR" key "run_dir",
        "The folder for `secrets.file` if neither `$XDG_RUNTIME_DIR` nor `/dev/shm` is a file system in memory.";
    AUDIT: Path = "SECRETS_AUDIT" default "`off`",
        "The file to which each use of a secret is appended, or `off`. Refused in `secrets.toml`.";
    AUDIT_REQUIRED: Text = "SECRETS_AUDIT_REQUIRED" default "`0`",
        "With `1`, a step fails if its use of secrets cannot be recorded; with `0`, there is a warning. Refused in `secrets.toml`.";
    GUARD: Text = "SECRETS_GUARD" key "guard" default "`off`",
        "What happens if a step that has no `guard` of its own returns one of its secrets: `deny`, `warn`, `errors` or `off` (feature `guard`). In the steps of a flow (`secrets-flow`) the default is `errors`.";
    CACHE_TTL: Seconds = "SECRETS_CACHE_TTL" key "cache_ttl" default "300",
        "How many seconds later steps of the process may use a fetched value; 0 disables the cache.";
    CACHE_STALE: Seconds = "SECRETS_CACHE_STALE" key "cache_stale" default "3600",
        "How many seconds after its expiry a value may still be used while its backend throttles or is down.";
    TIMEOUT: Seconds = "SECRETS_TIMEOUT" key "timeout" default "30",
        "How many seconds a step waits for all its secrets, and a writer of the local store waits for another writer. It does not interrupt a backend that blocks its thread.";
    ATTEMPT_TIMEOUT: Seconds = "SECRETS_ATTEMPT_TIMEOUT" key "attempt_timeout" default "5",
        "How many seconds one attempt at AWS may take.";
    ZENML_URL: Address = "SECRETS_ZENML_URL" key "zenml_url",
        "The address of the ZenML server. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    ZENML_USERNAME: Text = "SECRETS_ZENML_USERNAME" key "zenml_username",
        "The user name for the ZenML server.";
    ZENML_PASSWORD: Secret = "SECRETS_ZENML_PASSWORD",
        "The user's password for the ZenML server; refused in `secrets.toml`.";
    VAULT_ADDR: Address = "SECRETS_VAULT_ADDR" also "BAO_ADDR" | "VAULT_ADDR" key "vault_addr",
        "The address of the Vault or OpenBao server; several of one cluster are separated by commas. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    VAULT_NAMESPACE: Text = "SECRETS_VAULT_NAMESPACE"
        also "BAO_NAMESPACE" | "VAULT_NAMESPACE" key "vault_namespace",
        "The namespace of Vault's secrets and of the login. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    VAULT_AUTH: Text = "SECRETS_VAULT_AUTH" key "vault_auth" default "found from what is set",
        "How to log in to Vault: `token`, `approle`, `kubernetes` or `jwt`. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    VAULT_AUTH_MOUNT: Text = "SECRETS_VAULT_AUTH_MOUNT"
        key "vault_auth_mount" default "the name of the auth method",
        "The path at which the auth method is mounted. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    VAULT_ROLE: Text = "SECRETS_VAULT_ROLE" key "vault_role",
        "The role of a login with `kubernetes` or `jwt`. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    VAULT_CACERT: Path = "SECRETS_VAULT_CACERT"
        also "BAO_CACERT" | "VAULT_CACERT" key "vault_cacert" default "the system's",
        "A PEM file with the CA certificates that must have signed Vault's certificate. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    VAULT_JWT_FILE: Path = "SECRETS_VAULT_JWT_FILE"
        key "vault_jwt_file" default "Kubernetes' own for `kubernetes`",
        "The file with the token of a login with `jwt` or `kubernetes`, read at each login. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    VAULT_TOKEN: Secret = "BAO_TOKEN" also "VAULT_TOKEN" default "that of `~/.vault-token`",
        "The token for Vault. It is never revoked.";
    VAULT_ROLE_ID: Secret = "SECRETS_VAULT_ROLE_ID",
        "The role id of a login with `approle`; refused in `secrets.toml`.";
    VAULT_SECRET_ID: Secret = "SECRETS_VAULT_SECRET_ID",
        "The secret id of a login with `approle`; refused in `secrets.toml`.";
    VAULT_SECRET_ID_FILE: Path = "SECRETS_VAULT_SECRET_ID_FILE",
        "A file with the secret id, read at each login; refused in `secrets.toml`.";
    VAULT_SECRET_ID_WRAPPING_PATH: Text = "SECRETS_VAULT_SECRET_ID_WRAPPING_PATH",
        "Says that the secret id is wrapped, and where it must have been made, such as `auth/approle/role/app/secret-id`; refused in `secrets.toml`.";
    VAULT_SKIP_VERIFY: Text = "VAULT_SKIP_VERIFY" also "BAO_SKIP_VERIFY",
        "Refused: the certificate of Vault is always checked.";
    KUBERNETES_URL: Address = "SECRETS_KUBERNETES_URL"
        key "kubernetes_url" default "that of the pod's cluster",
        "The address of Kubernetes' API, such as that of `kubectl proxy`. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    KUBERNETES_DIR: Path = "SECRETS_KUBERNETES_DIR"
        key "kubernetes_dir" default "`/var/run/secrets/kubernetes.io/serviceaccount`",
        "The folder with `token`, `ca.crt` and `namespace` of the service account. In a `secrets.toml` that is found, it applies only after `secrets trust`.";
    KUBERNETES_SERVICE_HOST: Text = "KUBERNETES_SERVICE_HOST",
        "The host of the API in a pod, which Kubernetes sets.";
    KUBERNETES_SERVICE_PORT: Text = "KUBERNETES_SERVICE_PORT" default "`443`",
        "The port of the API in a pod, which Kubernetes sets.";
    PREFECT_API_URL: Address = "PREFECT_API_URL",
        "The API of Prefect 3 that the backend `prefect` asks for secrets that are not in the local context (feature `prefect`).";
    PREFECT_API_KEY: Secret = "PREFECT_API_KEY",
        "The key for the API at `PREFECT_API_URL`.";
    PREFECT_USER_CONFIG_PATH: Text = "PREFECT__USER_CONFIG_PATH" default "`~/.prefect/config.toml`",
        "Prefect's `config.toml`; its table `[context.secrets]` is read.";
    PREFECT_BACKEND: Text = "PREFECT__BACKEND",
        "If it is `cloud` and `PREFECT__CLOUD__USE_LOCAL_SECRETS` is `false`, the backend `prefect` asks Cloud 1.x for secrets that are not in the local context (feature `prefect`).";
    PREFECT_USE_LOCAL_SECRETS: Text = "PREFECT__CLOUD__USE_LOCAL_SECRETS",
        "Whether Prefect 1 reads the local context only.";
    PREFECT_CLOUD_API: Address = "PREFECT__CLOUD__API" default "`https://api.prefect.io`",
        "The GraphQL API of Cloud 1.x.";
    PREFECT_CLOUD_API_KEY: Secret = "PREFECT__CLOUD__API_KEY",
        "The key for Cloud 1.x.";
    PREFECT_CLOUD_TENANT_ID: Text = "PREFECT__CLOUD__TENANT_ID",
        "The tenant in Cloud 1.x.";
    FLYTE_ENV_PREFIX: Text = "FLYTE_SECRETS_ENV_PREFIX"
        key "flyte_secrets_env_prefix" default "`_FSEC_`",
        "The prefix of the variables of mounted Flyte secrets.";
    FLYTE_DEFAULT_DIR: Path = "FLYTE_SECRETS_DEFAULT_DIR"
        key "flyte_secrets_default_dir" default "`/etc/secrets`",
        "The folder of mounted Flyte secrets.";
    FLYTE_FILE_PREFIX: Text = "FLYTE_SECRETS_FILE_PREFIX" key "flyte_secrets_file_prefix",
        "The prefix of the names of mounted Flyte files.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_names_in_lower_case_without_the_prefix() {
        for variable in ALL {
            if let Some(key) = variable.key() {
                let lower = variable.name().to_lowercase();
                assert_eq!(key, lower.strip_prefix("secrets_").unwrap_or(&lower));
            }
        }
    }

    #[test]
    fn names_are_unique_and_credentials_have_no_key() {
        let mut names: Vec<&str> =
            ALL.iter().flat_map(|v| [&[v.name()], v.mirrored()].concat()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(ALL.iter().all(|v| !v.is_secret() || v.key().is_none()));
    }

    #[test]
    fn the_table_has_a_row_for_each() {
        let table = table();
        assert_eq!(table.lines().count(), ALL.len() + 2);
        for (variable, row) in ALL.iter().zip(table.lines().skip(2)) {
            assert!(row.starts_with(&format!("| `{}` |", variable.name())), "{row}");
            assert!(row.ends_with(&format!("{} |", variable.doc())), "{row}");
            assert_eq!(row.matches('|').count(), 6, "{row}");
        }
    }
}
