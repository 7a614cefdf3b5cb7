//! `zenml.json`, `zenml_refs`, in a configuration: references are filled in, literals stay, and near misses are
//! errors. The tests of the grammar say which is which.

use std::{fs, path::Path};

use secrets_runtime::{ErrorKind, config, testing};
use secrets_tests::table::install;
use serde_json::{Value, json};

#[test]
fn a_configuration_reads_references_as_the_grammar_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/zenml.json");
    let records: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut counts = [0; 4];
    // The resolver of the process is asked for, though every value is the test's.
    install();
    for case in records["zenml_refs"].as_array().expect("a list") {
        let mut config = json!({ "list": [{ "deep": case["value"] }] });
        let text = case["value"].as_str().unwrap_or_default();
        let parsed = secrets_spec::Template::parse(text);
        let given: Vec<_> = parsed.iter().flat_map(secrets_spec::Template::references).collect();
        let given = given.into_iter().map(|(name, key)| (name, key, "SeNtInEl"));
        let read = testing::with_secrets(given, || config::resolve_value_blocking(&mut config));
        let deep = &config["list"][0]["deep"];
        match (&parsed, read) {
            (Err(_), Err(error)) => {
                counts[0] += 1;
                assert_eq!(error.problems()[0].origin(), "list[0].deep", "{case}");
            }
            // A name that no source can have is refused as one.
            (Ok(_), Err(error)) => {
                counts[1] += 1;
                assert_eq!(error.kind(), ErrorKind::InvalidSource, "{case}");
                assert_eq!(error.problems()[0].origin(), "list[0].deep", "{case}");
            }
            (Ok(template), Ok(())) if template.references().next().is_none() => {
                counts[2] += 1;
                assert_eq!(deep, &case["value"], "{case}");
            }
            (Ok(_), Ok(())) => {
                counts[3] += 1;
                assert!(deep.as_str().unwrap().contains("SeNtInEl"), "{case}");
            }
            (Err(error), Ok(())) => panic!("{case}: {error}"),
        }
    }
    assert_eq!(counts, [24, 3, 4, 14]);
}
