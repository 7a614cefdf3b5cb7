//! Credentials of the database engine, with a real PostgreSQL (`SECRETS_TEST_POSTGRES_URL`).

use std::{
    collections::BTreeSet,
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use secrets_runtime::{
    Context, Declaration, ErrorKind, FetchRequest, Resolver, ValidationLevel,
    conformance::check_leases_blocking, pool::Rotating, settings::variables,
};
use secrets_tests::http::server;
use serde_json::{Value, json};

use super::setup::{Bao, refused};

/// A server with the database engine, and its PostgreSQL.
pub struct Database {
    bao: Bao,
    /// `127.0.0.1:PORT`
    host: String,
}

impl Database {
    fn start() -> Option<Self> {
        Self::of(Bao::start()?)
    }

    /// Mounts the engine; `None` if there is no PostgreSQL.
    pub fn of(bao: Bao) -> Option<Self> {
        let url = server("SECRETS_TEST_POSTGRES_URL")?;
        let rest = url.strip_prefix("postgres://").unwrap();
        let (user, rest) = rest.split_once('@').unwrap();
        let (user, password) = user.split_once(':').unwrap();
        let host = rest.split_once('/').unwrap().0.to_owned();
        // Shared by the tests, which have roles of their own. Another configuration would close the connection under them, so
        // each server gets one.
        static CONFIGURED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        let mut configured = CONFIGURED.lock().unwrap_or_else(PoisonError::into_inner);
        if configured.contains(&bao.url) {
            return Some(Self { bao, host });
        }
        let root = "SeNtInEl-openbao-root";
        bao.ask(root, "POST", "sys/mounts/database", &json!({ "type": "database" }));
        let address = format!("postgresql://{{{{username}}}}:{{{{password}}}}@{host}/postgres");
        let config = json!({
            "plugin_name": "postgresql-database-plugin", "allowed_roles": "*",
            "connection_url": address, "username": user, "password": password,
        });
        // The answer may quote the password that it is sent.
        let status = bao.ask(root, "POST", "database/config/pg", &config).0;
        assert!(status < 300, "the database is configured: {status}");
        configured.insert(bao.url.clone());
        Some(Self { bao, host })
    }

    /// Makes a role, whose users have these times.
    pub fn role(&self, name: &str, ttl: &str, max_ttl: &str) {
        let create =
            "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';";
        let role = json!({
            "db_name": "pg", "creation_statements": [create], "default_ttl": ttl,
            "max_ttl": max_ttl,
        });
        self.bao.root("POST", &format!("database/roles/{name}"), &role);
        // What an earlier run has left.
        let prefix = format!("sys/leases/revoke-prefix/database/creds/{name}");
        self.bao.root("PUT", &prefix, &json!({}));
    }

    /// A token that may use one role. With the default policy it may not revoke leases.
    fn token(&self, role: &str, more: &Value) -> String {
        let policy = format!(r#"path "database/creds/{role}" {{ capabilities = ["read"] }}"#);
        let revoke = r#"path "sys/leases/revoke" { capabilities = ["update"] }"#;
        self.bao.token(&format!("db-{role}"), &format!("{policy}\n{revoke}"), more)
    }

    fn logs_in(&self, user: &(String, String)) -> bool {
        let (host, port) = self.host.split_once(':').unwrap();
        let output = Command::new("psql")
            .args(["-h", host, "-p", port, "-U", &user.0, "-d", "postgres", "-Atc", "select 1"])
            .env("PGPASSWORD", &user.1)
            .output()
            .unwrap();
        output.status.success()
    }

    fn leases(&self, role: &str) -> usize {
        let path = format!("sys/leases/lookup/database/creds/{role}?list=true");
        let (_, answer) = self.bao.ask("SeNtInEl-openbao-root", "GET", &path, &Value::Null);
        answer["data"]["keys"].as_array().map_or(0, Vec::len)
    }
}

pub fn declared(source: &str) -> Declaration {
    Declaration::builder("step").source(source).unwrap().build()
}

pub fn begin(resolver: &Resolver, source: &str) -> Context {
    resolver.resolve_blocking(&declared(source)).unwrap()
}

pub fn user(context: &Context, source: &str) -> (String, String) {
    let get =
        |key: &str| context.secrets.get(source, key).unwrap().expose_str().unwrap().to_owned();
    (get("username"), get("password"))
}

/// Waits until something holds.
#[track_caller]
pub fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_dynamic_user_logs_in_and_is_gone_after_the_resolver() {
    let Some(database) = Database::start() else { return };
    database.role("gone", "1h", "2h");
    let resolver = database.bao.resolver(&database.token("gone", &json!({})));
    let source = "database/creds/gone";
    let step = begin(&resolver, source);
    let credentials = user(&step, source);
    assert!(database.logs_in(&credentials));
    assert_eq!(user(&begin(&resolver, source), source), credentials, "steps share it");
    assert_eq!(database.leases("gone"), 1);
    drop(step);
    resolver.shutdown_blocking();
    assert!(!database.logs_in(&credentials));
    assert_eq!(database.leases("gone"), 0);
}

#[test]
fn the_database_engine_keeps_the_rules_of_leases() {
    let Some(database) = Database::start() else { return };
    database.role("rules", "1h", "2h");
    let resolver = database.bao.resolver(&database.token("rules", &json!({})));
    let backend = resolver.backend("vault").unwrap();
    check_leases_blocking(&*backend, "database/creds/rules");
    assert_eq!(database.leases("rules"), 0);
}

#[test]
fn a_lease_of_5_seconds_lives_through_a_step_of_20_seconds() {
    let Some(database) = Database::start() else { return };
    database.role("short", "5s", "10m");
    let resolver = database.bao.resolver(&database.token("short", &json!({})));
    let source = "database/creds/short";
    let step = begin(&resolver, source);
    let credentials = user(&step, source);
    // The time of the server goes by: there is nothing to wait for but that.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        assert!(database.logs_in(&credentials), "after {:?}", start.elapsed());
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(database.leases("short"), 1);
    drop((step, resolver));
    soon("the user is out", || !database.logs_in(&credentials));
}

#[test]
fn a_lease_that_was_revoked_at_the_server_is_used_by_no_step_after_its_renewal() {
    let Some(database) = Database::start() else { return };
    database.role("revoked", "3s", "10m");
    let resolver = database.bao.resolver(&database.token("revoked", &json!({})));
    let source = "database/creds/revoked";
    let step = begin(&resolver, source);
    let credentials = user(&step, source);
    database.bao.root("PUT", "sys/leases/revoke-prefix/database/creds/revoked", &json!({}));
    assert!(!database.logs_in(&credentials));
    // Nobody tells. The renewal finds out, after which later steps get a new one.
    let mut fresh = credentials.clone();
    soon("a later step has a new one", || {
        fresh = user(&begin(&resolver, source), source);
        fresh != credentials
    });
    assert!(database.logs_in(&fresh));
    assert_eq!(database.leases("revoked"), 1);
    // A step that cannot log in need not wait for that.
    database.bao.root("PUT", "sys/leases/revoke-prefix/database/creds/revoked", &json!({}));
    let step = begin(&resolver, source);
    let mut tries = 0;
    let log_in = |login: Login| {
        tries += 1;
        match database.logs_in(&(login.username, login.password)) {
            true => Ok(()),
            false => Err(Failure::Refused),
        }
    };
    step.secrets.with_fresh_blocking(source, log_in, |_| true).unwrap();
    assert_eq!(tries, 2);
}

#[test]
fn two_hundred_steps_at_once_have_one_user() {
    let Some(database) = Database::start() else { return };
    database.role("many", "1h", "2h");
    let resolver = database.bao.resolver(&database.token("many", &json!({})));
    let source = "database/creds/many";
    let users = std::sync::Mutex::new(std::collections::BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(|| {
                let step = begin(&resolver, source);
                users.lock().unwrap().insert(user(&step, source));
            });
        }
    });
    assert_eq!(users.into_inner().unwrap().len(), 1);
    assert_eq!(database.leases("many"), 1);
    resolver.shutdown_blocking();
    assert_eq!(database.leases("many"), 0);
}

