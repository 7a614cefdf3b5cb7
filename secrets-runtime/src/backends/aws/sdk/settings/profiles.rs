use aws_config::profile::{Profile, ProfileSet};
use secrets_spec::{closest, shell_word};

use crate::{
    backends::aws::sdk::settings::texts::{shown, token_file},
    core::escape::backquoted_list,
};

/// The profiles of the AWS SDK's files, and which of them is used.
pub(super) struct Profiles<'a> {
    pub profiles: &'a ProfileSet,
    /// Whether the environment chooses it. Otherwise it is the default one, which need not exist.
    pub is_chosen: bool,
    /// The paths of the files.
    pub places: Vec<String>,
    /// The text of the file `config`.
    pub config: &'a str,
    /// The features of this build that profiles may need.
    pub features: &'a [&'a str],
}

/// What is wrong with a profile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProfileFault {
    pub message: String,
    pub help: String,
}

/// The features for a sign-in, and for a program that prints credentials.
const SIGN_IN: &str = "aws-sso";
const PROCESS: &str = "aws-process";

/// The features of this build that profiles may need.
pub(super) const FEATURES: &[&str] = &[
    #[cfg(feature = "aws-sso")]
    SIGN_IN,
    #[cfg(feature = "aws-process")]
    PROCESS,
];

/// How a profile gets its credentials, if not from a key: with the name of the profile.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::backends::aws) enum CredentialsMethod {
    /// By a sign-in to IAM Identity Center.
    SignIn(String),
    /// From a program.
    Process(String),
}

/// What `credential_source` may be.
const SOURCES: [&str; 3] = ["Environment", "Ec2InstanceMetadata", "EcsContainer"];

