//! The region that the AWS SDK's own settings name, for programs without the SDK: its variables and its profile files.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
};

use secrets_spec::check_region;

use crate::core::error::{Error, ErrorKind};

/// Returns the region, and the variable or profile that names it.
pub(crate) fn configured_region() -> Result<Option<(String, String)>, Error> {
    if let Some(found) = region_of_environment()? {
        return Ok(Some(found));
    }
    let name = text_of("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let mut profiles = Profiles::default();
    // What the file of credentials says of a profile goes before what the other says.
    for (variable, file, is_config) in
        [("AWS_CONFIG_FILE", "config", true), ("AWS_SHARED_CREDENTIALS_FILE", "credentials", false)]
    {
        let named = env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
        let of_home = || Some(env::home_dir()?.join(".aws").join(file));
        if let Some(text) = named.or_else(of_home).and_then(|path| fs::read_to_string(path).ok()) {
            profiles.read(&text, is_config);
        }
    }
    Ok(profiles.region(&name).map(|region| (region, format!("the AWS profile {name}"))))
}

/// Returns the region that a variable names, and the variable.
pub(crate) fn region_of_environment() -> Result<Option<(String, String)>, Error> {
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        let Some(region) = text_of(variable) else { continue };
        return match check_region(&region) {
            None => Ok(Some((region, variable.to_owned()))),
            Some(flaw) => {
                let message = format!("{variable}: {}", flaw.explain(&region).message());
                Err(Error::new(ErrorKind::InvalidConfig, message))
            }
        };
    }
    Ok(None)
}

fn text_of(variable: &str) -> Option<String> {
    let text = env::var(variable).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// What profiles say, by their names and in lower case.
#[derive(Default)]
struct Profiles(BTreeMap<String, BTreeMap<String, String>>);

impl Profiles {
    fn read(&mut self, text: &str, is_config: bool) {
        let mut profile = None;
        for line in text.lines() {
            // A line that begins with a space goes on with the one before.
            let is_nested = line.starts_with([' ', '\t']);
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(section) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
                profile = profile_of(section.trim(), is_config);
            } else if let (Some(profile), false, Some((name, value))) =
                (&profile, is_nested, line.split_once('='))
            {
                // A comment begins after a space.
                let value = value.split(" #").next().unwrap_or_default();
                let value = value.split(" ;").next().unwrap_or_default().trim().to_owned();
                let name = name.trim().to_ascii_lowercase();
                self.0.entry(profile.clone()).or_default().insert(name, value);
            }
        }
    }

    /// Returns the region of a profile, or else of that in `source_profile`.
    fn region(&self, name: &str) -> Option<String> {
        let (mut name, mut seen) = (name, BTreeSet::new());
        loop {
            let profile = self.0.get(name)?;
            if let Some(region) = profile.get("region").filter(|it| check_region(it).is_none()) {
                return Some(region.clone());
            }
            seen.insert(name);
            name = profile.get("source_profile").filter(|next| !seen.contains(next.as_str()))?;
        }
    }
}

/// Returns the name of the profile of a section. In the file of settings all but the default one have a prefix.
fn profile_of(section: &str, is_config: bool) -> Option<String> {
    let name = match section.strip_prefix("profile") {
        Some(name) if is_config && name.starts_with([' ', '\t']) => name.trim(),
        _ if is_config && section != "default" => return None,
        _ => section,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_its_region_or_that_of_its_source() {
        let mut profiles = Profiles::default();
        let config = "# all\n[default]\nregion = us-west-2 # here\n\n[profile  etl]\nREGION=eu-west-1\ns3 =\n  region = no\n\
            [profile assumed]\nrole_arn = x\nsource_profile = etl\n[profile a]\nsource_profile = b\n[profile b]\nsource_profile = a\n\
            [other]\nregion = eu-north-1\n[sso-session s]\nregion = eu-north-1\n[profile bad]\nregion = not a region\n[cut";
        profiles.read(config, true);
        profiles.read("[keys]\nregion = ap-south-1\n[etl]\nregion = eu-central-1\n", false);
        for (name, region) in [
            ("default", Some("us-west-2")),
            ("etl", Some("eu-central-1")),
            ("assumed", Some("eu-central-1")),
            ("keys", Some("ap-south-1")),
            ("a", None),
            ("other", None),
            ("s", None),
            ("bad", None),
            ("nowhere", None),
        ] {
            assert_eq!(profiles.region(name).as_deref(), region, "{name}");
        }
    }
}
