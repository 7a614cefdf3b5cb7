//! stub
use crate::SecretValue;
pub(crate) struct JsonFault {
    pub message: String,
    pub help: Option<String>,
}
pub(crate) fn members(_t: &SecretValue) -> Result<Vec<(String, SecretValue)>, JsonFault> {
    Ok(vec![])
}
