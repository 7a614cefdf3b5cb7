//! The AWS SDK's own settings: variables and profiles. The SDK says little about a wrong one, or takes it for one that
//! is not set. So they are looked at here: before they are used where that is cheap, else when the SDK has failed.

pub(super) mod profiles;
pub(super) mod texts;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use aws_config::{
    meta::region::ProvideRegion,
    profile::{self, ProfileFileRegionProvider},
};
use aws_types::os_shim_internal::{Env, Fs};
use http::Uri;
use secrets_spec::check_region;

use crate::{
    backends::aws::sdk::settings::{
        profiles::{CredentialsMethod, FEATURES, Profiles},
        texts::{said, shown, token_file},
    },
    core::{
        error::{Error, ErrorKind, Problem},
        redacted_url::has_good_port,
    },
    rt::{block_on::block_on, io_thread::on_io_thread},
};

const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const KEY: &str = "AWS_SECRET_ACCESS_KEY";
const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const ROLE_ARN: &str = "AWS_ROLE_ARN";
const CONTAINER_ADDRESS: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const CONTAINER_PATH: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";

/// Returns the region that the environment or the profile names, and where it is named.
///
/// # Errors
/// `InvalidConfig` if that of the environment is not a region.
pub(super) async fn configured_region() -> Result<Option<(String, String)>, Error> {
    if let Some((region, variable)) = region()? {
        return Ok(Some((region, variable.to_owned())));
    }
    let Some(region) = ProfileFileRegionProvider::new().region().await else { return Ok(None) };
    let profile = chosen_profile().unwrap_or_else(|| "default".to_owned());
    Ok(Some((region.to_string(), format!("the AWS profile {profile}"))))
}

/// Returns the region that the environment or the profile names, and where it is named, as [`configured_region`] does.
///
/// # Errors
/// Those of [`configured_region`].
pub(crate) fn configured_region_blocking() -> Result<Option<(String, String)>, Error> {
    block_on(on_io_thread(configured_region()))?
}

/// Returns the region that the environment names, and the variable. White space around it, which a file of variables may have, does not
/// count.
///
/// # Errors
/// `InvalidConfig` if it is not a region.
pub(crate) fn region() -> Result<Option<(String, &'static str)>, Error> {
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        let Some(text) = text_of(variable) else { continue };
        let region = text.trim();
        if let Some(flaw) = check_region(region) {
            let flaw = flaw.explain(region);
            let message = format!("{variable}: {}: `{}`", flaw.message(), shown(region));
            return Err(wrong(message, flaw.help().unwrap_or("write a region")));
        }
        return Ok(Some((region.to_owned(), variable)));
    }
    Ok(None)
}

/// Checks the address that the environment names for a service, if it names one. `variable` is that of the service alone.
///
/// # Errors
/// `InvalidConfig` if it is not an address.
pub(super) fn check_endpoint(variable: &'static str) -> Result<(), Error> {
    let is_ignored = text_of("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if is_ignored.is_some_and(|text| text.trim().eq_ignore_ascii_case("true")) {
        return Ok(());
    }
    let set =
        [variable, "AWS_ENDPOINT_URL"].into_iter().find_map(|name| Some((name, text_of(name)?)));
    let Some((variable, text)) = set else { return Ok(()) };
    match address_problem(&text) {
        None => Ok(()),
        Some(problem) => Err(wrong(format!("{variable}: {problem}"), ADDRESS_HELP)),
    }
}

/// Checks the settings with which the SDK is loaded, and which it does not read without a panic, or takes over as they are.
///
/// # Errors
/// `InvalidConfig` if a number of attempts or a retry mode is wrong, or `endpoint_url` in the profile is not an address.
pub(super) async fn check_before_loading() -> Result<(), Error> {
    let profiles = profile::load(&Fs::real(), &Env::real(), &Default::default(), None).await.ok();
    let in_profile = |key: &str| profiles.as_ref()?.get(key).map(str::to_owned);
    let chosen = profiles.as_ref().map_or("default", |profiles| profiles.selected_profile());
    let checks: [(&str, &str, Check); 3] = [
        ("AWS_MAX_ATTEMPTS", "max_attempts", attempts_problem),
        ("AWS_RETRY_MODE", "retry_mode", mode_problem),
        ("", "endpoint_url", address_problem),
    ];
    for (variable, key, problem) in checks {
        // The SDK reads an empty variable too.
        let (origin, text) = match (env::var(variable), in_profile(key)) {
            (Ok(text), _) => (variable.to_owned(), text),
            (Err(_), Some(text)) => {
                (format!("`{key}` in the AWS profile `{}`", shown(chosen)), text)
            }
            (Err(_), None) => continue,
        };
        if let Some(problem) = problem(&text) {
            return Err(wrong(format!("{origin}: {problem}"), "correct it, or leave it out"));
        }
    }
    Ok(())
}

/// Returns what is wrong with a text, if anything.
type Check = fn(&str) -> Option<String>;

fn attempts_problem(text: &str) -> Option<String> {
    let is_good = text.parse::<u32>().is_ok_and(|attempts| attempts > 0);
    (!is_good).then(|| format!("`{}` is not a number of attempts, such as 3", shown(text)))
}

