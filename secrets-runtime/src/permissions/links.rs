use std::{
    ffi::OsString,
    fs, io,
    path::{Component, Path, PathBuf},
};

use crate::permissions::permission_problem::PermissionProblem;

/// The number of links that Linux follows.
const MAX_LINKS: usize = 40;

/// Returns the folders that decide to which file `path` leads: the folder of each symbolic link on the way,
/// also of links to folders, and the folder of the file itself, which need not exist.
pub(super) fn folders(path: &Path) -> Result<Vec<PathBuf>, PermissionProblem> {
    let unreadable = |error| PermissionProblem::unreadable(path, error);
    let mut real = match path.is_absolute() {
        true => PathBuf::from("/"),
        // The working directory of a process contains no links.
        false => std::env::current_dir().map_err(unreadable)?,
    };
    let mut folders = Vec::new();
    let mut links = 0;
    let mut ahead = Vec::new();
    push(&mut ahead, path);
    while let Some(step) = ahead.pop() {
        let next = match step {
            Step::Root => PathBuf::from("/"),
            Step::Up => real.parent().unwrap_or(&real).to_owned(),
            Step::Down(name) => real.join(name),
        };
        match fs::symlink_metadata(&next) {
            Ok(metadata) if metadata.is_symlink() => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(unreadable(io::Error::other("its links lead to one another")));
                }
                let target =
                    fs::read_link(&next).map_err(|e| PermissionProblem::unreadable(&next, e))?;
                folders.push(real.clone());
                push(&mut ahead, &target);
            }
            Ok(_) => real = next,
            Err(error) if error.kind() == io::ErrorKind::NotFound && ahead.is_empty() => {
                real = next
            }
            Err(error) => return Err(unreadable(error)),
        }
    }
    folders.push(real.parent().unwrap_or(&real).to_owned());
    Ok(folders)
}

/// A part of a path that is not yet followed.
enum Step {
    Root,
    Up,
    Down(OsString),
}

/// Puts the parts of `path` before those that are not yet followed. Parts are taken from the end.
fn push(ahead: &mut Vec<Step>, path: &Path) {
    ahead.extend(path.components().rev().filter_map(|component| match component {
        Component::RootDir => Some(Step::Root),
        Component::ParentDir => Some(Step::Up),
        Component::Normal(name) => Some(Step::Down(name.to_owned())),
        Component::CurDir | Component::Prefix(_) => None,
    }));
}
