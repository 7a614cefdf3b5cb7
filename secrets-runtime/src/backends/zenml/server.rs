use std::{fmt, sync::Arc, time::Duration};

use zeroize::Zeroizing;

use crate::{
    backends::http::{
        address::Address,
        client::{Http, HttpAnswer},
        login::Login,
    },
    core::{
        credential::Credential,
        error::{Error, ErrorKind},
        escape::{MAX_PERCENT_BYTES, write_percent},
        secret_value::SecretValue,
    },
    payload::json::{self, Json, form::Form},
};

/// A ZenML server and a user of it.
pub(super) struct Server {
    http: Http,
    url: Address,
    user: String,
    password: Credential,
    login: Login<SecretValue>,
}

impl Server {
    pub(super) fn new(
        url: &SecretValue,
        user: &str,
        password: Credential,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let url = Address::of(url, "SECRETS_ZENML_URL")?;
        let http = Http::new("the ZenML server", timeout);
        Ok(Self { http, url, user: user.to_owned(), password, login: Login::default() })
    }

    /// Fetches the values of a secret, a JSON object; `None` if no secret has this name.
    pub(super) async fn fetch(self: &Arc<Self>, name: &str) -> Result<Option<SecretValue>, Error> {
        let Some(id) = self.find(name).await? else { return Ok(None) };
        let answer = self.get(&format!("/api/v1/secrets/{}", encoded(&id))).await?;
        match answer.status {
            200 => {}
            // It was deleted between the two requests.
            404 => return Ok(None),
            status => return Err(self.http.refused(status)),
        }
        if member(&answer.body, "permission_denied").is_some_and(|d| is(&d, "true")) {
            return Err(self.http.refused(403));
        }
        // The server chose it: one that matches names in another way must not return another secret.
        if !is_named(&answer.body, name) {
            return Ok(None);
        }
        let body = member(&answer.body, "body");
        match body.and_then(|body| member(&body.value, "values")) {
            Some(values) if values.form == Form::Object => Ok(Some(values.value)),
            _ => Err(self.http.unexpected()),
        }
    }

    /// The id of a secret, by its name. No value is read.
    pub(super) async fn find(self: &Arc<Self>, name: &str) -> Result<Option<String>, Error> {
        let answer = self.get(&format!("/api/v1/secrets?name=equals:{}", encoded(name))).await?;
        if answer.status != 200 {
            return Err(self.http.refused(answer.status));
        }
        let items = member(&answer.body, "items").filter(|items| items.form == Form::List);
        let items = items.and_then(|items| json::list(&items.value).ok());
        let items = items.ok_or_else(|| self.http.unexpected())?;
        let Some(item) = chosen(&items, name) else { return Ok(None) };
        let id = member(&item.value, "id").filter(|id| id.form == Form::Text);
        // An id is not secret.
        let id = id.and_then(|id| id.value.expose_str().ok().map(str::to_owned));
        id.map(Some).ok_or_else(|| self.http.unexpected())
    }

    /// Gets a resource, after a login where there was none or it has ended.
    async fn get(self: &Arc<Self>, path: &str) -> Result<HttpAnswer, Error> {
        let url = format!("{}{path}", self.url.to_send_to());
        let mut ended = None;
        loop {
            let server = self.clone();
            let log_in = async move { server.log_in().await };
            let bearer = self.login.token(ended.as_ref(), log_in).await?;
            let answer = self.http.get(&url, &[("authorization", bearer.expose_bytes())]).await?;
            if answer.status != 401 || ended.is_some() {
                return Ok(answer);
            }
            ended = Some(bearer);
        }
    }