#[test]
fn a_login_gives_its_token_back_and_all_leases_with_it() {
    let Some(database) = Database::start() else { return };
    database.role("login", "1h", "2h");
    let bao = &database.bao;
    bao.ask("SeNtInEl-openbao-root", "POST", "sys/auth/approle", &json!({ "type": "approle" }));
    let policy = r#"path "database/creds/login" { capabilities = ["read"] }"#;
    bao.root("PUT", "sys/policies/acl/db-login", &json!({ "policy": policy }));
    let role = json!({ "token_policies": ["db-login"] });
    bao.root("POST", "auth/approle/role/db-login", &role);
    let id = |name: &str, method: &str| {
        let path = format!("auth/approle/role/db-login/{name}");
        let answer = bao.root(method, &path, &json!({}));
        answer["data"][name.replace('-', "_")].as_str().unwrap().to_owned()
    };
    let builder = bao.builder().setting(&variables::VAULT_ROLE_ID, id("role-id", "GET"));
    let builder = builder.setting(&variables::VAULT_SECRET_ID, id("secret-id", "POST"));
    let resolver = builder.build().unwrap();
    let source = "database/creds/login";
    let credentials = user(&begin(&resolver, source), source);
    assert!(database.logs_in(&credentials));
    resolver.shutdown_blocking();
    soon("the user is out", || !database.logs_in(&credentials));
}

