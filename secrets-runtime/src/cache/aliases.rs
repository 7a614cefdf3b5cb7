use std::collections::HashMap;

use secrets_spec::SecretArn;

use crate::cache::key::Key;

/// Where names are at home: the account and the region that a name without an ARN means. It is learnt from the
/// answers, and makes one entry of a secret's name and its ARNs.
#[derive(Debug, Default)]
pub(super) struct Homes {
    /// The account of each role; of none, the caller's own.
    accounts: HashMap<Option<String>, String>,
    region: Option<String>,
}

impl Homes {
    /// All keys under which the secret that answered to `key` is known: `ids` are its name and its ARN.
    pub(super) fn keys(&mut self, key: &Key, ids: &[String]) -> Vec<Key> {
        let mut keys = vec![key.clone()];
        let arn = ids.iter().find_map(|id| SecretArn::parse(id).ok());
        let Some(arn) = arn else { return keys };
        let mut add = |id: &str, region: Option<&str>| {
            let other = key.under(id, region);
            if !keys.contains(&other) {
                keys.push(other);
            }
        };
        self.learn(key, &arn);
        add(arn.as_str(), None);
        // One that still ends so may be the whole ARN of another secret, which AWS then means by it.
        if let Some(partial) = without_suffix(arn.as_str()).filter(|p| without_suffix(p).is_none())
        {
            add(partial, None);
        }
        if self.account(key.role.as_deref()).as_deref() == Some(arn.account()) {
            let names = ids.iter().filter(|id| !id.starts_with("arn:"));
            for name in names {
                add(name, Some(arn.region()));
                if self.region.as_deref() == Some(arn.region()) {
                    add(name, None);
                }
            }
        }
        keys
    }

    /// A name that was answered with an ARN is at home in its account and region.
    fn learn(&mut self, key: &Key, arn: &SecretArn) {
        if key.id.starts_with("arn:") {
            return;
        }
        self.accounts.insert(key.role.clone(), arn.account().to_owned());
        if key.region.is_none() {
            self.region = Some(arn.region().to_owned());
        }
    }

    fn account(&self, role: Option<&str>) -> Option<String> {
        if let Some(known) = self.accounts.get(&role.map(str::to_owned)) {
            return Some(known.clone());
        }
        // A role reads names in its own account.
        role?.split(':').nth(4).map(str::to_owned)
    }
}

/// An ARN without the hyphen and the six characters that AWS appends, if it ends so.
fn without_suffix(arn: &str) -> Option<&str> {
    let (start, suffix) = arn.rsplit_once('-')?;
    let is_suffix = suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_suffix.then_some(start)
}