impl Profiles<'_> {
    /// Returns why the chosen profile has no credentials, if the files say so. It is read as the SDK reads it: a role,
    /// the profile that assumes it, and so on, up to one with credentials.
    pub(super) fn fault(&self) -> Option<ProfileFault> {
        match self.end() {
            Err(fault) => Some(fault),
            Ok(end) => end.and_then(|(profile, is_first)| self.base(profile, is_first)),
        }
    }

    /// Returns how the chosen profile gets its credentials, if not from a key.
    pub(super) fn method(&self) -> Option<CredentialsMethod> {
        let (profile, _) = self.end().ok()??;
        let has = |key: &str| value(profile, key).is_some();
        if has("sso_session") || has("sso_start_url") {
            return Some(CredentialsMethod::SignIn(profile.name().to_owned()));
        }
        has("credential_process").then(|| CredentialsMethod::Process(profile.name().to_owned()))
    }

    /// Returns the profile at the end of the chain, and whether it is the chosen one; `None` if the credentials are found
    /// before.
    fn end(&self) -> Result<Option<(&Profile, bool)>, ProfileFault> {
        let mut name = self.profiles.selected_profile();
        let mut passed: Vec<&str> = Vec::new();
        loop {
            let Some(profile) = self.profiles.get_profile(name) else {
                return self.missing(name, passed.last().copied()).map_or(Ok(None), Err);
            };
            if passed.contains(&name) {
                passed.push(name);
                let help = "let one of them have credentials instead of `source_profile`";
                let message = format!(
                    "the AWS profiles lead in a circle by `source_profile`: {}",
                    passed.join(" -> ")
                );
                return Err(fault(message, help));
            }
            let is_first = passed.is_empty();
            passed.push(name);
            let has_keys = value(profile, "aws_access_key_id").is_some()
                && value(profile, "aws_secret_access_key").is_some();
            if !is_first && has_keys {
                return Ok(None);
            }
            let is_role = value(profile, "role_arn").is_some()
                && value(profile, "web_identity_token_file").is_none();
            if !is_role {
                return Ok(Some((profile, is_first)));
            }
            match (value(profile, "source_profile"), value(profile, "credential_source")) {
                (Some(_), Some(_)) => {
                    let message = format!(
                        "the AWS profile `{}` has both `source_profile` and `credential_source`",
                        shown(name)
                    );
                    return Err(fault(message, "remove one of the two"));
                }
                (None, None) => {
                    let message = format!(
                        "the AWS profile `{}` has a `role_arn`, but neither `source_profile` nor `credential_source`",
                        shown(name)
                    );
                    let help = "say with `source_profile` which profile assumes the role";
                    return Err(fault(message, help));
                }
                (Some(source), None) if source != name => name = source,
                _ => return Ok(Some((profile, is_first))),
            }
        }
    }

    /// Checks the profile at the end of a chain.
    fn base(&self, profile: &Profile, is_first: bool) -> Option<ProfileFault> {
        let has = |key: &str| value(profile, key).is_some();
        let name = shown(profile.name());
        let export = |what: &str, feature: Option<&str>| {
            let message = match feature {
                Some(feature) => format!(
                    "the AWS profile `{name}` has {what}, which needs the feature `{feature}`, and this build lacks it"
                ),
                None => format!("the AWS profile `{name}` has {what}, which is not read here"),
            };
            let build = feature.map(|feature| {
                format!("build with secrets-runtime's features = [\"{feature}\"], or ")
            });
            let profile = if name == "default" {
                String::new()
            } else {
                format!(" --profile {}", shell_word(&name))
            };
            let help = format!(
                "{}set its credentials as variables: eval \"$(aws configure export-credentials{profile} --format env)\"",
                build.unwrap_or_default()
            );
            Some(fault(message, &help))
        };
        if let Some(source) = value(profile, "credential_source") {
            if SOURCES.contains(&source) {
                return None;
            }
            let message = format!(
                "the AWS profile `{name}` has `credential_source = {}`, which does not exist",
                shown(source)
            );
            return Some(fault(message, &format!("write one of {}", SOURCES.join(", "))));
        }
        if let Some(file) = value(profile, "web_identity_token_file") {
            if !has("role_arn") {
                let message = format!(
                    "the AWS profile `{name}` has a `web_identity_token_file` and no `role_arn`"
                );
                return Some(fault(message, "add the role that the token is for"));
            }
            let why = token_file(file)?;
            let message = format!("the AWS profile `{name}`: {why}");
            return Some(fault(message, "correct `web_identity_token_file`"));
        }
        if has("sso_session") || has("sso_start_url") {
            return match self.features.contains(&SIGN_IN) {
                true => self.sign_in(profile),
                false => export("a sign-in of IAM Identity Center (SSO)", Some(SIGN_IN)),
            };
        }
        if has("login_session") {
            return export("a `login_session`, a sign-in with a browser like SSO", None);
        }
        if has("credential_process") {
            return match self.features.contains(&PROCESS) {
                true => None,
                false => export("a `credential_process`", Some(PROCESS)),
            };
        }
        let missing = match (has("aws_access_key_id"), has("aws_secret_access_key")) {
            (true, true) => return None,
            (true, false) => "has `aws_access_key_id` and no `aws_secret_access_key`",
            (false, true) => "has `aws_secret_access_key` and no `aws_access_key_id`",
            // One that nobody chose may have a region alone.
            (false, false) if is_first && !self.is_chosen => return None,
            (false, false) => "has no credentials",
        };
        Some(fault(
            format!("the AWS profile `{name}` {missing}"),
            "add `aws_access_key_id` and `aws_secret_access_key`, or a `role_arn` with a `source_profile`",
        ))
    }

    /// Checks a profile that signs in: it has an account and a role, and its session an address and a region.
    fn sign_in(&self, profile: &Profile) -> Option<ProfileFault> {
        let name = shown(profile.name());
        let mut needed = vec!["sso_account_id", "sso_role_name"];
        // A session has the other two.
        if value(profile, "sso_session").is_none() {
            needed.extend(["sso_start_url", "sso_region"]);
        }
        let missing: Vec<&str> =
            needed.into_iter().filter(|key| value(profile, key).is_none()).collect();
        if missing.is_empty() {
            return None;
        }
        let missing = backquoted_list(missing);
        let message = format!("the AWS profile `{name}` has a sign-in (SSO) and no {missing}");
        Some(fault(message, "run `aws configure sso`, which writes them"))
    }

    /// The fault of a profile that does not exist. `from` is the profile that names it.
    fn missing(&self, name: &str, from: Option<&str>) -> Option<ProfileFault> {
        if from.is_none() && !self.is_chosen {
            return None;
        }
        let by = match from {
            Some(from) => format!("which `source_profile` of `{}` names", shown(from)),
            None => "which AWS_PROFILE names".to_owned(),
        };
        let places = self.places.join(" or ");
        let message = format!("the AWS profile `{}`, {by}, is not in {places}", shown(name));
        let header = format!("[{name}]");
        let mut known: Vec<&str> = self.profiles.profiles().collect();
        known.sort_unstable();
        let help = if self.config.lines().any(|line| line.trim() == header) {
            format!(
                "write [profile {}] in {}, where [{}] is something else",
                shown(name),
                self.places.first().map_or("the file config", String::as_str),
                shown(name)
            )
        } else if let Some(near) = closest(name, known.iter().copied()) {
            format!("did you mean `{}`?", shown(near))
        } else if known.is_empty() {
            "there are no profiles in them: check AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or unset it".to_owned()
        } else {
            format!("the profiles are {}", backquoted_list(known))
        };
        Some(fault(message, &help))
    }
}

