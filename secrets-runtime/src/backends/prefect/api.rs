use std::time::Duration;

use crate::{
    backends::http::{address::Address, client::Http},
    core::{
        credential::Credential,
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::json::{self, Json, form::Form},
};

/// The REST API of Prefect 3: your own server's, or that of its Cloud.
#[derive(Debug)]
pub(super) struct Api {
    http: Http,
    url: Result<Address, Error>,
    key: Option<Credential>,
}

impl Api {
    pub(super) fn new(url: &SecretValue, key: Option<Credential>, timeout: Duration) -> Self {
        Self {
            http: Http::new("Prefect's API", timeout),
            url: Address::of(url, "PREFECT_API_URL"),
            key,
        }
    }

    /// Fetches the value of a secret block; `None` if no block has this name.
    pub(super) async fn fetch(&self, name: &str) -> Result<Option<SecretValue>, Error> {
        let Some(body) = self.block(name, "?include_secrets=true").await? else { return Ok(None) };
        let data = member(&body, "data").and_then(|data| member(&data.value, "value"));
        match data {
            Some(value) if value.form != Form::Null => Ok(Some(value.value)),
            _ => Err(self.http.unexpected()),
        }
    }

    /// Whether there is a block of this name. Its value is not asked for.
    pub(super) async fn exists(&self, name: &str) -> Result<bool, Error> {
        Ok(self.block(name, "").await?.is_some())
    }

    /// Where it is, for a person.
    pub(super) fn place(&self) -> String {
        match &self.url {
            Ok(url) => format!("Prefect's API at {url}"),
            Err(_) => "Prefect's API".to_owned(),
        }
    }

    async fn block(&self, name: &str, query: &str) -> Result<Option<SecretValue>, Error> {
        let url = self.url.as_ref().map_err(Clone::clone)?;
        // A block has no other name, so there is nothing to ask.
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Ok(None);
        }
        let url = url.to_send_to();
        let url = format!("{url}/block_types/slug/secret/block_documents/name/{name}{query}");
        let bearer = self.key.as_ref().map(|key| key.bearer("the key for Prefect's API"));
        let bearer = bearer.transpose()?;
        let headers: Vec<_> =
            bearer.iter().map(|bearer| ("authorization", bearer.as_slice())).collect();
        let answer = self.http.get(&url, &headers).await?;
        match answer.status {
            // A server's web pages answer at every other address.
            200 if member(&answer.body, "data").is_none() => Err(no_api()),
            200 => Ok(Some(answer.body)),
            404 if !is_of_the_api(&answer.body) => Err(no_api()),
            404 => Ok(None),
            status => Err(self.http.refused(status)),
        }
    }
}

fn no_api() -> Error {
    Error::new(ErrorKind::InvalidConfig, "there is no Prefect API at PREFECT_API_URL")
        .with_help("a server's API is at http://HOST:4200/api")
}

/// One member of a JSON object.
pub(super) fn member(object: &SecretValue, name: &str) -> Option<Json> {
    let members = json::object(object).ok()?;
    members.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Whether the API says that there is no such block, rather than that there is no such API.
fn is_of_the_api(body: &SecretValue) -> bool {
    // The text of an error, which holds no secret.
    member(body, "detail").is_some_and(|detail| detail.value.expose_bytes() != b"Not Found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_its_address_is_not_printed() {
        let url = SecretValue::from("https://user:SeNtInEl@host/api");
        let api = Api::new(&url, None, Duration::from_secs(1));
        let printed = format!("{api:?} {}", api.place());
        assert!(printed.contains("https://host/api") && !printed.contains("SeNtInEl"));
    }
}
