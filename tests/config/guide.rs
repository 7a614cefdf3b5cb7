//! The guide shows parts of a program that is compiled and run, and a `secrets.toml` that is read.

use secrets_runtime::{
    Resolver,
    settings::variables::{CONFIG, PROFILE},
};

const GUIDE: &str = include_str!("../../docs/guide.md");
const PROGRAM: &str = include_str!("../../examples/guide.rs");

/// The blocks of the page in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let blocks = GUIDE.split("\n```").skip(1).step_by(2);
    blocks.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
}

#[test]
fn its_program_is_the_example() {
    let blocks = blocks("rust");
    assert!(blocks.len() >= 9, "{} blocks", blocks.len());
    for block in blocks {
        assert!(PROGRAM.contains(block), "it is not in examples/guide.rs:\n{block}");
    }
}

#[test]
fn its_settings_are_read_in_every_profile() {
    let [text] = blocks("toml")[..] else { panic!("there is one secrets.toml") };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets.toml");
    std::fs::write(&file, text).unwrap();
    for (profile, backend, mapped) in [
        (None, "local", None),
        (Some("staging"), "env", Some(("orders-db", Some("env"), Some("ORDERS_DB")))),
        (Some("cluster"), "file", Some(("orders-db", Some("file"), Some("team/orders-db")))),
        (Some("production"), "aws-secrets-manager", None),
    ] {
        let mut builder = Resolver::builder().setting(&CONFIG, file.as_os_str());
        if let Some(profile) = profile {
            builder = builder.setting(&PROFILE, profile);
        }
        let resolver = builder.build().unwrap();
        assert_eq!(resolver.default_backends().collect::<Vec<_>>(), [backend]);
        assert_eq!(resolver.mapped_sources().next(), mapped);
    }
}
