//! What `--help` and the manual page say besides the options.

pub const EXIT_CODES: &str = "Exit codes: 0 success; 2 the command line is wrong; 3 not found; 4 not permitted; \
5 a name, a value or a setting is wrong; 6 try again later; 1 any other failure. `run` exits with the program's own \
code, with 126 if the program cannot be executed, and with 127 if it does not exist.";

pub const FIELDS: &str = "Fields are written --KEY=VALUE, where KEY is an identifier; --KEY=@FILE takes the value from a \
file, and @@ starts a value that starts with @. A field with the name of an option is written after --: \
secrets register db -- --format=x. Other users of the machine can see a value on the command line, and the shell \
keeps it in its history: prefer a file, standard input or -i.";

pub const RUN: &str = "Examples:
  secrets run db -- ./server
  secrets run --env PGPASSWORD=db.password -- psql -h localhost
  secrets run --env 'DATABASE_URL=postgres://{{db.user | url}}:{{db.password | url}}@localhost/app' -- ./server
  secrets run --env-file app.env -- ./server
  secrets run db --only password --prefix TF_VAR_ -- terraform apply

With --env and --env-file alone, only the variables that they name are set.";

pub const RENDER: &str = "References are written {{name.key}} or {{name.key | filter}}, and a literal {{ is written \\{{. \
The filters are url, json, shell and base64. In JSON, TOML and YAML a value that would break the format is quoted.

Examples:
  secrets render app.toml.in --output app.toml
  echo 'postgres://{{db.user | url}}:{{db.password | url}}@localhost' | secrets render -
  secrets render chart.yaml --delimiters '<% %>'";

pub const LOCK: &str = "The file has names and keys of secrets, never values. Put it under version control. What cannot be \
read keeps its line.

Examples:
  secrets lock prod-db api-token
  secrets lock --from target/debug/app --prune
  secrets lock --profile staging --profile production
  secrets lock --check --from target/release/app
  secrets lock --check --against-backend";

pub const AUDIT: &str = "Examples:
  secrets audit --since 2h
  secrets audit --source prod-db --event read
  secrets audit --unused audit.log.1 audit.log

A log is written by programs and by this command when SECRETS_AUDIT names a file.";

pub const EXPLAIN: &str = "Examples:
  secrets explain target/release/app
  secrets explain ./load
  secrets explain target/release/app load
  secrets explain --log load

A name without a slash is a program if there is a file of this name in the working directory, and otherwise a step of the \
audit log that SECRETS_AUDIT names. ./load is always a program, and --log load always a step.";

/// The examples of the manual page: what each does, and its command line.
pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "Store a secret, with its password from a file:",
        "secrets register db --user=app --password=@file",
    ),
    ("Show it, and one value of it:", "secrets get db; secrets get db password --reveal"),
    ("Run a program with its fields as variables:", "secrets run db -- ./server"),
    ("Run a program with one variable:", "secrets run --env PGPASSWORD=db.password -- psql"),
    ("Fill in a configuration file:", "secrets render app.toml.in --output app.toml"),
    ("Keep all secrets in a file:", "secrets export --all --output backup.json"),
];

/// The files of the manual page: each path, and what it is.
pub const FILES: &[(&str, &str)] = &[
    (
        "secrets.toml",
        "The settings: the nearest file from the working directory upwards, or the one that SECRETS_CONFIG names.",
    ),
    (
        "~/.local/share/secrets/store",
        "The encrypted local store, below XDG_DATA_HOME if that is set. SECRETS_LOCAL_DIR names another folder.",
    ),
    (
        "~/.config/secrets/key.jwk",
        "The key of the local store, below XDG_CONFIG_HOME if that is set. SECRETS_LOCAL_KEY_FILE names another file.",
    ),
];
