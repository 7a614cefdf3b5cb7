use std::time::Duration;

use crate::{
    backends::{
        http::{address::Address, client::Http},
        prefect::api::member,
    },
    core::{
        credential::Credential,
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::json::{self, Json, form::Form},
    settings::variables,
};

const VALUE: &str = "query($name: String!) { secret_value(name: $name) }";
const NAMES: &str = "query { secret_names }";

/// The GraphQL API of Prefect 1's Cloud.
#[derive(Debug)]
pub(super) struct Cloud {
    http: Http,
    url: Result<Address, Error>,
    key: Option<Credential>,
    tenant: Option<Credential>,
}

impl Cloud {
    pub(super) fn new(
        url: Option<&SecretValue>,
        key: Option<Credential>,
        tenant: Option<String>,
        timeout: Duration,
    ) -> Self {
        let prefects = SecretValue::from("https://api.prefect.io");
        let url = Address::of(url.unwrap_or(&prefects), "PREFECT__CLOUD__API");
        let of_variable = |tenant: String| {
            Credential::new(tenant.into(), variables::PREFECT_CLOUD_TENANT_ID.name())
        };
        let tenant = tenant.map(of_variable);
        Self { http: Http::new("Prefect's Cloud", timeout), url, key, tenant }
    }

    /// Fetches the value of a secret; `None` if no secret has this name.
    pub(super) async fn fetch(&self, name: &str) -> Result<Option<SecretValue>, Error> {
        let variables = format!("{{\"name\": {}}}", json_string(name));
        match self.ask(VALUE, &variables, "secret_value").await? {
            Some(value) if value.form != Form::Null => Ok(Some(value.value)),
            _ => Ok(None),
        }
    }

    /// Whether there is a secret of this name. All names are asked for, and no value.
    pub(super) async fn exists(&self, name: &str) -> Result<bool, Error> {
        let names = self.ask(NAMES, "null", "secret_names").await?;
        let Some(names) = names else { return Err(self.http.unexpected()) };
        let names = json::list(&names.value).map_err(|_| self.http.unexpected())?;
        // Names are no secrets.
        Ok(names.iter().any(|known| known.value.expose_bytes() == name.as_bytes()))
    }

    /// Where it is, for a person.
    pub(super) fn place(&self) -> String {
        match &self.url {
            Ok(url) => format!("Prefect's Cloud at {url}"),
            Err(_) => "Prefect's Cloud".to_owned(),
        }
    }

    /// Sends a query and returns the wanted member of the answer's data.
    async fn ask(&self, query: &str, variables: &str, wanted: &str) -> Result<Option<Json>, Error> {
        let url = self.url.as_ref().map_err(Clone::clone)?;
        let Some(key) = &self.key else {
            let message = "Prefect's Cloud needs a key, and PREFECT__CLOUD__API_KEY is not set";
            return Err(Error::new(ErrorKind::InvalidConfig, message)
                .with_help("set it, or PREFECT__CLOUD__USE_LOCAL_SECRETS=true"));
        };
        let bearer = key.bearer("the key for Prefect's Cloud")?;
        let mut headers = vec![("authorization", bearer.as_slice())];
        if let Some(tenant) = &self.tenant {
            headers.push(("x-prefect-tenant-id", tenant.header("the tenant of Prefect's Cloud")?));
        }
        let body = format!(
            "{{\"query\": {}, \"variables\": {}}}",
            json_string(query),
            json_string(variables)
        );
        let (url, body) = (url.to_send_to(), body.as_bytes());
        let answer = self.http.post(url, &headers, "application/json", body).await?;
        if let Some(errors) = member(&answer.body, "errors").filter(|e| e.form == Form::List) {
            return self.failure(&errors, answer.status);
        }
        if answer.status != 200 {
            return Err(self.http.refused(answer.status));
        }
        match member(&answer.body, "data") {
            Some(data) if data.form == Form::Object => Ok(member(&data.value, wanted)),
            Some(data) if data.form == Form::Null => Ok(None),
            _ => Err(self.http.unexpected()),
        }
    }

    /// Reads the server's own errors. One of them says that there is no such secret.
    fn failure(&self, errors: &Json, status: u16) -> Result<Option<Json>, Error> {
        let first = json::list(&errors.value).ok().and_then(|all| all.into_iter().next());
        let said = first.and_then(|error| member(&error.value, "message"));
        // It is looked at for this alone, and never passed on: it may repeat what it was asked with.
        let said = said.as_ref().and_then(|said| said.value.expose_str().ok()).unwrap_or_default();
        if said.contains("No value found") {
            return Ok(None);
        }
        let message = format!("Prefect's Cloud refuses the query (HTTP status {status})");
        Err(Error::new(ErrorKind::Unavailable, message)
            .with_help("check PREFECT__CLOUD__API_KEY and PREFECT__CLOUD__TENANT_ID"))
    }
}

/// A text as a JSON string.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_its_address_is_not_printed() {
        let url = SecretValue::from("https://user:SeNtInEl@host/api");
        let cloud = Cloud::new(Some(&url), None, None, Duration::from_secs(1));
        let printed = format!("{cloud:?} {}", cloud.place());
        assert!(printed.contains("https://host/api") && !printed.contains("SeNtInEl"));
    }

    #[test]
    fn what_the_server_says_is_not_passed_on() {
        let cloud = Cloud::new(None, None, None, Duration::from_secs(1));
        let answer = |said: &str| {
            let value = SecretValue::from(format!(r#"[{{"message": "{said}"}}]"#));
            cloud.failure(&Json { form: Form::List, value }, 400)
        };
        assert!(answer("No value found for A").unwrap().is_none());
        let error = answer("the key SeNtInEl is none").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let printed = format!("{error} {error:?}");
        assert!(printed.contains("HTTP status 400") && !printed.contains("SeNtInEl"));
    }
}
