//! What a real API server has answered: `tests/vectors/kubernetes.json`.

use secrets_tests::stub_server::StubServer;
use serde_json::Value;

/// The file of the recorded answers.
pub const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/kubernetes.json");

/// All recorded answers, by name: `status` and `body`.
pub fn recorded() -> Value {
    let text = std::fs::read_to_string(FILE).expect("the records can be read");
    serde_json::from_str(&text).expect("the records are JSON")
}

/// A stub that sends a recorded answer.
pub fn stub(name: &str) -> StubServer {
    let (status, body) = answer(name);
    // One that is not JSON is recorded as a text.
    let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    StubServer::new(status, "content-type: application/json\r\n", &body)
}

/// A recorded answer.
pub fn answer(name: &str) -> (u16, Value) {
    let answer = recorded()["answers"][name].clone();
    let status = answer["status"].as_u64().and_then(|status| status.try_into().ok());
    (status.unwrap_or_else(|| panic!("there is no record of {name}")), answer["body"].clone())
}