#[test]
fn a_lease_has_the_shorter_time_of_its_token_which_is_renewed() {
    let Some(database) = Database::start() else { return };
    database.role("token", "1h", "2h");
    let token = database.token("token", &json!({ "ttl": "6s", "renewable": true }));
    let resolver = database.bao.resolver(&token);
    let source = "database/creds/token";
    let step = begin(&resolver, source);
    let provenance = step.secrets.provenance(source).unwrap();
    let end = provenance.expires_at().unwrap();
    let time = end.duration_since(provenance.fetched_at()).unwrap();
    assert!(time <= Duration::from_secs(6), "{time:?}");
    let credentials = user(&step, source);
    soon("it is renewed", || provenance.expires_at().unwrap() > end + Duration::from_secs(5));
    assert!(database.logs_in(&credentials));
    assert_eq!(database.leases("token"), 1);
}

#[test]
fn a_lease_of_a_batch_token_ends_with_it() {
    let Some(database) = Database::start() else { return };
    database.role("batch", "1h", "2h");
    let more = json!({ "type": "batch", "ttl": "5s", "renewable": false });
    let resolver = database.bao.resolver(&database.token("batch", &more));
    let source = "database/creds/batch";
    let step = begin(&resolver, source);
    let credentials = user(&step, source);
    let provenance = step.secrets.provenance(source).unwrap();
    let end = provenance.expires_at().unwrap();
    let time = end.duration_since(provenance.fetched_at()).unwrap();
    assert!(time <= Duration::from_secs(5), "{time:?}");
    soon("nothing is served any more", || resolver.resolve_blocking(&declared(source)).is_err());
    assert!(std::time::SystemTime::now() + Duration::from_secs(1) >= end);
    soon("the user is out", || !database.logs_in(&credentials));
}

