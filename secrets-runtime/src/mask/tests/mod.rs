//! The masker and its writer.

mod forms;
mod masker;
mod model;
mod writer;

use std::io::Write;

use crate::{core::secret_value::SecretValue, mask::Masker};

fn masker(values: &[&[u8]]) -> Masker {
    let masker = Masker::new();
    values.iter().for_each(|value| masker.add(&SecretValue::from(value.to_vec())));
    masker
}

fn written(masker: &Masker, pieces: &[&[u8]]) -> Vec<u8> {
    let mut writer = masker.writer(Vec::new());
    for piece in pieces {
        writer.write_all(piece).expect("a vector takes everything");
    }
    writer.finish().expect("a vector takes everything")
}

fn written_cut(masker: &Masker, pieces: &[&[u8]]) -> Vec<u8> {
    let mut writer = masker.writer(Vec::new());
    for piece in pieces {
        writer.write_all(piece).expect("a vector takes everything");
    }
    writer.finish_cut().expect("a vector takes everything")
}
