//! stub
use crate::{Problem, SecretValue};
use serde::de::DeserializeOwned;
pub(crate) fn from_fields<T: DeserializeOwned>(
    _p: &str,
    _f: &[(&str, &SecretValue)],
) -> Result<T, Vec<Problem>> {
    Err(vec![])
}
pub(crate) fn from_value<T: DeserializeOwned>(
    _p: &str,
    _f: &SecretValue,
) -> Result<T, Vec<Problem>> {
    Err(vec![])
}
pub(crate) fn from_absent<T: DeserializeOwned>(_p: &str, why: Problem) -> Result<T, Vec<Problem>> {
    Err(vec![why])
}
