use std::path::Path;

use crate::{
    core::error::Problem,
    settings::{
        config_file::ConfigFile,
        error::problem,
        folders::Folders,
        precedence::{CodeSettings, Environment, decide},
        raw_value::SettingOrigin,
        reader::SettingsReader,
        search, trust, values, variables,
    },
};

/// Finds and reads the `secrets.toml`.
pub(super) fn config_file(
    built: &CodeSettings,
    environment: Environment<'_>,
    directory: Option<&Path>,
    folders: &Folders,
    problems: &mut Vec<Problem>,
) -> Option<ConfigFile> {
    let both = [&variables::CONFIG, &variables::PROFILE];
    let found = both.map(|variable| (variable, decide(variable, built, environment, None)));
    let mut texts = SettingsReader::new(found.into(), directory);
    let profile_origin = texts.origin(&variables::PROFILE);
    let profile_origin = profile_origin.of_problem(variables::PROFILE.name());
    let config_origin = texts.origin(&variables::CONFIG);
    let is_named = config_origin != SettingOrigin::Default;
    let named = texts.path(&variables::CONFIG);
    let profile = texts.text(&variables::PROFILE, values::text);
    let wrong = texts.into_problems();
    let is_broken = !wrong.is_empty();
    problems.extend(wrong);

    let nearest = |directory| search::nearest(directory, folders.home.as_deref(), search::device);
    let path = if is_named { named } else { directory.and_then(nearest) };
    let Some(path) = path else {
        if let Some(profile) = profile.filter(|_| !is_broken) {
            let message = match directory {
                Some(directory) => format!(
                    "there is no secrets.toml from {} upwards that could have the profile {profile:?}",
                    directory.display()
                ),
                None => format!("there is no secrets.toml that could have the profile {profile:?}"),
            };
            let help = format!("name the file with {}", variables::CONFIG.name());
            problems.push(problem(profile_origin, message, Some(help)));
        }
        return None;
    };
    let opened = if is_named { ConfigFile::open_named(&path) } else { ConfigFile::open(&path) };
    match opened {
        Ok(text) => {
            let profile = profile.as_deref().map(|profile| (profile, profile_origin.as_str()));
            // The one who names a file vouches for it.
            let is_trusted = is_named || trust::list::is_trusted(folders, &path, &text);
            Some(ConfigFile::parse(path, &text, profile, is_trusted, problems))
        }
        Err(wrong) => {
            let origin = match is_named {
                true => config_origin.of_problem(variables::CONFIG.name()),
                false => search::FILE_NAME.to_owned(),
            };
            problems.push(problem(origin, wrong.message, wrong.help));
            None
        }
    }
}
