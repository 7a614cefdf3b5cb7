use aws_config::profile::{Profile, ProfileSet};
use secrets_spec::closest;

use crate::{
    backends::aws::sdk_settings::texts::{shown, token_file},
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
}

/// What is wrong with a profile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProfileFault {
    pub message: String,
    pub help: String,
}

/// What `credential_source` may be.
const SOURCES: [&str; 3] = ["Environment", "Ec2InstanceMetadata", "EcsContainer"];

impl Profiles<'_> {
    /// Returns why the chosen profile has no credentials, if the files say so. It is read as the SDK reads it: a role,
    /// the profile that assumes it, and so on, up to one with credentials.
    pub(super) fn fault(&self) -> Option<ProfileFault> {
        let mut name = self.profiles.selected_profile();
        let mut passed: Vec<&str> = Vec::new();
        loop {
            let Some(profile) = self.profiles.get_profile(name) else {
                return self.missing(name, passed.last().copied());
            };
            if passed.contains(&name) {
                passed.push(name);
                let help = "let one of them have credentials instead of `source_profile`";
                let message = format!(
                    "the AWS profiles lead in a circle by `source_profile`: {}",
                    passed.join(" -> ")
                );
                return fault(message, help);
            }
            let is_first = passed.is_empty();
            passed.push(name);
            let has_keys = value(profile, "aws_access_key_id").is_some()
                && value(profile, "aws_secret_access_key").is_some();
            if !is_first && has_keys {
                return None;
            }
            let is_role = value(profile, "role_arn").is_some()
                && value(profile, "web_identity_token_file").is_none();
            if !is_role {
                return self.base(profile, is_first);
            }
            match (value(profile, "source_profile"), value(profile, "credential_source")) {
                (Some(_), Some(_)) => {
                    let message = format!(
                        "the AWS profile `{}` has both `source_profile` and `credential_source`",
                        shown(name)
                    );
                    return fault(message, "remove one of the two");
                }
                (None, None) => {
                    let message = format!(
                        "the AWS profile `{}` has a `role_arn`, but neither `source_profile` nor `credential_source`",
                        shown(name)
                    );
                    return fault(
                        message,
                        "say with `source_profile` which profile assumes the role",
                    );
                }
                (Some(source), None) if source != name => name = source,
                _ => return self.base(profile, is_first),
            }
        }
    }

    /// Checks the profile at the end of a chain.
    fn base(&self, profile: &Profile, is_first: bool) -> Option<ProfileFault> {
        let has = |key: &str| value(profile, key).is_some();
        let name = shown(profile.name());
        let export = |what: &str| {
            let message = format!("the AWS profile `{name}` has {what}, which is not read here");
            let profile =
                if name == "default" { String::new() } else { format!(" --profile {name}") };
            fault(
                message,
                &format!(
                    "set its credentials as variables: eval \"$(aws configure export-credentials{profile} --format env)\""
                ),
            )
        };
        if let Some(source) = value(profile, "credential_source") {
            if SOURCES.contains(&source) {
                return None;
            }
            let message = format!(
                "the AWS profile `{name}` has `credential_source = {}`, which does not exist",
                shown(source)
            );
            return fault(message, &format!("write one of {}", SOURCES.join(", ")));
        }
        if let Some(file) = value(profile, "web_identity_token_file") {
            if !has("role_arn") {
                let message = format!(
                    "the AWS profile `{name}` has a `web_identity_token_file` and no `role_arn`"
                );
                return fault(message, "add the role that the token is for");
            }
            let why = token_file(file)?;
            return fault(
                format!("the AWS profile `{name}`: {why}"),
                "correct `web_identity_token_file`",
            );
        }
        if has("sso_session") || has("sso_start_url") {
            return export("a sign-in of IAM Identity Center (SSO)");
        }
        if has("login_session") {
            return export("a `login_session`, a sign-in with a browser like SSO");
        }
        if has("credential_process") {
            return export("a `credential_process`");
        }
        let missing = match (has("aws_access_key_id"), has("aws_secret_access_key")) {
            (true, true) => return None,
            (true, false) => "has `aws_access_key_id` and no `aws_secret_access_key`",
            (false, true) => "has `aws_secret_access_key` and no `aws_access_key_id`",
            // One that nobody chose may have a region alone.
            (false, false) if is_first && !self.is_chosen => return None,
            (false, false) => "has no credentials",
        };
        fault(
            format!("the AWS profile `{name}` {missing}"),
            "add `aws_access_key_id` and `aws_secret_access_key`, or a `role_arn` with a `source_profile`",
        )
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
        fault(message, &help)
    }
}

/// Returns the value of a key, unless it is empty.
fn value<'a>(profile: &'a Profile, key: &str) -> Option<&'a str> {
    profile.get(key).filter(|value| !value.trim().is_empty())
}

fn fault(message: String, help: &str) -> Option<ProfileFault> {
    Some(ProfileFault { message, help: help.to_owned() })
}

#[cfg(test)]
mod tests {
    use aws_config::profile;
    use aws_types::os_shim_internal::{Env, Fs};

    use super::*;
    use crate::rt::block_on::block_on;

    /// The message and the help for a profile that AWS_PROFILE names, if it does.
    fn fault_of(config: &str, chosen: Option<&str>) -> Option<ProfileFault> {
        let fs = Fs::from_slice(&[("/h/.aws/config", config)]);
        let mut variables = vec![("HOME", "/h")];
        variables.extend(chosen.map(|name| ("AWS_PROFILE", name)));
        let (env, files) = (Env::from_slice(&variables), Default::default());
        let profiles = block_on(profile::load(&fs, &env, &files, None)).unwrap();
        let places = vec!["/h/.aws/config".to_owned()];
        Profiles { profiles: &profiles, is_chosen: chosen.is_some(), places, config }.fault()
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
                "[profile a]\nsso_session = s\n[sso-session s]",
                "a",
                "(SSO)",
                "export-credentials --profile a",
            ),
            (
                &format!(
                    "[profile a]\n{role}source_profile = b\n[profile b]\nsso_session = s\n[sso-session s]"
                ),
                "a",
                "`b` has a sign-in of IAM Identity Center (SSO)",
                "",
            ),
            (
                "[profile a]\nlogin_session = x",
                "a",
                "`login_session`, a sign-in with a browser like SSO",
                "",
            ),
            (
                "[profile a]\ncredential_process = /bin/x",
                "a",
                "`a` has a `credential_process`",
                "eval",
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
        let default = fault_of("[default]\ncredential_process = /bin/x", None).unwrap();
        assert!(default.message.contains("`default` has a `credential_process`"), "{default:?}");
    }
}
