use std::io;

use super::*;

fn two() -> Error {
    let first = Problem::new(ErrorKind::NotFound, "there is none").with_origin("a");
    let second =
        Problem::new(ErrorKind::Timeout, "it is late").with_backend("env").with_help("wait");
    Error::join([first, second]).expect("there are two")
}

#[test]
fn a_builder_of_a_joined_error_leaves_no_problem_out() {
    let error = two().with_help("try again").with_cause(io::Error::other("the cause"));
    for problem in error.problems() {
        assert_eq!(problem.help(), Some("try again"));
        assert!(problem.cause.is_some());
    }
}

#[test]
fn a_builder_of_a_problem_changes_that_one_alone() {
    let error = two();
    let helps: Vec<_> = error.problems().iter().map(Problem::help).collect();
    assert_eq!(helps, [None, Some("wait")]);
    let kinds: Vec<_> = error.problems().iter().map(Problem::kind).collect();
    assert_eq!(kinds, [ErrorKind::NotFound, ErrorKind::Timeout]);
    assert!(Error::join(Vec::<Problem>::new()).is_none());
}

#[test]
fn debug_is_the_text_and_in_its_long_form_the_parts() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "for its Debug")]
    struct Talkative(&'static str);
    impl fmt::Display for Talkative {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the cause")
        }
    }
    impl StdError for Talkative {}

    let problem = Problem::new(ErrorKind::NotFound, "there is none")
        .with_origin("a\u{1b}[2J")
        .with_cause(Talkative("SeNtInEl"));
    let error = Error::from(problem).in_step(Some("load"));
    assert_eq!(format!("{error:?}"), error.to_string());
    let long = format!("{error:#?}");
    for part in ["kind: NotFound", "\"load\"", "\"the cause\"", "message: \"there is none\""] {
        assert!(long.contains(part), "{long}");
    }
    assert!(!long.contains("SeNtInEl") && !long.contains('\u{1b}'), "{long:?}");
}

#[test]
fn an_error_of_io_has_it_and_its_nearest_kind() {
    for (kind, wanted) in [
        (ErrorKind::NotFound, io::ErrorKind::NotFound),
        (ErrorKind::RoleDenied, io::ErrorKind::PermissionDenied),
        (ErrorKind::Timeout, io::ErrorKind::TimedOut),
        (ErrorKind::NotSupported, io::ErrorKind::Unsupported),
        (ErrorKind::Other, io::ErrorKind::Other),
    ] {
        let error = io::Error::from(Error::new(kind, "text"));
        assert_eq!(error.kind(), wanted);
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        assert_eq!(inner.map(Error::kind), Some(kind));
    }
}

#[test]
fn the_text_of_every_kind_is_parsed() {
    for kind in ErrorKind::ALL {
        assert_eq!(kind.to_string().parse::<ErrorKind>().ok(), Some(*kind));
    }
    let error = "NotFond".parse::<ErrorKind>().expect_err("there is no such kind");
    assert_eq!(error.problems()[0].help(), Some("did you mean NotFound?"));
}

#[test]
fn json_of_a_problem_is_its_parts() {
    let json = serde_json::to_string(two().problems()).expect("JSON");
    assert_eq!(
        json,
        r#"[{"kind":"NotFound","source":"a","backend":null,"message":"there is none","help":null},{"kind":"Timeout","source":"","backend":"env","message":"it is late","help":"wait"}]"#
    );
    // The cause is not in it: its text is somebody else's.
    let problem = Problem::new(ErrorKind::Other, "text").with_cause(io::Error::other("SeNtInEl"));
    assert!(!serde_json::to_string(&problem).expect("JSON").contains("SeNtInEl"));
}

#[test]
fn help_in_words_of_its_own_has_no_code() {
    let problem =
        Problem::new(ErrorKind::Collision, "text").with_help_code(HelpCode::AllowOverride);
    assert_eq!(problem.help_code(), Some(&HelpCode::AllowOverride));
    assert_eq!(problem.clone().with_help("other words").help_code(), None);
}
