//! Who may write the program, and what happens when it is replaced.

use std::{
    fs,
    os::unix::fs::{chown, symlink},
};

use secrets_runtime::{ErrorKind, backends::Exec};

use super::*;

/// Returns why the program is not run.
#[track_caller]
fn refusal(resolver: &Resolver) -> String {
    let error = error(resolver);
    assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
    let backend = resolver.backend("op").unwrap();
    let exec = (&*backend as &dyn std::any::Any).downcast_ref::<Exec>().unwrap();
    let checked = exec.check().expect_err("the check says so too");
    assert_eq!(checked.problems()[0].message(), error.problems()[0].message());
    format!("{} {}", error.problems()[0].message(), error.problems()[0].help().unwrap())
}

#[test]
fn what_others_may_write_is_not_run() {
    let place = Place::new();
    let folder = place.path("bin");
    fs::create_dir(&folder).unwrap();
    chmod(&folder, 0o755);
    let program = place.program("bin/program", "echo SeNtInEl");
    let table = format!("exec = [{program:?}]");
    let resolver = place.builder(&table).build().unwrap();
    assert_eq!(value(&resolver).unwrap().expose_str().unwrap(), "SeNtInEl");
    for (path, open, good) in [(&program, 0o757, 0o755), (&folder, 0o777, 0o755)] {
        chmod(path, open);
        let refusal = refusal(&resolver);
        let wanted = format!("everybody may write to {}", path.display());
        assert!(refusal.contains(&wanted) && refusal.contains("chmod o-w"), "{refusal}");
        assert!(refusal.contains("[backends.op] in "), "{refusal}");
        chmod(path, good);
    }
    assert!(value(&resolver).is_ok());
    // It need not be readable.
    let copy = folder.join("true");
    fs::copy("/bin/true", &copy).unwrap();
    chmod(&copy, 0o111);
    let resolver = place.builder(&format!("exec = [{copy:?}]")).build().unwrap();
    assert!(value(&resolver).is_ok());
}

/// Who may rename the folder of a program can put another folder in its place.
#[test]
fn a_folder_above_in_which_others_may_write_is_refused() {
    let place = Place::new();
    let (above, links) = (place.path("above"), place.path("links"));
    for folder in [&above, &above.join("middle"), &above.join("middle/bin"), &links] {
        fs::create_dir(folder).unwrap();
        chmod(folder, 0o755);
    }
    let program = place.program("above/middle/bin/program", "echo SeNtInEl");
    let link = links.join("program");
    symlink(&program, &link).unwrap();
    for path in [&program, &link] {
        let resolver = place.builder(&format!("exec = [{path:?}]")).build().unwrap();
        assert!(value(&resolver).is_ok());
        chmod(&above, 0o777);
        let refusal = refusal(&resolver);
        let wanted = format!("everybody may write to {}", above.display());
        assert!(refusal.contains(&wanted) && refusal.contains("chmod o-w"), "{refusal}");
        // As in `/tmp`, only its owner may rename what is in it.
        chmod(&above, 0o1777);
        assert!(value(&resolver).is_ok());
        chmod(&above, 0o755);
        // A folder that belongs to another user, whom only root can make one belong to.
        if chown(&above, Some(54_321), None).is_ok() {
            assert!(self::refusal(&resolver).contains("another user (id 54321)"));
            chown(&above, Some(0), None).unwrap();
        }
    }
}

#[test]
fn what_is_no_program_is_not_run() {
    let place = Place::new();
    let text = place.path("text");
    fs::write(&text, "#!/bin/sh\n").unwrap();
    chmod(&text, 0o600);
    for (path, wanted) in [
        (text, "chmod +x"),
        (place.path("missing"), "install it"),
        (place.path(""), "name the program itself"),
    ] {
        let resolver = place.builder(&format!("exec = [{path:?}]")).build().unwrap();
        let refusal = refusal(&resolver);
        assert!(refusal.contains(wanted), "{refusal}");
    }
    // These are found when they are started.
    for (text, wanted) in [("#!/no/such/shell\n", "interpreter"), ("echo SeNtInEl\n", "#!/bin/sh")]
    {
        let path = place.path("script");
        fs::write(&path, text).unwrap();
        chmod(&path, 0o755);
        let resolver = place.builder(&format!("exec = [{path:?}]")).build().unwrap();
        let error = error(&resolver);
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
        assert!(error.problems()[0].help().unwrap().contains(wanted), "{error}");
    }
}

#[test]
fn a_program_that_is_replaced_between_two_calls_is_checked_again() {
    let place = Place::new();
    let (bin, shared) = (place.path("bin"), place.path("shared"));
    for folder in [&bin, &shared] {
        fs::create_dir(folder).unwrap();
        chmod(folder, 0o755);
    }
    let program = place.program("bin/program", "echo SeNtInEl-1");
    let resolver = place.builder(&format!("exec = [{program:?}]")).build().unwrap();
    let read = || value(&resolver).unwrap().expose_str().unwrap().to_owned();
    assert_eq!(read(), "SeNtInEl-1");
    // A new version of it.
    place.program("bin/program", "echo SeNtInEl-2");
    assert_eq!(read(), "SeNtInEl-2");
    // One that everybody may change.
    let planted = place.program("shared/planted", "echo SeNtInEl-planted");
    chmod(&planted, 0o777);
    fs::rename(&planted, &program).unwrap();
    assert!(refusal(&resolver).contains("everybody may write to"));
    // A link to where everybody may put another one.
    let planted = place.program("shared/planted", "echo SeNtInEl-planted");
    fs::remove_file(&program).unwrap();
    symlink(&planted, &program).unwrap();
    assert_eq!(read(), "SeNtInEl-planted");
    chmod(&shared, 0o777);
    assert!(refusal(&resolver).contains(&shared.display().to_string()));
    // One that belongs to another user, whom only root can make one belong to.
    fs::remove_file(&program).unwrap();
    let foreign = place.program("bin/program", "echo SeNtInEl-foreign");
    if chown(&foreign, Some(54_321), None).is_ok() {
        assert!(refusal(&resolver).contains("another user (id 54321)"));
    }
}