fn mode_problem(text: &str) -> Option<String> {
    let is_good = text.parse::<aws_config::retry::RetryMode>().is_ok();
    (!is_good).then(|| format!("`{}` is not a retry mode: write standard or adaptive", shown(text)))
}

const ADDRESS_HELP: &str =
    "write http:// or https://, the host and its port, such as http://127.0.0.1:4566";

fn address_problem(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let has_host = |uri: Uri| uri.host().is_some_and(|host| !host.is_empty());
    if is_http && has_good_port(authority) && text.parse::<Uri>().is_ok_and(has_host) {
        return None;
    }
    // What stands before an `@` may be a password.
    Some(match text.contains('@') {
        true => "a text with an `@` is not an address".to_owned(),
        false => format!("`{}` is not an address", shown(text)),
    })
}

/// Returns what is wrong with the settings that say where credentials come from. It is empty if nothing is found.
pub(super) async fn credential_problems() -> Vec<Problem> {
    let errors = [access_key(), profile().await, web_identity(), container()];
    errors.into_iter().flatten().flat_map(|error| error.problems().to_vec()).collect()
}

/// Returns the name of the profile that the environment chooses.
pub(super) fn chosen_profile() -> Option<String> {
    text_of("AWS_PROFILE")
}

fn access_key() -> Option<Error> {
    // The SDK reads an older name of the key too.
    let has_key = text_of(KEY).or_else(|| text_of("SECRET_ACCESS_KEY")).is_some();
    let has_id = text_of(KEY_ID).is_some();
    let (there, missing) = match (has_id, has_key) {
        (true, false) => (KEY_ID, KEY),
        (false, true) => (KEY, KEY_ID),
        _ => return None,
    };
    let state = if env::var_os(missing).is_some() { "is empty" } else { "is not set" };
    let message = format!("{there} is set, and {missing} {state}");
    Some(wrong(message, &format!("set {missing} too, or unset {there}")))
}

/// Returns how the profile in use gets its credentials, if not from a key.
pub(super) async fn credentials_method() -> Option<CredentialsMethod> {
    with_profiles(|profiles| profiles.method()).await.ok()?
}

/// Checks the profile that the environment chooses, else the default one if there is one.
async fn profile() -> Option<Error> {
    match with_profiles(|profiles| profiles.fault()).await {
        Ok(fault) => fault.map(|fault| wrong(fault.message, &fault.help)),
        Err(error) => Some(error),
    }
}

/// Reads the files of profiles.
async fn with_profiles<T>(read: impl FnOnce(Profiles<'_>) -> T) -> Result<T, Error> {
    let files = Default::default();
    let profiles =
        profile::load(&Fs::real(), &Env::real(), &files, None).await.map_err(|error| {
            let message = format!("the AWS profiles cannot be read: {}", said(&error));
            wrong(message, "correct the file, or its rights")
        })?;
    let places =
        [place("AWS_CONFIG_FILE", "config"), place("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
    let config = places[0].as_ref().and_then(|path| fs::read_to_string(path).ok());
    Ok(read(Profiles {
        profiles: &profiles,
        is_chosen: chosen_profile().is_some(),
        places: places.iter().flatten().map(|path| path.display().to_string()).collect(),
        config: config.as_deref().unwrap_or_default(),
        features: FEATURES,
    }))
}

/// Returns the path of a file of profiles.
fn place(variable: &str, name: &str) -> Option<PathBuf> {
    let set = env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    set.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".aws").join(name)))
}

fn web_identity() -> Option<Error> {
    let file = text_of(TOKEN_FILE)?;
    if text_of(ROLE_ARN).is_none() {
        let message = format!("{TOKEN_FILE} is set, and {ROLE_ARN} is not");
        return Some(wrong(message, &format!("set {ROLE_ARN} to the role that the token is for")));
    }
    token_file(&file).map(|why| {
        let help = "correct the path or the rights of the file, or unset the variable";
        wrong(format!("{TOKEN_FILE}: {why}"), help)
    })
}

/// Checks where a container gets its credentials. The SDK reads the path first.
fn container() -> Option<Error> {
    if let Some(path) = text_of(CONTAINER_PATH) {
        let message = format!("{CONTAINER_PATH}: `{}` does not begin with a slash", shown(&path));
        let help = "write a path such as /v2/credentials/ID, or unset the variable";
        return (!path.starts_with('/')).then(|| wrong(message, help));
    }
    let address = text_of(CONTAINER_ADDRESS)?;
    address_problem(&address)
        .map(|problem| wrong(format!("{CONTAINER_ADDRESS}: {problem}"), ADDRESS_HELP))
}

/// Returns the variable that names the address of a container's credentials, if it is the one that is read.
pub(super) fn container_variable() -> Option<&'static str> {
    let is_read = text_of(CONTAINER_PATH).is_none() && text_of(CONTAINER_ADDRESS).is_some();
    is_read.then_some(CONTAINER_ADDRESS)
}

/// Returns the text of a variable, unless it is blank.
fn text_of(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|text| !text.trim().is_empty())
}

fn wrong(message: impl Into<String>, help: &str) -> Error {
    Error::new(ErrorKind::InvalidConfig, message).with_help(help)
}
