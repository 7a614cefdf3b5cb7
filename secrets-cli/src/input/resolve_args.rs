//! What `resolve` and `run` are asked for, resolved as a step would.

use secrets_runtime::{Declaration, DeclarationBuilder, Error, Resolver, Secrets};

use crate::{
    args::Asked,
    failure::{self, Failure},
    shelf,
};

/// Resolves what is asked for, and what is requested in JSON.
pub fn resolve(asked: &Asked, requests: Option<&str>) -> Result<Secrets, Failure> {
    let (resolver, builder) = declaration(asked, requests, false)?;
    Ok(resolver.resolve_blocking(&builder.build())?.secrets)
}

/// What is asked for and requested as a declaration, and the resolver for it. `with_more` says that something
/// will be added to it.
pub fn declaration(
    asked: &Asked,
    requests: Option<&str>,
    with_more: bool,
) -> Result<(Resolver, DeclarationBuilder), Failure> {
    must_be_json("--sources", asked.sources.as_deref())?;
    must_be_json("--requests", requests)?;

    let mut building = Building {
        builder: Declaration::builder("secrets").inline_from_outside(),
        problems: Vec::new(),
    };
    building.add(|builder| builder.sources(&asked.source));
    if let Some(list) = &asked.sources {
        building.add(|builder| builder.sources_json(list));
    }
    if let Some(list) = requests {
        building.add(|builder| builder.requests_json(list));
    }
    if let Some(role) = &asked.role {
        building.add(|builder| builder.role(role));
    }
    failure::all(building.problems)?;

    let resolver = shelf::resolver(asked.backend.as_deref())?;
    let nothing = asked.source.is_empty() && asked.sources.is_none() && requests.is_none();
    if nothing && !with_more && !is_attached(&resolver) {
        let help = "name sources (such as `db`), or set SECRETS_WITH";
        return Err(Failure::usage("there is nothing to resolve", help));
    }
    Ok((resolver, building.builder.allow_override(asked.allow_override)))
}

/// A declaration that grows by what is good, while every mistake is kept.
struct Building {
    builder: DeclarationBuilder,
    problems: Vec<Error>,
}

impl Building {
    fn add(&mut self, step: impl FnOnce(DeclarationBuilder) -> Result<DeclarationBuilder, Error>) {
        match step(self.builder.clone()) {
            Ok(builder) => self.builder = builder,
            Err(error) => self.problems.push(error),
        }
    }
}

fn is_attached(resolver: &Resolver) -> bool {
    resolver.settings().any(|s| s.variable().name() == "SECRETS_WITH" && s.is_set())
}

/// Text that is no JSON at all is a mistake on the command line.
fn must_be_json(option: &str, text: Option<&str>) -> Result<(), Failure> {
    let Some(Err(error)) = text.map(secrets_spec::read_json) else { return Ok(()) };
    let message =
        format!("{option} is no JSON, at byte {}: {}", error.range().start, error.message());
    Err(Failure::usage(message, error.help().unwrap_or("write a list: [\"db\"]")))
}
