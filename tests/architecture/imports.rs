//! Who imports whom inside a crate.
//!
//! A name is followed through `use` to the module that defines it, so `crate::Error` is an import of `error`; and
//! a module that only shows a name from below itself (`pub use child::Name`) does not import it. What the root
//! imports does not count.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::{self, Display},
};

use crate::{
    module_tree::Crate,
    scan::{Import, Name, Visibility},
};

/// An import of one file's module from another's.
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

/// Every import between files, the root's own left out.
pub fn all(tree: &Crate) -> BTreeSet<Edge> {
    let imports =
        tree.modules().flat_map(|module| module.imports.iter().map(move |import| (module, import)));
    let edges = imports.filter_map(|(module, import)| {
        let to = tree.owner(&tree.target(&module.owner, import).module?).clone();
        let from = &module.owner;
        let shows = import.visibility != Visibility::Private && to.starts_with(from);
        let counts = !from.is_empty() && !to.is_empty() && *from != to && !shows;
        counts.then(|| edge(from, &to, import))
    });
    edges.collect()
}

/// Modules that import one another: for each import that is in a circle, the shortest one.
pub fn circles(tree: &Crate) -> Vec<String> {
    let mut imports = BTreeMap::<String, BTreeSet<String>>::new();
    for edge in all(tree) {
        imports.entry(edge.from).or_default().insert(edge.to);
    }
    let pairs = imports.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)));
    let circles = pairs.filter_map(|(from, to)| way(&imports, to, from));
    // One circle is found from each of its modules; it is reported once, from its first.
    let turned = circles.map(|mut circle| {
        let first = circle.iter().enumerate().min_by_key(|(_, name)| *name).map_or(0, |(at, _)| at);
        circle.rotate_left(first);
        circle.push(circle[0]);
        format!("{}: a circle, {}", tree.name, circle.join(" -> "))
    });
    let mut circles: Vec<_> = turned.collect::<BTreeSet<_>>().into_iter().collect();
    // The tightest first: with them the others often go.
    circles.sort_by_key(|circle| circle.matches(" -> ").count());
    circles
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

fn edge(from: &Name, to: &Name, import: &Import) -> Edge {
    Edge { from: from.join("::"), to: to.join("::"), what: import.path.join("::") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let imports = all(&Crate::from_texts("own", files));
        let pairs: BTreeSet<_> = imports.into_iter().map(|edge| (edge.from, edge.to)).collect();
        pairs.into_iter().collect()
    }

    /// What `a` imports, in a crate where the root shows `B` of `b` and declares `c`.
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
    fn showing_an_item_from_below_is_not_an_import_and_using_it_is_one() {
        let files = |parent| [("lib.rs", "mod p;"), ("p.rs", parent), ("p/q.rs", "pub struct Q;")];
        assert!(imports(&files("mod q; pub use q::Q;")).is_empty());
        let expected = [("p".to_owned(), "p::q".to_owned())];
        assert_eq!(imports(&files("mod q; use q::Q;")), expected);
        assert_eq!(imports(&files("mod q; fn f() { q::make() }")), expected);
    }

    #[test]
    fn a_circle_is_found_however_long() {
        let circles = |files: &[(&str, &str)]| super::circles(&Crate::from_texts("own", files));
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
