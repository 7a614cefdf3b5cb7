//! The ids of one secret of AWS: its name, its ARN, and the ARN without its suffix.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use secrets_spec::SecretArn;

use crate::{
    backend::{Fetched, identity::Identity},
    backends::aws::{
        answer::{SecretAnswer, without_suffix},
        target::ParsedRequest,
    },
};

/// Finds the identities of a secret from its answers: an answer to a name has the ARN, and so the account and the
/// region that a name without an ARN means.
#[derive(Debug, Default)]
pub(super) struct ArnAliases {
    accounts: Mutex<Accounts>,
}

/// The accounts in which names are found.
#[derive(Debug, Default)]
struct Accounts {
    /// The caller's own; empty as long as it is not known.
    own: String,
    /// That of each role.
    of_roles: HashMap<String, String>,
}

impl ArnAliases {
    /// Reads an answer to a request, and adds the other identities of the secret to it. `default_region` is the
    /// region of names that say none, if it is known.
    pub(super) fn read(
        &self,
        request: &ParsedRequest,
        answer: &SecretAnswer,
        default_region: Option<&str>,
    ) -> Fetched {
        let identities = self.identities(request, answer.name(), answer.arn(), default_region);
        let partial = without_suffix(answer.arn()).filter(|it| is_ambiguous(it));
        let write_ids = partial.map(str::to_owned).into_iter().collect();
        Fetched { identities, write_ids, ..request.read(answer) }
    }

    fn identities(
        &self,
        request: &ParsedRequest,
        name: &str,
        arn: &str,
        default_region: Option<&str>,
    ) -> Vec<Identity> {
        let Ok(arn) = SecretArn::parse(arn) else { return Vec::new() };
        let role = request.role.as_deref();
        let mut identities = Vec::with_capacity(4);
        identities.push(request.identity_as(arn.as_str(), None));
        // AWS has just answered to the one of the request with this secret.
        let partial =
            without_suffix(arn.as_str()).filter(|it| !is_ambiguous(it) || *it == request.target.id);
        identities.extend(partial.map(|partial| request.identity_as(partial, None)));
        if !request.target.id.starts_with("arn:") {
            self.learn(role, arn.account());
        }
        if !name.is_empty() && self.finds_names_in(role, arn.account()) {
            identities.push(request.identity_as(name, Some(arn.region())));
            if default_region == Some(arn.region()) {
                identities.push(request.identity_as(name, None));
            }
        }
        identities
    }

    fn learn(&self, role: Option<&str>, account: &str) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match role {
            None => &mut accounts.own,
            Some(role) => accounts.of_roles.entry(role.to_owned()).or_default(),
        };
        // Almost always it is known already.
        if known != account {
            account.clone_into(known);
        }
    }

    /// Whether this role finds names in this account; without a role, whether the caller does.
    fn finds_names_in(&self, role: Option<&str>, account: &str) -> bool {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(role) = role else { return accounts.own == account };
        let known = accounts.of_roles.get(role).map(String::as_str);
        // A role finds names in its own account.
        known.or_else(|| role.split(':').nth(4)) == Some(account)
    }
}

