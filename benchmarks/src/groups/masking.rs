//! Masking a log, beside the crate aho-corasick with the patterns of the same secrets.

use std::{
    collections::HashSet,
    fmt::Write as _,
    io::{self, Write as _},
};

use aho_corasick::{AhoCorasick, MatchKind};
use secrets_runtime::{SecretValue, __testing::mask_forms, mask::Masker};

use crate::{
    measure::{Failure, interleave, seconds},
    row::{Budget, Row},
    setup::Setup,
};

const ROUNDS: usize = 7;
const LOG_BYTES: usize = 16 << 20;
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_!";

pub fn run(_: &Setup) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for count in [10, 1000] {
        let mut random = Random(88_172_645_463_325_252);
        let secrets: Vec<_> = (0..count).map(|_| random.text(32)).collect();
        let log = log(&mut random, &secrets)?;
        let (masker, automaton) = (Masker::new(), automaton(&secrets)?);
        secrets.iter().for_each(|secret| masker.add(&SecretValue::from(secret.as_str())));
        let [whole, written, beside] = interleave(
            ROUNDS,
            [
                Box::new(|| seconds(|| Ok::<_, Failure>(masker.mask_bytes(log.as_bytes())))),
                Box::new(|| {
                    seconds(|| {
                        let mut writer = masker.writer(io::sink());
                        for line in log.split_inclusive('\n') {
                            writer.write_all(line.as_bytes())?;
                        }
                        writer.finish()
                    })
                }),
                Box::new(|| seconds(|| Ok::<_, Failure>(automaton.find_iter(&log).count()))),
            ],
        )?;
        let name = "aho-corasick alone, to find the same patterns";
        let megabytes = LOG_BYTES >> 20;
        let what = format!("masking a log of {megabytes} MiB, {count} secrets in all forms");
        rows.push(Row::ratio(&what, whole, name, beside, Budget::AtMost(2.0)));
        let what = format!("{what}, by a writer, line by line");
        rows.push(Row::ratio(what, written, name, beside, Budget::AtMost(2.0)));
    }
    Ok(rows)
}

fn automaton(secrets: &[String]) -> Result<AhoCorasick, Failure> {
    let mut patterns = HashSet::new();
    for secret in secrets {
        let value = SecretValue::from(secret.as_str());
        mask_forms(&value, &mut |form| {
            patterns.insert(form.to_vec());
        });
    }
    let mut builder = AhoCorasick::builder();
    Ok(builder.match_kind(MatchKind::LeftmostLongest).build(patterns)?)
}

/// Lines as services write them, a few of which have a secret.
fn log(random: &mut Random, secrets: &[String]) -> Result<String, Failure> {
    let mut log = String::with_capacity(LOG_BYTES + 1024);
    while log.len() < LOG_BYTES {
        let number = random.next();
        writeln!(
            log,
            "2026-11-29T08:{:02}:{:02}.{:03}Z INFO request{{id={number:016x} path=/api/v1/items/{}}}: handler: \
             finished status=200 latency_ms={} user=\"user-{}@example.com\"",
            number % 60,
            number / 60 % 60,
            number % 1000,
            number % 10_000,
            number % 300,
            number % 5000,
        )?;
        if number % 500 == 0 {
            let secret = &secrets[usize::try_from(number / 500)? % secrets.len()];
            writeln!(log, "login with {secret}")?;
        }
    }
    Ok(log)
}

/// The numbers of xorshift, which are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn text(&mut self, length: usize) -> String {
        let count = ALPHABET.len() as u64;
        (0..length).map(|_| char::from(ALPHABET[(self.next() % count) as usize])).collect()
    }
}
