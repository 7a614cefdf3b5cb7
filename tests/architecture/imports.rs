//! Who imports whom inside a crate.
//!
//! A module is a file; one that is written inside another belongs to that file. What is under
//! `#[cfg(test)]` does not count. A name is followed through `use` to the module that defines it, so
//! `crate::Error` is an import of `error`; and a module that only hands on a name from below itself
//! (`pub use child::Name`) does not import it. The root hands on and puts together: what it imports does not
//! count, and it defines nothing that a module imports.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::{self, Display},
    fs,
    path::{Path, PathBuf},
};

use crate::scan::{self, Import, Module, Name};

/// A crate's modules.
#[derive(Debug)]
pub struct Crate {
    pub name: String,
    modules: BTreeMap<Name, Module>,
}

/// That one file's module imports from another's.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub from: String,
    pub to: String,
    /// The path that was written, from the root.
    what: String,
}

impl Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} imports {} (crate::{})", self.from, self.to, self.what)
    }
}

impl Crate {
    /// Reads the crate whose first file this is.
    pub fn read(name: &str, root: &Path) -> Self {
        let read = |path: &Path| fs::read_to_string(path).ok();
        Self::load(name, root, &read)
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
        let mut tree = Self { name: name.to_owned(), modules: BTreeMap::new() };
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        tree.file(Vec::new(), root, &folder, read);
        tree
    }

    /// Reads a file, and the files of the modules that it declares, which are in `folder`.
    fn file(
        &mut self,
        name: Name,
        path: &Path,
        folder: &Path,
        read: &dyn Fn(&Path) -> Option<String>,
    ) {
        let text = read(path).unwrap_or_else(|| panic!("{} cannot be read", path.display()));
        let tokens = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for module in scan::scan(&self.name, &name, tokens) {
            let written_inside = &module.name[name.len()..];
            let folder =
                written_inside.iter().fold(folder.to_owned(), |folder, part| folder.join(part));
            let files = module.files.clone();
            let own = module.name.clone();
            self.modules.insert(own.clone(), module);
            for (child, said) in files {
                let (path, below) = match said {
                    Some(said) => place(path.parent().unwrap_or(Path::new("")).join(said)),
                    None => {
                        let file = folder.join(format!("{child}.rs"));
                        let inside = folder.join(&child).join("mod.rs");
                        place(if read(&file).is_some() { file } else { inside })
                    }
                };
                self.file([own.as_slice(), &[child]].concat(), &path, &below, read);
            }
        }
    }

    /// The modules that stand in the root.
    pub fn top_level(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().filter(|name| name.len() == 1).map(|name| name[0].as_str())
    }

    /// Every import between files, the root's own left out.
    pub fn imports(&self) -> BTreeSet<Edge> {
        self.edges()
            .filter(|(_, to, _)| !to.is_empty())
            .map(|(from, to, import)| edge(from, to, import))
            .collect()
    }

    /// Imports of what the root defines, macros aside.
    pub fn root_items(&self) -> Vec<String> {
        let is_macro = |import: &Import| {
            let [name, ..] = import.path.as_slice() else { return false };
            self.modules.values().any(|module| module.macros.contains(name))
        };
        let edges = self.edges().filter(|(_, to, import)| to.is_empty() && !is_macro(import));
        let told = |(from, _, import): (&Name, &Name, &Import)| {
            format!(
                "{}: {} imports crate::{}, which the root defines",
                self.name,
                from.join("::"),
                import.path.join("::")
            )
        };
        edges.map(told).collect()
    }

