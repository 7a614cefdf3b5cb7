//! `secrets policy --check`: whether a policy document grants exactly what is needed.

mod glob;
mod statement;

use std::path::Path;

use secrets_runtime::ErrorKind;

use crate::{
    commands::policy::{
        check::{
            glob::{Glob, TooComplex, combinations, find},
            statement::{GivenStatement, StatementItems},
        },
        document::PolicyDocument,
    },
    failure::{Failure, error_about, fail_on_any},
};

/// What is needed: an action on the resources of a pattern.
#[derive(Debug)]
struct Need {
    action: Glob,
    resource: Glob,
    /// The resources in requests. An action without resources is requested on the text `*`.
    requested: Glob,
    /// The service through which a KMS key is used.
    via: Option<Glob>,
}

/// Fails with everything that a document lacks, and everything that it grants besides.
pub fn run(needed: &PolicyDocument, text: &str, path: &Path) -> Result<(), Failure> {
    let origin = path.display().to_string();
    let invalid = |message: String| {
        let help = "name a policy document in JSON, as `secrets policy` prints it";
        Failure::about(&origin, ErrorKind::InvalidConfig, message, help)
    };
    let given = statement::read(text).map_err(invalid)?;
    let too_complex = |TooComplex| {
        invalid("its patterns are too entangled to be compared; write fewer wildcards".to_owned())
    };
    let differences =
        Comparison { needs: needs(needed), given }.differences().map_err(too_complex)?;
    let (missing, excess) =
        ("run the command without `--check` to print what is needed", "remove what is not needed");
    let errors = differences.into_iter().map(|difference| {
        let help = if difference.starts_with("missing") { missing } else { excess };
        error_about(&origin, ErrorKind::Other, difference, help)
    });
    fail_on_any(errors.collect())
}

fn needs(document: &PolicyDocument) -> Vec<Need> {
    // A text that is not a pattern is needed as it is, so that nothing is left out.
    let pattern = |text: &str| Glob::parse(text).unwrap_or_else(|| Glob::literal(text));
    let mut needs = Vec::new();
    for statement in document.statements() {
        for action in &statement.actions {
            // What is needed has no variables.
            let Some(action) = Glob::in_lower_case(action) else { continue };
            let via = statement.condition.as_ref().map(|(_, service)| Glob::literal(service));
            needs.extend(statement.resources.iter().map(|resource| {
                let requested = match resource.as_str() {
                    "*" => Glob::literal(resource),
                    resource => pattern(resource),
                };
                let resource = pattern(resource);
                Need { action: action.clone(), resource, requested, via: via.clone() }
            }));
        }
    }
    needs
}

/// What is needed, and what is given.
struct Comparison {
    needs: Vec<Need>,
    given: Vec<GivenStatement>,
}

impl Comparison {
    fn differences(&self) -> Result<Vec<String>, TooComplex> {
        let mut differences = Vec::new();
        for need in &self.needs {
            differences.extend(self.missing(need)?);
        }
        for statement in self.given.iter().filter(|statement| statement.is_allow) {
            for action in statement.actions.described() {
                for resource in statement.resources.described() {
                    differences.extend(self.excess(statement, &action, &resource)?);
                }
            }
        }
        Ok(differences)
    }

