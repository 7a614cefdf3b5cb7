//! Independent JOSE tools open what the store writes, and the store opens what they write.
//!
//! `SECRETS_TEST_JOSE` is the path of Debian's `jose`, `SECRETS_TEST_PYTHON_STORE` that of a Python with
//! `jwcrypto`.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    backend::{fetch_request::FetchRequest, payload::Payload, store::Store},
    backends::local::{
        jwe::Jwe,
        key::StoreKey,
        tests::{
            home::{Home, Kind, fetch, get, put, run, skip},
            rights::create,
        },
    },
};
use secrets_spec::Options;

const HEADER: &str =
    r#"{"alg":"dir","enc":"A256GCM","cty":"text","secret":"from elsewhere","version":"their-own"}"#;

/// Values of each kind, the shortest and the longest too.
fn payloads() -> Vec<Payload> {
    vec![
        Payload::Text("".into()),
        Payload::Json(r#"{"password": "SeNtInEl \u00e4"}"#.into()),
        Payload::Text("SeNtInEl \u{e4}\n".into()),
        Payload::Binary(vec![0, 0xFF, 0xFE, b'\n'].into()),
        Payload::Text("SeNtInEl".repeat(8192).into()),
    ]
}

/// What a program prints.
fn output(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    let _ = writer.join();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Puts each payload, and has it opened by `open`, which is given the key file and the store file.
fn are_opened_by(payloads: &[Payload], open: impl Fn(&Path, &Path) -> Vec<u8>) {
    let home = Home::new();
    for payload in payloads {
        run(home.store().put("a \"b\" \u{e4}", payload.clone())).expect("it is written");
        let opened = open(&home.key_file(), &home.current("a \"b\" \u{e4}"));
        assert!(opened == payload.value().expose_bytes(), "a tool reads another value");
    }
}

/// Has a key made by `make_key` and a value sealed by `seal`, and reads it; then writes beside it.
fn opens_what_is_written_by(
    make_key: impl Fn(&Path) -> String,
    seal: impl Fn(&Path, &str, &[u8]) -> Vec<u8>,
) {
    let home = Home::new();
    let store = home.store();
    for folder in ["config", "data", "data/store"] {
        fs::create_dir(home.path().join(folder)).expect("a folder");
    }
    create(&home.key_file(), 0o600, &make_key(home.path()));
    // Closes the folder.
    put(&store, "ours", "SeNtInEl ours").expect("it is written");
    let options = Options::default();
    for (cty, kind, payload) in payloads().iter().map(|payload| match payload {
        Payload::Json(_) => ("json", Kind::Json, payload),
        Payload::Text(_) => ("text", Kind::Text, payload),
        Payload::Binary(_) => ("binary", Kind::Binary, payload),
    }) {
        let header = HEADER.replace(r#""text""#, &format!("\"{cty}\""));
        let sealed = seal(&home.key_file(), &header, payload.value().expose_bytes());
        let _ = fs::remove_file(home.current("from elsewhere"));
        let sealed = String::from_utf8(sealed).expect("text");
        create(&home.current("from elsewhere"), 0o600, sealed.trim_end());
        let read =
            fetch(&store, FetchRequest::new("from elsewhere", &options)).expect("it is read");
        assert_eq!(read.0, kind);
        assert!(read.1.ct_eq(payload.value()), "the store reads another value");
    }
    assert_eq!(run(store.versions("from elsewhere")).expect("the versions"), ["their-own"]);
    put(&store, "from elsewhere", "SeNtInEl").expect("it is written over");
    assert_eq!(get(&store, "ours").expect("it is read"), "SeNtInEl ours");
}

#[test]
fn debians_jose_and_the_store_open_each_others_files() {
    let Some(jose) = std::env::var_os("SECRETS_TEST_JOSE") else {
        return skip("SECRETS_TEST_JOSE is not set: the store is not tried with `jose`");
    };
    are_opened_by(&payloads(), |key, file| {
        let mut command = Command::new(&jose);
        output(command.args(["jwe", "dec", "-i"]).arg(file).arg("-k").arg(key), b"")
    });
    opens_what_is_written_by(
        |_| {
            let mut command = Command::new(&jose);
            let key = output(command.args(["jwk", "gen", "-i", r#"{"alg":"A256GCM"}"#]), b"");
            String::from_utf8(key).expect("text")
        },
        |key, header, value| {
            let template = format!(r#"{{"protected":{header}}}"#);
            let mut command = Command::new(&jose);
            let command = command.args(["jwe", "enc", "-c", "-i", &template, "-I", "-", "-k"]);
            output(command.arg(key), value)
        },
    );
}

const PYTHON_OPEN: &str = "
import sys
from jwcrypto import jwe, jwk
token = jwe.JWE()
token.deserialize(open(sys.argv[2]).read(), jwk.JWK.from_json(open(sys.argv[1]).read()))
sys.stdout.buffer.write(token.payload)
";

const PYTHON_SEAL: &str = "
import sys
from jwcrypto import jwe, jwk
key = jwk.JWK.from_json(open(sys.argv[1]).read())
token = jwe.JWE(sys.stdin.buffer.read(), sys.argv[2], recipient=key)
print(token.serialize(compact=True))
";

const PYTHON_KEY: &str = "
from jwcrypto import jwk
print(jwk.JWK.generate(kty='oct', size=256, alg='A256GCM', kid='theirs').export())
";

#[test]
fn pythons_jwcrypto_and_the_store_open_each_others_files() {
    let Some(python) = std::env::var_os("SECRETS_TEST_PYTHON_STORE") else {
        return skip(
            "SECRETS_TEST_PYTHON_STORE is not set: the store is not tried with `jwcrypto`",
        );
    };
    let run_python = |script: &str| {
        let mut command = Command::new(&python);
        command.args(["-c", script]);
        command
    };
    // It opens no empty value (1.6.1), not even one of its own.
    are_opened_by(&payloads()[1..], |key, file| {
        output(run_python(PYTHON_OPEN).arg(key).arg(file), b"")
    });
    opens_what_is_written_by(
        |_| String::from_utf8(output(&mut run_python(PYTHON_KEY), b"")).expect("text"),
        |key, header, value| output(run_python(PYTHON_SEAL).arg(key).arg(header), value),
    );
}

/// What both wrote once, so that the half that needs no tool is always tried.
#[test]
fn files_that_jose_and_jwcrypto_wrote_are_opened() {
    const KEY: &str =
        r#"{"kty":"oct","alg":"A256GCM","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#;
    let cases = [
        (
            "SeNtInEl from jose",
            concat!(
                "eyJhbGciOiJkaXIiLCJjdHkiOiJ0ZXh0IiwiZW5jIjoiQTI1NkdDTSIsInNlY3JldCI6ImZyb20gZWxzZXdoZXJlIiwi",
                "dmVyc2lvbiI6InRoZWlyLW93biJ9..Hkkw0AI4Q4aUZ9Ib.02oDkmfJXu5JIXNrN5p5vbRW.iOn8HGsTfvs1RN2SFBmOfA"
            ),
        ),
        (
            "SeNtInEl from jwcrypto",
            concat!(
                "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiY3R5IjoidGV4dCIsInNlY3JldCI6ImZyb20gZWxzZXdoZXJlIiwi",
                "dmVyc2lvbiI6InRoZWlyLW93biJ9..sUz1kHNkypvSXM_J.hOn82ff5tz7TbjbFXuu6DHu3eD42ag.",
                "xWt79ewUUpAhSTJJqhlxhg"
            ),
        ),
        (
            "",
            concat!(
                "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiY3R5IjoidGV4dCIsInNlY3JldCI6ImZyb20gZWxzZXdoZXJlIiwi",
                "dmVyc2lvbiI6InRoZWlyLW93biJ9..2YocIsR-JljwC04L..TJhQce4HhUB2SoUZcHM2Iw"
            ),
        ),
    ];
    for (value, text) in cases {
        let key = StoreKey::from_jwk(KEY.as_bytes()).expect("a key");
        let payload = Jwe::parse(text.as_bytes()).and_then(|jwe| jwe.open(&key)).expect("it opens");
        assert_eq!(payload.value().expose_str().expect("text"), value);
    }
}