/// Whether an ARN without its suffix still ends like one: it may be the whole ARN of another secret, which AWS then
/// means by it.
fn is_ambiguous(partial: &str) -> bool {
    without_suffix(partial).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::fetch_request::FetchRequest;

    const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";
    const PARTIAL: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db";
    const FOREIGN: &str = "arn:aws:iam::999999999999:role/r";

    fn request<'a>(id: &'a str, role: Option<&'a str>) -> FetchRequest<'a> {
        FetchRequest::named(id).with_role(role)
    }

    fn identity(request: FetchRequest<'_>) -> Identity {
        ParsedRequest::of(&request).identity()
    }

    /// Whether an answer with this name and ARN to one request serves another one.
    fn serves(
        aliases: &ArnAliases,
        asked: FetchRequest<'_>,
        (name, arn): (&str, &str),
        other: FetchRequest<'_>,
    ) -> bool {
        let parsed = ParsedRequest::of(&asked);
        let identities = aliases.identities(&parsed, name, arn, Some("us-east-1"));
        identities.contains(&identity(other))
    }

    #[test]
    fn a_name_serves_its_arns_and_then_they_serve_the_name() {
        let aliases = ArnAliases::default();
        let (name, arn, partial) =
            (request("db", None), request(ARN, None), request(PARTIAL, None));
        let answer = ("db", ARN);
        // Nobody knows yet in which account a name is looked for.
        assert!(serves(&aliases, arn, answer, partial) && !serves(&aliases, arn, answer, name));
        assert!(serves(&aliases, name, answer, arn) && serves(&aliases, name, answer, partial));
        assert!(serves(&aliases, arn, answer, name) && serves(&aliases, partial, answer, name));
        // In its own region, said or not, and in no other.
        assert!(serves(&aliases, arn, answer, name.with_region("us-east-1")));
        assert!(!serves(&aliases, arn, answer, name.with_region("eu-west-1")));
    }

    #[test]
    fn a_name_of_another_region_serves_no_name_without_one() {
        let aliases = ArnAliases::default();
        let there = request("db", None).with_region("eu-west-1");
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
        assert!(serves(&aliases, there, ("db", arn), request(arn, None)));
        assert!(!serves(&aliases, there, ("db", arn), request("db", None)));
    }

    #[test]
    fn a_name_that_ends_like_an_arn_is_not_the_secret_whose_arn_it_ends() {
        let answer = ("db-AbCdEf", format!("{ARN}-123456"));
        let answer = (answer.0, answer.1.as_str());
        let lookalike = request("db-AbCdEf", None);
        assert!(!serves(&ArnAliases::default(), lookalike, answer, request(ARN, None)));
        assert!(serves(&ArnAliases::default(), lookalike, answer, request(answer.1, None)));
    }

    #[test]
    fn an_answer_states_the_partial_arn_by_which_it_was_asked_for() {
        let (name, arn) = ("db-AbCdEf", format!("{ARN}-123456"));
        let value = || Some("SeNtInEl".into());
        let answer = SecretAnswer::new(name.into(), arn.clone(), "1".into(), value(), None);
        let ids = |asked| {
            let read = ArnAliases::default().read(&ParsedRequest::of(&asked), &answer, None);
            let ids: Vec<_> = read.identities().iter().map(|it| it.id().to_owned()).collect();
            assert_eq!(read.write_ids, [ARN], "a write may name it so");
            ids
        };
        // It may be another secret's whole ARN, but AWS has answered to it with this secret.
        assert_eq!(ids(request(ARN, None)), [arn.as_str(), ARN]);
        assert_eq!(ids(request(&arn, None)), [arn.as_str()]);
    }

    #[test]
    fn a_name_in_another_account_is_another_secret() {
        let aliases = ArnAliases::default();
        // The role reads an ARN of another account than its own.
        let asked = request(ARN, Some(FOREIGN));
        for other in [request("db", Some(FOREIGN)), request("db", None), request(ARN, None)] {
            assert!(!serves(&aliases, asked, ("db", ARN), other), "{other:?}");
        }
        // In its own account it finds names.
        let arn = "arn:aws:secretsmanager:us-east-1:999999999999:secret:db-AbCdEf";
        let own = request(arn, Some(FOREIGN));
        assert!(serves(&aliases, own, ("db", arn), request("db", Some(FOREIGN))));
    }

    #[test]
    fn another_version_or_reading_is_another_answer() {
        let aliases = ArnAliases::default();
        let previous = request("db", None).with_version_stage("AWSPREVIOUS");
        let answer = ("db", ARN);
        assert!(!serves(&aliases, previous, answer, request(ARN, None)));
        assert!(serves(
            &aliases,
            previous,
            answer,
            request(ARN, None).with_version_stage("AWSPREVIOUS")
        ));
        // An ARN that is split between group and key is read as a text.
        let (group, key) = ARN.rsplit_once(':').expect("an ARN");
        assert!(!serves(&aliases, request("db", None), answer, request(group, None).with_key(key)));
        let current = request("db", None).with_version_stage("AWSCURRENT");
        assert_eq!(identity(current), identity(request("db", None)));
        assert_eq!(identity(current.with_key("password")), identity(request("db", None)));
    }
}