    /// Modules that import one another: for each import that is in a circle, the shortest one.
    pub fn circles(&self) -> Vec<String> {
        let mut imports = BTreeMap::<String, BTreeSet<String>>::new();
        for edge in self.imports() {
            imports.entry(edge.from).or_default().insert(edge.to);
        }
        let pairs = imports.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)));
        let circles = pairs.filter_map(|(from, to)| way(&imports, to, from));
        // One circle is found from each of its modules; it is told once, from its first.
        let turned = circles.map(|mut circle| {
            let first =
                circle.iter().enumerate().min_by_key(|(_, name)| *name).map_or(0, |(at, _)| at);
            circle.rotate_left(first);
            circle.push(circle[0]);
            format!("{}: a circle, {}", self.name, circle.join(" -> "))
        });
        let mut told: Vec<_> = turned.collect::<BTreeSet<_>>().into_iter().collect();
        // The tightest first: with them the others often go.
        told.sort_by_key(|circle| circle.matches(" -> ").count());
        told
    }

    fn edges(&self) -> impl Iterator<Item = (&Name, &Name, &Import)> {
        let all = self
            .modules
            .values()
            .flat_map(|module| module.imports.iter().map(move |import| (module, import)));
        all.filter_map(|(module, import)| {
            let to = &self.modules[&self.resolve(import, 16)?].owner;
            let from = &module.owner;
            let hands_on = import.handed_on && to.starts_with(from);
            (!from.is_empty() && from != to && !hands_on).then_some((from, to, import))
        })
    }

    /// The module that defines what is imported; none if it is another crate's.
    fn resolve(&self, import: &Import, steps: u8) -> Option<Name> {
        let mut name = Vec::new();
        for (at, part) in import.path.iter().enumerate() {
            let module = &self.modules[&name];
            if module.children.contains(part) {
                name.push(part.clone());
                if !self.modules.contains_key(&name) {
                    // For tests only.
                    return None;
                }
                continue;
            }
            let steps = steps.checked_sub(1)?;
            let further = |to: &Import, from: usize| {
                let path = [to.path.as_slice(), &import.path[from..]].concat();
                let next = Import { path, ..to.clone() };
                if next.path == import.path { None } else { self.resolve(&next, steps) }
            };
            if module.items.contains(part) || module.macros.contains(part) {
                return Some(name);
            }
            if let Some(alias) = module.aliases.get(part) {
                return further(alias, at + 1);
            }
            if import.doubtful == Some(at) {
                return None;
            }
            if let Some(found) = module.globs.iter().find_map(|glob| further(glob, at)) {
                return Some(found);
            }
            return Some(name);
        }
        Some(name)
    }
}

/// The shortest way from one module to another, with both.
fn way<'a>(
    imports: &'a BTreeMap<String, BTreeSet<String>>,
    from: &'a str,
    to: &str,
) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::from([from]);
    let mut ways = VecDeque::from([vec![from]]);
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        if last == to {
            return Some(way);
        }
        let next = imports.get(last).into_iter().flatten().map(String::as_str);
        ways.extend(
            next.filter(|&name| seen.insert(name)).map(|name| [way.as_slice(), &[name]].concat()),
        );
    }
    None
}

/// A file, and the folder of the modules that it declares.
fn place(file: PathBuf) -> (PathBuf, PathBuf) {
    let below =
        if file.ends_with("mod.rs") { file.with_file_name("") } else { file.with_extension("") };
    (file, below)
}

