//! The modules of a crate, read from its files.
//!
//! A module is a file; one that is written inside another belongs to that file. What is under `#[cfg(test)]` does
//! not count.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::scan::{self, Import, Module, Name, Visibility};

/// A crate's modules.
#[derive(Debug)]
pub struct Crate {
    pub name: String,
    modules: BTreeMap<Name, Module>,
    files: BTreeMap<Name, SourceFile>,
}

/// The file of a module.
#[derive(Debug)]
pub struct SourceFile {
    pub path: PathBuf,
    pub lines: usize,
}

/// Where a path leads.
#[derive(Debug, Default)]
pub struct Target {
    /// The module that defines the item; none if another crate does.
    pub module: Option<Name>,
    /// The module of another file by whose `use` the path gets there. One that chooses between modules for
    /// operating systems is the only path there is.
    pub through: Option<Name>,
    /// Whether the item is a macro of `macro_rules`.
    pub is_macro: bool,
}

impl Crate {
    /// Reads the crate whose first file this is.
    pub fn read(name: &str, root: &Path) -> Self {
        Self::load(name, root, &|path| fs::read_to_string(path).ok())
    }

    /// A crate of these files, the first of which is the root.
    #[cfg(test)]
    pub fn from_texts(name: &str, files: &[(&str, &str)]) -> Self {
        let read = |path: &Path| {
            let file = files.iter().find(|(file, _)| Path::new(file) == path);
            file.map(|(_, text)| (*text).to_owned())
        };
        Self::load(name, Path::new(files[0].0), &read)
    }

    fn load(name: &str, root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Self {
        let mut tree =
            Self { name: name.to_owned(), modules: BTreeMap::new(), files: BTreeMap::new() };
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        // What the root shows, everybody sees.
        tree.file(Vec::new(), Visibility::Public, root, &folder, read);
        tree
    }

    /// Reads a file, and the files of the modules that it declares, which are in `folder`.
    fn file(
        &mut self,
        name: Name,
        visibility: Visibility,
        path: &Path,
        folder: &Path,
        read: &dyn Fn(&Path) -> Option<String>,
    ) {
        let text = read(path).unwrap_or_else(|| panic!("{} cannot be read", path.display()));
        let tokens = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = SourceFile { path: path.to_owned(), lines: text.lines().count() };
        self.files.insert(name.clone(), file);
        for (at, mut module) in scan::scan(&self.name, &name, tokens).into_iter().enumerate() {
            if at == 0 {
                module.visibility = visibility;
            }
            let written_inside = &module.name[name.len()..];
            let folder =
                written_inside.iter().fold(folder.to_owned(), |folder, part| folder.join(part));
            let declared = std::mem::take(&mut module.files);
            let own = module.name.clone();
            self.modules.insert(own.clone(), module);
            for scan::File { module, visibility, path: said } in declared {
                let (path, below) = match said {
                    Some(said) => place(path.parent().unwrap_or(Path::new("")).join(said)),
                    None => {
                        let file = folder.join(format!("{module}.rs"));
                        let inside = folder.join(&module).join("mod.rs");
                        place(if read(&file).is_some() { file } else { inside })
                    }
                };
                let name = [own.as_slice(), &[module]].concat();
                self.file(name, visibility, &path, &below, read);
            }
        }
    }

    /// All modules, those that are written inside others too.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.values()
    }

    /// The files, by their modules.
    pub fn files(&self) -> impl Iterator<Item = (&Name, &SourceFile)> {
        self.files.iter()
    }

    /// The file in which a module is written.
    pub fn file_of(&self, module: &Module) -> &SourceFile {
        &self.files[&module.owner]
    }

    /// The files that stand in the root.
    pub fn top_level(&self) -> impl Iterator<Item = &str> {
        self.files.keys().filter(|name| name.len() == 1).map(|name| name[0].as_str())
    }

    /// Whether users of the crate can name a module.
    pub fn is_public(&self, name: &[String]) -> bool {
        let all = (0..=name.len()).map(|length| &name[..length]);
        all.map(|name| &self.modules[name]).all(|module| module.visibility == Visibility::Public)
    }

    /// Where an import of the file `owner` leads.
    pub fn target(&self, owner: &Name, import: &Import) -> Target {
        self.follow(owner, import, 16)
    }

    /// The module of the file in which a module is written.
    pub fn owner(&self, name: &Name) -> &Name {
        &self.modules[name].owner
    }

    fn follow(&self, owner: &Name, import: &Import, steps: u8) -> Target {
        let mut name = Vec::new();
        for (at, part) in import.path.iter().enumerate() {
            let module = &self.modules[&name];
            if module.children.contains(part) {
                name.push(part.clone());
                if !self.modules.contains_key(&name) {
                    // For tests only.
                    return Target::default();
                }
                continue;
            }
            let is_macro = module.macros.contains(part);
            if is_macro || module.items.contains(part) {
                return Target { module: Some(name), through: None, is_macro };
            }
            let Some(steps) = steps.checked_sub(1) else { return Target::default() };
            let further = |to: &Import, from: usize| {
                let path = [to.path.as_slice(), &import.path[from..]].concat();
                let next = Import { path, ..to.clone() };
                if next.path == import.path {
                    return Target::default();
                }
                let target = self.follow(owner, &next, steps);
                let elsewhere = module.owner != *owner && !to.for_a_system;
                Target { through: elsewhere.then(|| name.clone()).or(target.through), ..target }
            };
            if let Some(alias) = module.aliases.get(part) {
                return further(alias, at + 1);
            }
            if import.doubtful == Some(at) {
                return Target::default();
            }
            let globs = module.globs.iter().map(|glob| further(glob, at));
            if let Some(found) = globs.into_iter().find(|target| target.module.is_some()) {
                return found;
            }
            break;
        }
        Target { module: Some(name), ..Target::default() }
    }
}

/// A file, and the folder of the modules that it declares.
fn place(file: PathBuf) -> (PathBuf, PathBuf) {
    let below =
        if file.ends_with("mod.rs") { file.with_file_name("") } else { file.with_extension("") };
    (file, below)
}
