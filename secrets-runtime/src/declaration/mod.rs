mod json;
mod lists;
pub(crate) mod parse;

use std::collections::HashMap;

#[cfg(feature = "guard")]
use secrets_spec::GuardMode;
use secrets_spec::{ConflictText, Request, RequestIndex, Source, SourceRole, SpecError};

use crate::{
    core::{
        error::{Error, ErrorKind, Problem},
        escape::escape_name,
    },
    declaration::parse::{invalid, parse_source},
};
use secrets_spec::Secret;

/// What a step declares. It says what the attribute says, for programs that know it only at run time.
///
/// ```
/// use secrets_runtime::{Declaration, Error};
///
/// let declaration = Declaration::builder("load")
///     .source("prod-db")?
///     .request("api", "token")?
///     .role("arn:aws:iam::123456789012:role/SecretsAccess")?
///     .build();
/// assert_eq!(declaration.step(), Some("load"));
/// # Ok::<(), Error>(())
/// ```
///
/// Its JSON uses the attribute's words:
/// `{"step": "load", "sources": ["prod-db"], "secret_requests": [{"group": "api", "key": "token"}], "role": null, "allow_override": false}`.
/// `step` and `role` may be `null`. A source that cannot be written as one text is an object of its fields;
/// the values of an `inline` source are `"***"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    pub(crate) step: Option<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) requests: Vec<Request>,
    /// The keys that will be read of the sources, each with its group. Validation looks for them.
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) role: SourceRole,
    pub(crate) allow_override: bool,
    /// Whether this is a test, in which `inline` sources do not warn.
    pub(crate) in_test: bool,
    /// Whether it comes from a function with an attribute.
    pub(crate) of_attribute: bool,
    /// `guard`, if the attribute has it.
    #[cfg(feature = "guard")]
    pub(crate) guard: Option<GuardMode>,
}

impl Declaration {
    /// Returns a builder for the declaration of a step with this name.
    #[must_use]
    pub fn builder(step: impl Into<String>) -> DeclarationBuilder {
        DeclarationBuilder { declaration: Self::empty(Some(step.into())) }
    }

    /// Returns the step's name.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        self.step.as_deref()
    }

    /// Returns whether nothing is declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.requests.is_empty()
    }

    pub(crate) fn empty(step: Option<String>) -> Self {
        Self {
            step,
            sources: Vec::new(),
            requests: Vec::new(),
            keys: Vec::new(),
            role: SourceRole::Inherit,
            allow_override: false,
            in_test: false,
            of_attribute: false,
            #[cfg(feature = "guard")]
            guard: None,
        }
    }

    /// Adds a source. A source that is there already is dropped; another one with the same group is refused.
    pub(crate) fn add_source(&mut self, source: Source) -> Result<(), Problem> {
        self.add_sources([Ok(source)]).pop().map_or(Ok(()), Err)
    }

    /// Adds the sources that were read, each as [`add_source`](Self::add_source) does. Returns all problems, in order.
    pub(crate) fn add_sources(
        &mut self,
        read: impl IntoIterator<Item = Result<Source, Vec<Problem>>>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        let place = |(place, source): (usize, &Source)| (source.group().to_owned(), place);
        let mut places: HashMap<String, usize> =
            self.sources.iter().enumerate().map(place).collect();
        for source in read {
            let source = match source {
                Ok(source) => source,
                Err(found) => {
                    problems.extend(found);
                    continue;
                }
            };
            let known = places.get(source.group()).and_then(|place| self.sources.get(*place));
            match known {
                None => {
                    places.insert(source.group().to_owned(), self.sources.len());
                    self.sources.push(source);
                }
                Some(known) if known.same_as(&source) => {}
                Some(_) => {
                    let group = escape_name(source.group());
                    let message = format!("two sources have the group `{group}`");
                    let problem = Problem::new(ErrorKind::InvalidSource, message)
                        .with_origin(source.origin())
                        .with_help("give one of them a `group` of its own");
                    problems.push(problem);
                }
            }
        }
        problems
    }

    /// Adds a request. A request that is there already is dropped; one that conflicts with another is
    /// refused.
    pub(crate) fn add_request(&mut self, request: Request) -> Result<(), Problem> {
        let conflict = |known: &Request| ConflictText::message(known.view(), request.view());
        if self.requests.contains(&request) {
            return Ok(());
        }
        match self.requests.iter().find_map(conflict) {
            Some(conflict) => Err(refused(&request, &conflict)),
            None => {
                self.requests.push(request);
                Ok(())
            }
        }
    }

    /// Adds requests, each as [`add_request`](Self::add_request) does. Returns all problems, in order.
    pub(crate) fn add_requests(
        &mut self,
        requests: impl IntoIterator<Item = Request>,
    ) -> Vec<Problem> {
        let mut index = RequestIndex::default();
        for (place, known) in self.requests.iter().enumerate() {
            index.add(known.view(), place);
        }
        let mut problems = Vec::new();
        for request in requests {
            let known = index.conflicting(request.view()).and_then(|at| self.requests.get(at));
            let conflict = match known {
                // It is the only one with which an equal one can conflict.
                Some(known) if *known == request => continue,
                Some(known) => ConflictText::message(known.view(), request.view()),
                None => None,
            };
            match conflict {
                None => {
                    index.add(request.view(), self.requests.len());
                    self.requests.push(request);
                }
                Some(conflict) => problems.push(refused(&request, &conflict)),
            }
        }
        problems
    }
}