/// Returns the value of a key, unless it is empty.
fn value<'a>(profile: &'a Profile, key: &str) -> Option<&'a str> {
    profile.get(key).filter(|value| !value.trim().is_empty())
}

fn fault(message: String, help: &str) -> ProfileFault {
    ProfileFault { message, help: help.to_owned() }
}

#[cfg(test)]
mod tests {
    use aws_config::profile;
    use aws_types::os_shim_internal::{Env, Fs};

    use super::*;
    use crate::rt::block_on::block_on;

    /// The message and the help for a profile that AWS_PROFILE names, if it does.
    fn fault_of(config: &str, chosen: Option<&str>) -> Option<ProfileFault> {
        fault_with(&[SIGN_IN, PROCESS], config, chosen)
    }

    fn fault_with(features: &[&str], config: &str, chosen: Option<&str>) -> Option<ProfileFault> {
        let fs = Fs::from_slice(&[("/h/.aws/config", config)]);
        let mut variables = vec![("HOME", "/h")];
        variables.extend(chosen.map(|name| ("AWS_PROFILE", name)));
        let (env, files) = (Env::from_slice(&variables), Default::default());
        let profiles = block_on(profile::load(&fs, &env, &files, None)).unwrap();
        let places = vec!["/h/.aws/config".to_owned()];
        let is_chosen = chosen.is_some();
        Profiles { profiles: &profiles, is_chosen, places, config, features }.fault()
    }

    #[test]
    fn what_is_wrong_with_a_profile_is_named() {
        const KEYS: &str = "aws_access_key_id = A\naws_secret_access_key = SeNtInEl\n";
        let role = "role_arn = arn:aws:iam::123456789012:role/R\n";
        for (config, chosen, wanted, help) in [
            (
                "",
                "typo",
                "`typo`, which AWS_PROFILE names, is not in /h/.aws/config",
                "there are no",
            ),
            (&format!("[default]\n{KEYS}"), "typo", "`typo`", "the profiles are `default`"),
            (&format!("[profile prod]\n{KEYS}"), "prdo", "`prdo`", "did you mean `prod`?"),
            (&format!("[prod]\n{KEYS}"), "prod", "`prod`", "[profile prod] in /h/.aws/config"),
            (
                &format!("[profile a]\n{role}source_profile = nope"),
                "a",
                "`nope`, which `source_profile` of `a` names",
                "",
            ),
            (
                &format!(
                    "[profile a]\n{role}source_profile = b\n[profile b]\n{role}source_profile = nope"
                ),
                "a",
                "`nope`, which `source_profile` of `b` names",
                "",
            ),
            (
                &format!(
                    "[profile a]\n{role}source_profile = b\n[profile b]\n{role}source_profile = a"
                ),
                "a",
                "in a circle by `source_profile`: a -> b -> a",
                "",
            ),
            (
                &format!("[profile a]\n{role}credential_source = Nonsense"),
                "a",
                "`credential_source = Nonsense`",
                "Environment",
            ),
            (&format!("[profile a]\n{role}"), "a", "neither `source_profile` nor", ""),
            (
                "[profile a]\naws_access_key_id = A",
                "a",
                "has `aws_access_key_id` and no `aws_secret_access_key`",
                "",
            ),
            (
                "[profile a]\naws_access_key_id = A\naws_secret_access_key =",
                "a",
                "no `aws_secret_access_key`",
                "",
            ),
            ("[profile a]\naws_secret_access_key = SeNtInEl", "a", "no `aws_access_key_id`", ""),
            ("[profile a]\nregion = us-east-1", "a", "`a` has no credentials", ""),
            (
                "[profile a]\nlogin_session = x",
                "a",
                "`login_session`, a sign-in with a browser like SSO",
                "",
            ),
            ("[profile a]\nweb_identity_token_file = /nope", "a", "no `role_arn`", ""),
            (
                &format!("[profile a]\n{role}web_identity_token_file = /nope"),
                "a",
                "the file /nope cannot be read",
                "",
            ),
        ] {
            let fault = fault_of(config, Some(chosen)).unwrap_or_else(|| panic!("{config}"));
            assert!(fault.message.contains(wanted), "{config}: {fault:?}");
            assert!(fault.help.contains(help), "{config}: {fault:?}");
            assert!(!format!("{fault:?}").contains("SeNtInEl"));
        }
    }