    /// Returns what is missing of a need, in words.
    fn missing(&self, need: &Need) -> Result<Option<String>, TooComplex> {
        let mut relevant = Vec::new();
        for statement in &self.given {
            if statement.actions.match_all(&need.action)? {
                relevant.push(statement);
            }
        }
        let globs: Vec<&Glob> = relevant.iter().flat_map(|it| &it.resources.globs).collect();
        let mut vias = Vec::new();
        for statement in &relevant {
            vias.push(statement.permits_via(need.via.as_ref())?);
        }
        // For each statement: whether it is about the resource.
        let about = |matches: &[bool]| {
            let mut at = 0;
            let mut about = Vec::with_capacity(relevant.len());
            for statement in &relevant {
                let count = statement.resources.globs.len();
                about.push(statement.resources.is_about(&matches[at..at + count]));
                at += count;
            }
            about
        };
        // Only AWS knows whether a statement with a variable or another condition applies. It counts as a denial, but not
        // as a permission.
        let is_denied = |about: &[Option<bool>]| {
            let denies = |(it, about): (&&GivenStatement, &Option<bool>)| {
                !it.is_allow && *about != Some(false)
            };
            relevant.iter().zip(about).any(denies)
        };
        let is_allowed = |about: &[Option<bool>]| {
            let all = relevant.iter().zip(about).zip(&vias);
            all.into_iter().any(|((it, about), via)| {
                it.is_allow && *about == Some(true) && *via && !it.has_other_condition
            })
        };
        let lacks = find(&need.requested, &globs, |matches| !is_allowed(&about(matches)))?;
        let denied = find(&need.requested, &globs, |matches| is_denied(&about(matches)))?;
        if lacks.is_none() && denied.is_none() {
            return Ok(None);
        }
        let what = format!("missing: {} on {}", need.action.text(), need.resource.text());
        let what = match &need.via {
            Some(via) => format!("{what} through {}", via.text()),
            None => what,
        };
        let names = |wanted: &dyn Fn(&GivenStatement) -> bool| {
            let names = relevant.iter().filter(|it| wanted(it)).map(|it| it.name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let denying = names(&|it| !it.is_allow);
        let conditional = names(&|it| it.is_allow && (it.has_other_condition || it.via.is_some()));
        Ok(Some(match (lacks, denied) {
            (None, _) => format!("{what}, which {denying} may deny"),
            (Some(_), Some(_)) if !denying.is_empty() => {
                format!("{what}; {denying} may deny it too")
            }
            (Some(_), _) if !conditional.is_empty() => {
                format!("{what}, which {conditional} allows only under a condition")
            }
            (Some(_), _) => what,
        }))
    }

    /// Returns that a statement allows more than is needed, with one of its actions and resources.
    fn excess(
        &self,
        statement: &GivenStatement,
        action: &Described<'_>,
        resource: &Described<'_>,
    ) -> Result<Option<String>, TooComplex> {
        if !self.is_excess(statement, action, resource)? {
            return Ok(None);
        }
        let mut text = format!("too much: {} allows {action} on {resource}", statement.name);
        let is_of_kms = self.needs.iter().any(|need| need.via.is_some())
            && action
                .glob
                .as_ref()
                .is_some_and(|glob| glob.text().eq_ignore_ascii_case("kms:Decrypt"));
        if is_of_kms && statement.via.is_none() {
            text.push_str(", without the condition kms:ViaService");
        }
        Ok(Some(text))
    }

    fn is_excess(
        &self,
        statement: &GivenStatement,
        action: &Described<'_>,
        resource: &Described<'_>,
    ) -> Result<bool, TooComplex> {
        let all = Glob::parse("*").ok_or(TooComplex)?;
        // A variable may be any text.
        if action.is_variable || resource.is_variable {
            return Ok(true);
        }
        // A denial under a condition, or with a variable, need not apply.
        let denials: Vec<&GivenStatement> = self
            .given
            .iter()
            .filter(|it| !it.is_allow && it.via.is_none() && !it.has_other_condition)
            .collect();
        let own = &statement.actions.globs;
        let globs: Vec<&Glob> = (self.needs.iter().map(|need| &need.action))
            .chain(denials.iter().flat_map(|it| &it.actions.globs))
            .chain(action.excluded(own))
            .collect();
        let start = action.glob.as_ref().unwrap_or(&all);
        for matches in combinations(start, &globs)? {
            let (needed, rest) = matches.split_at(self.needs.len());
            let (denying, excluded) = split(rest, denials.iter().map(|it| &it.actions));
            if excluded.contains(&true) {
                continue;
            }
            let needs: Vec<&Need> = self
                .needs
                .iter()
                .zip(needed)
                .filter(|(_, is)| **is)
                .map(|(need, _)| need)
                .collect();
            let denying = denials.iter().zip(denying).filter(|(_, is)| *is == Some(true));
            let denying: Vec<&GivenStatement> = denying.map(|(it, _)| *it).collect();
            let globs: Vec<&Glob> = (needs.iter().map(|need| &need.resource))
                .chain(denying.iter().flat_map(|it| &it.resources.globs))
                .chain(resource.excluded(&statement.resources.globs))
                .collect();
            let start = resource.glob.as_ref().unwrap_or(&all);
            for matches in combinations(start, &globs)? {
                let (needed, rest) = matches.split_at(needs.len());
                let (denied, excluded) = split(rest, denying.iter().map(|it| &it.resources));
                if excluded.contains(&true) || denied.contains(&Some(true)) {
                    continue;
                }
                let needed: Vec<&Need> = needs
                    .iter()
                    .zip(needed)
                    .filter(|(_, is)| **is)
                    .map(|(need, _)| *need)
                    .collect();
                if !is_within(statement, &needed)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Whether a statement allows no more than these needs, of which each has the action and the resource.
fn is_within(statement: &GivenStatement, needs: &[&Need]) -> Result<bool, TooComplex> {
    if needs.iter().any(|need| need.via.is_none()) {
        return Ok(true);
    }
    let Some(given) = &statement.via else { return Ok(false) };
    let needed: Vec<&Glob> = needs.iter().filter_map(|need| need.via.as_ref()).collect();
    for via in given {
        if find(via, &needed, |matches| !matches.contains(&true))?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Splits what matches into that of the items of each statement, and the rest.
fn split<'a, 'm>(
    mut matches: &'m [bool],
    items: impl Iterator<Item = &'a StatementItems>,
) -> (Vec<Option<bool>>, &'m [bool]) {
    let mut about = Vec::new();
    for items in items {
        let (own, rest) = matches.split_at(items.globs.len());
        about.push(items.is_about(own));
        matches = rest;
    }
    (about, matches)
}

/// One pattern of a statement, or all but its patterns.
struct Described<'a> {
    /// `None` for all but the patterns.
    glob: Option<Glob>,
    is_variable: bool,
    text: std::borrow::Cow<'a, str>,
}

impl Described<'_> {
    /// Returns the patterns that are excluded.
    fn excluded<'g>(&self, own: &'g [Glob]) -> &'g [Glob] {
        if self.glob.is_none() { own } else { &[] }
    }
}

impl std::fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl StatementItems {
    /// Returns the patterns one by one.
    fn described(&self) -> Vec<Described<'_>> {
        if self.is_inverted {
            let globs = self.globs.iter().map(Glob::text);
            let texts: Vec<_> = globs.chain(self.variables.iter().map(String::as_str)).collect();
            let text = format!("everything but {}", texts.join(", ")).into();
            let is_variable = !self.variables.is_empty();
            return vec![Described { glob: None, is_variable, text }];
        }
        let globs = self.globs.iter().map(|glob| {
            let text = glob.text().into();
            Described { glob: Some(glob.clone()), is_variable: false, text }
        });
        let variables = self.variables.iter().map(|text| Described {
            glob: None,
            is_variable: true,
            text: text.into(),
        });
        globs.chain(variables).collect()
    }

    /// Whether the items are about a text which the patterns match so. `None` if only AWS knows.
    fn is_about(&self, matches: &[bool]) -> Option<bool> {
        let is_known = matches.contains(&true);
        match (is_known, self.variables.is_empty()) {
            (false, false) => None,
            (is_known, _) => Some(is_known != self.is_inverted),
        }
    }

    /// Whether the items are about an action.
    fn match_all(&self, action: &Glob) -> Result<bool, TooComplex> {
        let globs: Vec<&Glob> = self.globs.iter().collect();
        let found = find(action, &globs, |matches| self.is_about(matches) == Some(true))?;
        Ok(found.is_some())
    }
}

impl GivenStatement {
    /// Whether its condition permits the service, or it has none.
    fn permits_via(&self, via: Option<&Glob>) -> Result<bool, TooComplex> {
        let (given, wanted) = match (&self.via, via) {
            (None, _) => return Ok(true),
            (Some(_), None) => return Ok(false),
            (Some(given), Some(wanted)) => (given, wanted),
        };
        let given: Vec<&Glob> = given.iter().collect();
        Ok(find(wanted, &given, |matches| !matches.contains(&true))?.is_none())
    }
}
