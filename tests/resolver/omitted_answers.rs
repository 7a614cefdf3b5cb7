//! A backend that leaves answers out, and names the secret of each answer that it returns.

use std::fmt;

use secrets_runtime::{
    Backend, BoxFuture, Declaration, DeclarationBuilder, Error, FetchRequest, Fetched, Resolver,
};

/// A backend whose values are of a secret and a key. It leaves out the first answer of several.
#[derive(Debug)]
struct Forgetful;

impl fmt::Display for Forgetful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what forgets")
    }
}

impl Backend for Forgetful {
    fn kind(&self) -> &str {
        "forgetful"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let answer = |request: &FetchRequest<'_>| {
            let key = request.key().unwrap_or_default();
            Ok(Fetched::text(format!("SeNtInEl-{key}")).with_name(request.id()))
        };
        let skipped = usize::from(requests.len() > 1);
        Box::pin(async move { requests.iter().skip(skipped).map(answer).collect() })
    }
}

#[test]
fn a_name_that_two_requests_have_in_common_proves_no_order() {
    let builder = Resolver::builder().backend(Forgetful).default_backend("forgetful");
    let resolver = builder.build().unwrap();
    let request = |keys: &[&str]| {
        let builder = Declaration::builder("step");
        let add = |builder: DeclarationBuilder, key: &&str| builder.request("db", key).unwrap();
        let declaration = keys.iter().fold(builder, add).build();
        resolver.resolve_blocking(&declaration)
    };
    assert!(request(&["user", "password"]).is_err());
    for key in ["user", "password"] {
        let context = request(&[key]).unwrap();
        let value = context.secrets.get("db", key).unwrap();
        assert_eq!(value.expose_str().unwrap(), format!("SeNtInEl-{key}"));
    }
}