    /// Logs in, and returns `Bearer TOKEN`.
    async fn log_in(&self) -> Result<SecretValue, Error> {
        let url = format!("{}/api/v1/login", self.url.to_send_to());
        let password = self.password.text("the password for ZenML")?;
        let form = login_form(&self.user, password);
        let content_type = "application/x-www-form-urlencoded";
        let answer = self.http.post(&url, &[], content_type, form.as_bytes()).await?;
        match (answer.status, member(&answer.body, "access_token")) {
            (200, Some(token)) if token.form == Form::Text => {
                let mut bearer = b"Bearer ".to_vec();
                bearer.extend_from_slice(token.value.expose_bytes());
                Ok(SecretValue::from(bearer))
            }
            // A server's web pages answer at every other address.
            (200 | 404 | 405, _) => {
                let message = format!("there is no ZenML server at {}", self.url);
                Err(Error::new(ErrorKind::InvalidConfig, message)
                    .with_help("check SECRETS_ZENML_URL: the address without /api"))
            }
            (401, _) => {
                let message =
                    format!("{self} does not accept the user `{}` and the password", self.user);
                Err(Error::new(ErrorKind::AccessDenied, message)
                    .with_help("check SECRETS_ZENML_USERNAME and SECRETS_ZENML_PASSWORD"))
            }
            (status, _) => Err(self.http.refused(status)),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("url", &self.url)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the ZenML server at {}", self.url)
    }
}

fn member(object: &SecretValue, name: &str) -> Option<Json> {
    let members = json::object(object).ok()?;
    members.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Of the secrets of exactly this name the private one, else the shared one.
fn chosen<'a>(items: &'a [Json], name: &str) -> Option<&'a Json> {
    let is_private = |item: &&Json| {
        let body = member(&item.value, "body");
        body.and_then(|body| member(&body.value, "private")).is_some_and(|p| is(&p, "true"))
    };
    // Databases compare names without regard to case, or to blanks at the end.
    let mut named = items.iter().filter(|item| is_named(&item.value, name));
    named.clone().find(is_private).or_else(|| named.next())
}

fn is_named(secret: &SecretValue, name: &str) -> bool {
    member(secret, "name").is_some_and(|known| known.form == Form::Text && is(&known, name))
}

fn is(json: &Json, word: &str) -> bool {
    json.value.expose_bytes() == word.as_bytes()
}

/// The form of a login, in a buffer that is wiped.
fn login_form(user: &str, password: &str) -> Zeroizing<String> {
    const NAMES: [&str; 2] = ["username=", "&password="];
    let length = NAMES.concat().len() + MAX_PERCENT_BYTES * (user.len() + password.len());
    // It never grows: growing would leave a copy that is not wiped.
    let mut form = Zeroizing::new(String::with_capacity(length));
    for (name, value) in NAMES.into_iter().zip([user, password]) {
        form.push_str(name);
        write_percent(value, &mut form);
    }
    form
}

/// A name as one part of an address.
fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(MAX_PERCENT_BYTES * name.len());
    write_percent(name, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_its_address_is_not_printed() {
        let url = SecretValue::from("https://user:SeNtInEl@host/zen");
        let password = Credential::new("SeNtInEl".into(), "SECRETS_ZENML_PASSWORD");
        let server = Server::new(&url, "ada", password, Duration::from_secs(1)).unwrap();
        let printed = format!("{server:?} {server}");
        assert!(printed.contains("https://host/zen") && !printed.contains("SeNtInEl"));
    }

    #[test]
    fn names_are_encoded_whole() {
        assert_eq!(encoded("a/b c?é%"), "a%2Fb%20c%3F%C3%A9%25");
    }

    #[test]
    fn the_form_of_a_login_stays_in_its_first_buffer() {
        let form = login_form("a&b", "SeNtInEl é/\u{7f}\n");
        let wanted = "username=a%26b&password=SeNtInEl%20%C3%A9%2F%7F%0A";
        assert!(*form == wanted, "it is encoded");
        let (user, password) = ("/".repeat(100), "\u{ff}".repeat(5000));
        let form = login_form(&user, &password);
        assert_eq!((form.len(), form.capacity()), (19 + 300 + 30_000, 19 + 300 + 30_000));
    }

    #[test]
    fn a_secret_of_another_name_is_none() {
        let item = |id: u8, name: &str, private: bool| {
            format!(r#"{{"id": "{id}", "name": {name}, "body": {{"private": {private}}}}}"#)
        };
        for (items, wanted) in [
            (vec![item(1, r#""DB""#, true), item(2, r#""db""#, false)], Some("2")),
            (vec![item(1, r#""db""#, false), item(2, r#""db""#, true)], Some("2")),
            (vec![item(1, r#""db""#, false), item(2, r#""db ""#, true)], Some("1")),
            (vec![item(1, r#""Db""#, true), item(2, "null", true)], None),
            (vec![], None),
        ] {
            let list = SecretValue::from(format!("[{}]", items.join(",")));
            let items = json::list(&list).unwrap();
            let id = chosen(&items, "db").and_then(|item| member(&item.value, "id"));
            assert_eq!(id.as_ref().map(|id| id.value.expose_str().unwrap()), wanted);
        }
    }
}