fn refused(request: &Request, conflict: &ConflictText) -> Problem {
    Problem::new(ErrorKind::InvalidSource, conflict.as_str())
        .with_origin(request.to_string())
        .with_help(conflict.conflict().help())
}

/// Builds a [`Declaration`].
#[derive(Debug, Clone)]
pub struct DeclarationBuilder {
    pub(crate) declaration: Declaration,
}

impl DeclarationBuilder {
    /// Adds a source, written as in the attribute: a name, `type.id`, an ARN, or JSON with fields
    /// (`{"id": "db", "options": {"json": false}}`). Adding the same source twice is allowed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSource`] if the text does not parse or if another source has its group;
    /// [`ErrorKind::InvalidName`] if the id cannot be a variable name, or is a path that leaves its folder.
    pub fn source(mut self, text: &str) -> Result<Self, Error> {
        let problem = match parse_source(text) {
            Ok(source) => self.declaration.add_source(source).err().map(|problem| vec![problem]),
            Err(problems) => Some(problems),
        };
        self.or_error(problem)
    }

    /// Adds a request for a key of a group.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSource`] if one of the two does not parse, or if the request conflicts with
    /// another.
    pub fn request(self, group: &str, key: &str) -> Result<Self, Error> {
        let request = Request::new(group, key);
        self.parsed_request(request, &format!("{group}/{key}"))
    }

    /// Adds a request with its version, its mount requirement and its variable.
    ///
    /// # Errors
    /// As [`DeclarationBuilder::request`].
    pub fn secret(self, secret: Secret) -> Result<Self, Error> {
        let view = secret.view();
        self.parsed_request(Request::try_from(secret), &format!("{}/{}", view.group, view.key))
    }

    /// Sets the role for all sources and requests without a role of their own. `""` opts out of the default
    /// role (`SECRETS_DEFAULT_ROLE`).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSource`] if it is neither empty nor the ARN of a role.
    pub fn role(mut self, role: &str) -> Result<Self, Error> {
        let problem = match SourceRole::parse(role) {
            Ok(role) => {
                self.declaration.role = role;
                None
            }
            Err(error) => {
                Some(vec![invalid(&error, ErrorKind::InvalidSource).with_origin(escape_name(role))])
            }
        };
        self.or_error(problem)
    }

    /// Sets whether a variable may replace one that the environment has already.
    #[must_use]
    pub fn allow_override(mut self, allow: bool) -> Self {
        self.declaration.allow_override = allow;
        self
    }

    /// Returns the declaration.
    #[must_use]
    pub fn build(self) -> Declaration {
        self.declaration
    }

    fn parsed_request(
        mut self,
        request: Result<Request, SpecError>,
        origin: &str,
    ) -> Result<Self, Error> {
        let problem = match request {
            Ok(request) => self.declaration.add_request(request).err(),
            Err(error) => {
                Some(invalid(&error, ErrorKind::InvalidSource).with_origin(escape_name(origin)))
            }
        };
        self.or_error(problem.map(|problem| vec![problem]))
    }

    fn or_error(self, problems: Option<Vec<Problem>>) -> Result<Self, Error> {
        match problems {
            None => Ok(self),
            Some(problems) => Err(Error::from_problems(problems).in_step(self.declaration.step())),
        }
    }
}