#[test]
fn a_role_that_is_not_there_is_missing_and_a_database_that_is_away_is_not_named() {
    let Some(database) = Database::start() else { return };
    let resolver = database.bao.as_root();
    let words = ["has no role `database/creds/no-such`", "check the path"];
    assert_eq!(refused(&resolver, "database/creds/no-such", &words), ErrorKind::NotFound);
    let config = json!({
        "plugin_name": "postgresql-database-plugin", "allowed_roles": "*", "verify_connection": false,
        "connection_url": "postgresql://{{username}}:{{password}}@127.0.0.1:9/postgres",
        "username": "SeNtInEl-user", "password": "SeNtInEl",
    });
    database.bao.root("POST", "database/config/away", &config);
    let create = "CREATE ROLE \"{{name}}\" LOGIN;";
    let role = json!({ "db_name": "away", "creation_statements": [create] });
    database.bao.root("POST", "database/roles/away", &role);
    let error = resolver.resolve_blocking(&declared("database/creds/away")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let text = format!("{error} {error:?}");
    assert!(!text.contains("SeNtInEl") && !text.contains("127.0.0.1:9"), "{text}");
}

#[test]
fn static_credentials_end_with_their_time_and_have_no_lease() {
    let Some(database) = Database::start() else { return };
    let create = "CREATE ROLE static_app LOGIN PASSWORD 'SeNtInEl'";
    database.psql_as_root(create);
    let role = json!({ "db_name": "pg", "username": "static_app", "rotation_period": "1h" });
    database.bao.root("POST", "database/static-roles/app", &role);
    let resolver = database.bao.as_root();
    let source = "database/static-creds/app";
    let step = begin(&resolver, source);
    assert!(database.logs_in(&user(&step, source)));
    let provenance = step.secrets.provenance(source).unwrap();
    let time = provenance.expires_at().unwrap().duration_since(provenance.fetched_at()).unwrap();
    assert!(time <= Duration::from_secs(3600), "{time:?}");
}

#[derive(serde::Deserialize)]
struct Login {
    username: String,
    password: String,
}

#[derive(Debug)]
enum Failure {
    Refused,
    #[expect(dead_code, reason = "a failing test shows it")]
    Secrets(secrets_runtime::Error),
}

impl From<secrets_runtime::Error> for Failure {
    fn from(error: secrets_runtime::Error) -> Self {
        Self::Secrets(error)
    }
}

#[test]
fn no_login_fails_while_the_password_is_rotated() {
    let Some(database) = Database::start() else { return };
    database.psql_as_root("CREATE ROLE rotating_app LOGIN PASSWORD 'SeNtInEl'");
    let role = json!({ "db_name": "pg", "username": "rotating_app", "rotation_period": "1h" });
    database.bao.root("POST", "database/static-roles/rotating", &role);
    let resolver = database.bao.as_root();
    let credentials =
        Rotating::<Login>::new("database/static-creds/rotating").with_resolver(&resolver);
    let (logins, is_over) = ([const { AtomicUsize::new(0) }; 3], AtomicBool::new(false));
    let (credentials, database, is_over) = (&credentials, &database, &is_over);
    std::thread::scope(|scope| {
        for logins in &logins {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                while !is_over.load(Ordering::Relaxed) {
                    let log_in = |login: Arc<Login>| {
                        let user = (login.username.clone(), login.password.clone());
                        let is_in = database.logs_in(&user);
                        async move { if is_in { Ok(()) } else { Err(Failure::Refused) } }
                    };
                    let refused = |failure: &Failure| matches!(failure, Failure::Refused);
                    runtime.block_on(credentials.with_fresh(log_in, refused)).unwrap();
                    logins.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..5 {
            database.bao.root("POST", "database/rotate-role/rotating", &json!({}));
            // A login during which the password changes twice is refused, so each begins another one before the next change.
            let before = logins.each_ref().map(|logins| logins.load(Ordering::Relaxed));
            for (logins, before) in logins.iter().zip(before) {
                soon("they log in", || logins.load(Ordering::Relaxed) >= before + 2);
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_look_for_a_dynamic_user_makes_no_lease() {
    let Some(database) = Database::start() else { return };
    database.role("looked", "1h", "2h");
    let resolver = database.bao.resolver(&database.token("looked", &json!({})));
    let declared = Declaration::builder("step").source("database/creds/looked").unwrap();
    let level = ValidationLevel::SecretExists;
    let report = resolver.validate_blocking(level, &declared.build());
    assert!(report.is_ok(), "{:?}", report.problems());
    assert_eq!(database.leases("looked"), 0);
    let declared = Declaration::builder("step").source("database/creds/other").unwrap();
    assert!(!resolver.validate_blocking(level, &declared.build()).is_ok());
    // Of root it is true whatever the path says, as Vault answers.
    let requests = [FetchRequest::named("database/creds/looked")];
    let backend = resolver.backend("vault").unwrap();
    assert!(matches!(backend.exists_blocking(&requests)[..], [Ok(true)]));
}

impl Database {
    fn psql_as_root(&self, statement: &str) {
        let url = server("SECRETS_TEST_POSTGRES_URL").unwrap();
        // It may be there of an earlier run.
        let _ = Command::new("psql").arg(url).args(["-c", statement]).output().unwrap();
    }
}