fn edge(from: &Name, to: &Name, import: &Import) -> Edge {
    Edge { from: from.join("::"), to: to.join("::"), what: import.path.join("::") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let imports = Crate::from_texts("own", files).imports();
        let pairs: BTreeSet<_> = imports.into_iter().map(|edge| (edge.from, edge.to)).collect();
        pairs.into_iter().collect()
    }

    /// What `a` imports, in a crate where the root hands on `B` of `b` and declares `c`.
    fn of_a(text: &str) -> Vec<String> {
        let root = "mod a; mod b; pub mod c; pub use b::B; pub use c::*; pub use std::fmt;";
        let files = [
            ("lib.rs", root),
            ("a.rs", text),
            ("b.rs", "pub struct B;"),
            ("c/mod.rs", "pub mod d; pub use d::D; pub struct C;"),
            ("c/d.rs", "pub struct D;"),
        ];
        imports(&files).into_iter().filter(|(from, _)| from == "a").map(|(_, to)| to).collect()
    }

    #[test]
    fn a_name_is_followed_to_the_module_that_defines_it() {
        for text in [
            "use crate::B;",
            "use crate::{fmt, B as Other};",
            "use crate::b::{self};",
            "use super::b::B;",
            "pub use crate::B;",
            "use own::B;",
            "fn f(x: crate::B) {}",
            "fn f() { let _ = [crate::b::make()]; }",
            "macro_rules! m { () => { $crate::B } }",
            "mod inside { use super::super::B; }",
            "pub(crate) use crate::b;",
        ] {
            assert_eq!(of_a(text), ["b"], "{text}");
        }
        for text in ["use crate::c::D;", "use crate::c::d::D;", "use crate::D;"] {
            assert_eq!(of_a(text), ["c::d"], "{text}");
        }
        assert_eq!(of_a("use crate::C;"), ["c"]);
    }

    #[test]
    fn other_crates_tests_comments_and_texts_are_no_imports() {
        for text in [
            "use std::b::B; use ::b::B; use b::B; fn f() { std::b::B }",
            "// use crate::B;\n/// [`crate::B`]\nconst X: &str = \"crate::B\";",
            "#[cfg(test)] mod tests { use crate::B; }",
            "#[cfg(all(test, unix))] use crate::B;",
            "#[cfg(test)] #[allow(x)] fn f() { crate::B }",
            "pub(in crate::b) fn f() {}",
            "use crate::fmt;",
            "fn f(x: &impl Sized) -> impl Sized + use<'_> { x }",
        ] {
            assert_eq!(of_a(text), [""; 0], "{text}");
        }
        assert_eq!(of_a("#[cfg(not(test))] use crate::B;"), ["b"]);
        assert_eq!(of_a("#[cfg(test)] use std::fmt; use crate::B;"), ["b"]);
    }

    #[test]
    fn handing_on_from_below_is_no_import_and_using_it_is_one() {
        let files = |parent| [("lib.rs", "mod p;"), ("p.rs", parent), ("p/q.rs", "pub struct Q;")];
        assert!(imports(&files("mod q; pub use q::Q;")).is_empty());
        let expected = [("p".to_owned(), "p::q".to_owned())];
        assert_eq!(imports(&files("mod q; use q::Q;")), expected);
        assert_eq!(imports(&files("mod q; fn f() { q::make() }")), expected);
    }

    #[test]
    fn a_circle_is_found_however_long() {
        let circles = |files: &[(&str, &str)]| Crate::from_texts("own", files).circles();
        let root = ("lib.rs", "mod a; mod b; mod c;");
        let chain =
            [root, ("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "")];
        assert!(circles(&chain).is_empty());
        let circle = [root, chain[1], chain[2], ("c.rs", "fn f() { crate::a::f() }")];
        assert_eq!(circles(&circle), ["own: a circle, a -> b -> c -> a"]);
        let parent = [
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; use b::B; pub struct A;"),
            ("a/b.rs", "use super::A;"),
        ];
        assert_eq!(circles(&parent), ["own: a circle, a -> a::b -> a"]);
    }

    #[test]
    fn what_the_root_defines_is_nobodys_to_import() {
        let flaws = |text| {
            Crate::from_texts(
                "own",
                &[("lib.rs", "mod a; pub fn f() {} macro_rules! m { () => {} }"), ("a.rs", text)],
            )
            .root_items()
        };
        assert_eq!(flaws("use crate::f;").len(), 1);
        assert_eq!(flaws("use super::*;").len(), 1);
        assert!(flaws("use crate::m; use std::fmt;").is_empty());
    }

    #[test]
    fn a_file_is_where_its_path_attribute_says() {
        let files = [
            ("src/lib.rs", "#[doc(hidden)] #[path = \"x/mod.rs\"] pub mod __x; mod y;"),
            ("src/x/mod.rs", "mod z; use crate::y::Y;"),
            ("src/x/z.rs", ""),
            ("src/y.rs", ""),
        ];
        assert_eq!(imports(&files), [("__x".to_owned(), "y".to_owned())]);
    }
}