    #[test]
    fn a_profile_that_needs_a_feature_names_it() {
        let role = "role_arn = arn:aws:iam::123456789012:role/R\n";
        let session = "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://a.example";
        let signed_in = format!(
            "[profile a]\n{role}source_profile = b\n[profile b]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n{session}"
        );
        let process = "[profile a]\ncredential_process = /bin/x";
        for (config, what, feature) in [
            (signed_in.as_str(), "`b` has a sign-in of IAM Identity Center (SSO)", SIGN_IN),
            (process, "`a` has a `credential_process`", PROCESS),
        ] {
            assert_eq!(fault_with(&[feature], config, Some("a")), None, "{config}");
            let other = [SIGN_IN, PROCESS].into_iter().filter(|it| *it != feature);
            let fault = fault_with(&other.collect::<Vec<_>>(), config, Some("a")).unwrap();
            assert!(fault.message.contains(what), "{fault:?}");
            assert!(fault.message.contains(&format!("the feature `{feature}`")), "{fault:?}");
            assert!(fault.help.contains(&format!("features = [\"{feature}\"]")), "{fault:?}");
            assert!(fault.help.contains("aws configure export-credentials --profile"), "{fault:?}");
        }
        let default = "[default]\ncredential_process = /bin/x";
        assert!(fault_with(&[], default, None).unwrap().message.contains("`default`"));
        assert_eq!(fault_with(&[PROCESS], default, None), None);
    }

    #[test]
    fn a_sign_in_without_an_account_is_a_fault() {
        let fault = fault_of("[profile a]\nsso_session = s\n[sso-session s]", Some("a")).unwrap();
        assert!(fault.message.contains("`sso_account_id`, `sso_role_name`"), "{fault:?}");
        let old = "[profile a]\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1";
        // Without its address it is not a sign-in.
        let fault = fault_of(old, Some("a")).unwrap();
        assert!(fault.message.contains("has no credentials"), "{fault:?}");
    }

    #[test]
    fn a_good_profile_and_none_have_no_fault() {
        const KEYS: &str = "aws_access_key_id = A\naws_secret_access_key = SeNtInEl\n";
        let role = "role_arn = arn:aws:iam::123456789012:role/R\n";
        for (config, chosen) in [
            ("", None),
            ("[default]\nregion = us-east-1", None),
            (&format!("[profile other]\n{KEYS}"), None),
            (&format!("[profile a]\n{KEYS}"), Some("a")),
            (&format!("[profile a]\n{role}credential_source = Environment"), Some("a")),
            (&format!("[profile a]\n{role}source_profile = a\n{KEYS}"), Some("a")),
            (&format!("[profile a]\n{role}source_profile = b\n[profile b]\n{KEYS}"), Some("a")),
        ] {
            assert_eq!(fault_of(config, chosen), None, "{config}");
        }
    }
}
