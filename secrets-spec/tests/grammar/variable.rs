use proptest::prelude::*;
use secrets_spec::{
    FlawKind, VariableName, check_env_var, check_inline_name, check_key, check_variable,
    check_variable_name,
};

const _: () = assert!(check_variable("DB_PASSWORD").is_none());
const _: () = assert!(check_variable_name("my-secret.plain").is_none());
const _: () = assert!(check_inline_name("a-b").is_some());
const _: () = assert!(check_env_var("db").is_some());
const _: () = assert!(check_key("any key").is_none());

#[test]
fn fields_are_mapped_to_variables() {
    for (field, variable) in [
        ("password", "password"),
        ("DB_USER", "DB_USER"),
        ("my-secret.plain", "my_secret_plain"),
        ("a-b.c/d+e=f@g h", "a_b_c_d_e_f_g_h"),
        ("-", "_"),
        ("_", "_"),
        ("plain/with/slashes", "plain_with_slashes"),
        ("metaflow_x", "metaflow_x"),
        ("METAFLOWX", "METAFLOWX"),
        ("SECRETS", "SECRETS"),
        ("MY_SECRETS_X", "MY_SECRETS_X"),
        ("LD_PRELOAD", "LD_PRELOAD"),
    ] {
        assert_eq!(VariableName::of_field(field).unwrap().as_str(), variable);
    }
}

#[test]
fn a_field_that_cannot_be_mapped_is_an_error() {
    for (field, wanted, help) in [
        ("", FlawKind::VariableEmpty, "such as \"TOKEN\""),
        ("9lives", FlawKind::VariableDigit, "rename the field: start it with"),
        ("hey_arnold!", FlawKind::VariableCharacter, "letters, digits and underscores"),
        ("I_♥_NY", FlawKind::VariableCharacter, "letters, digits and underscores"),
        ("a:b", FlawKind::VariableCharacter, "letters, digits and underscores"),
        ("a\0", FlawKind::VariableCharacter, "letters, digits and underscores"),
        ("Á", FlawKind::VariableCharacter, "letters, digits and underscores"),
        ("METAFLOW_USER", FlawKind::VariableReserved, "neither METAFLOW_ nor SECRETS_"),
        ("METAFLOW-USER", FlawKind::VariableReserved, "neither METAFLOW_ nor SECRETS_"),
        ("SECRETS_X", FlawKind::VariableReserved, "neither METAFLOW_ nor SECRETS_"),
        ("SECRETS.", FlawKind::VariableReserved, "neither METAFLOW_ nor SECRETS_"),
    ] {
        assert_eq!(check_variable_name(field).unwrap().kind, wanted, "{field:?}");
        let error = VariableName::of_field(field).unwrap_err();
        assert!(error.help().unwrap().contains(help), "{field:?}: {error}");
        assert!(error.is_name());
    }
}

#[test]
fn parse_does_not_map_a_variable() {
    assert_eq!(VariableName::parse("a_B9").unwrap().to_string(), "a_B9");
    for name in ["hello world", "door-", "a.b", "a/b"] {
        assert_eq!(check_variable(name).unwrap().kind, FlawKind::VariableCharacter);
        assert_eq!(check_inline_name(name).unwrap().kind, FlawKind::VariableCharacter);
    }
    let error = VariableName::parse("a-b").unwrap_err();
    assert!(error.help().unwrap().starts_with("did you mean `a_b`?"), "{error}");
}

#[test]
fn an_env_var_is_upper_case() {
    for good in ["A", "_", "_X", "DB_PASSWORD", "A1"] {
        assert_eq!(check_env_var(good), None, "{good}");
    }
    for bad in ["", "a", "1A", "A-B", "A B", "Á", "TOKEN_é", "A=B", "A\n"] {
        assert_eq!(check_env_var(bad).unwrap().kind, FlawKind::EnvVarShape, "{bad:?}");
    }
    assert_eq!(check_env_var("METAFLOW_X").unwrap().kind, FlawKind::VariableReserved);
    let help = |text: &str| check_env_var(text).unwrap().explain(text).help().unwrap().to_owned();
    assert!(help("db-password").starts_with("did you mean `DB_PASSWORD`?"));
    assert!(!help("1A").contains("did you mean"));
    assert!(!help("secrets_x").contains("did you mean"), "a reserved name is no suggestion");
}

#[test]
fn a_key_is_any_text_without_control_characters() {
    for good in ["password", "a/b", "..", "key with spaces", "ключ", "."] {
        assert_eq!(check_key(good), None, "{good}");
    }
    assert_eq!(check_key("").unwrap().kind, FlawKind::KeyEmpty);
    assert_eq!(check_key("a\tb").unwrap().kind, FlawKind::TextControl);
    assert_eq!(check_key(&"x".repeat(512)), None);
    assert_eq!(check_key(&"x".repeat(513)).unwrap().kind, FlawKind::KeyLong);
}

proptest! {
    #[test]
    fn a_mapped_field_is_a_valid_variable(field in "[A-Za-z0-9./+=@ _-]{0,20}") {
        match VariableName::of_field(&field) {
            Ok(variable) => {
                prop_assert_eq!(variable.as_str(), VariableName::map(&field));
                prop_assert_eq!(VariableName::parse(&variable.to_string()).unwrap(), variable);
            }
            Err(_) => prop_assert!(VariableName::parse(&VariableName::map(&field)).is_err()),
        }
    }
}
