//! `secrets policy`: the permissions that the steps of a compiled program need.

mod check;
mod distinct_names;
mod document;
mod external_secrets;
mod kms_key;
mod kubernetes;
mod needs;
mod parameters;
mod partition;
mod target;
mod terraform;
mod unknown;
mod vault;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use secrets_runtime::{
    Resolver,
    admin::SourceRoute,
    settings::variables::{self, Variable},
};
use secrets_spec::BuiltIn;

use crate::{
    args::program_args::{Policy, PolicyFormat},
    commands::policy::{
        distinct_names::{MAX_NAME, MadeName, distinct_names},
        document::{PolicyDocument, indent},
        kms_key::KmsKey,
        needs::AwsNeeds,
        target::PolicyTarget,
        unknown::Unknown,
    },
    compiled_program::CompiledProgram,
    failure::Failure,
    input::value::read_document,
    output::{json_object::JsonObject, reporter::Reporter, wiped_output::WipedOutput},
    stores,
};

/// The most characters of a managed policy, without white space
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const MAX_POLICY: usize = 6144;

/// The routes of each step, by its module and name.
type StepRoutes = BTreeMap<String, Vec<SourceRoute>>;

/// `--check` and `--trust` are about IAM.
fn refuse_what_has_no_meaning(args: &Policy) -> Result<(), Failure> {
    let is_of_iam = matches!(args.format, PolicyFormat::Json | PolicyFormat::Terraform);
    if args.check.is_some() && args.format != PolicyFormat::Json {
        let help = "leave --format out: --check compares a policy document of AWS IAM";
        return Err(Failure::usage("--check has no meaning with this --format", help));
    }
    if args.trust && !is_of_iam {
        let help =
            "write --format json or --format terraform: only roles of AWS have trust policies";
        return Err(Failure::usage("--trust has no meaning with this --format", help));
    }
    Ok(())
}

/// Prints the permissions that the steps of a program need, or checks a document that grants them.
pub fn run(args: &Policy, reporter: &Reporter) -> Result<(), Failure> {
    refuse_what_has_no_meaning(args)?;
    let program = CompiledProgram::read(&args.program)?;
    program.warn(reporter);
    program.require_steps()?;
    let mut builder = stores::resolver_builder(args.backend.as_deref());
    if let Some(region) = &args.region {
        builder = builder.option("--region", &variables::AWS_REGION, region);
    }
    let resolver = builder.build()?;
    let mut routes = StepRoutes::new();
    for step in program.steps() {
        let known = routes.entry(format!("{}::{}", step.module, step.name)).or_default();
        known.extend(resolver.routes(step)?);
    }
    let target = PolicyTarget {
        account: args.account.clone(),
        keys: args.kms.iter().map(|key| KmsKey::parse(key)).collect::<Result<_, _>>()?,
        has_preflight: args.preflight,
        is_by_agent: stores::is_aws_by_agent(&resolver),
        external_id: setting(&resolver, &variables::AWS_EXTERNAL_ID),
    };
    if let Some(path) = &args.check {
        let needed = document(&routes, &target)?;
        let text = read_document(path, reporter)?;
        // A policy is not secret: it is parsed for its statements.
        check::run(&needed, text.expose_str()?, path)?;
        reporter.info("the policy grants exactly what is needed");
        return Ok(());
    }
    let printed = Printer { args, routes: &routes, target: &target, resolver: &resolver };
    let text = printed.text(reporter)?;
    let is_empty = text.is_empty();
    let mut output = WipedOutput::default();
    output.push(text);
    output.print()?;
    note_others(args.format, &routes, reporter);
    note_no_need(args, &routes, is_empty, reporter);
    Ok(())
}

/// Returns the document of the caller.
fn document(routes: &StepRoutes, target: &PolicyTarget) -> Result<PolicyDocument, Failure> {
    let needs = AwsNeeds::of(routes.values())?;
    needs.check_keys(&target.keys)?;
    let mut unknown = Unknown::default();
    let document = needs.caller_document(target, &mut unknown);
    unknown.fail()?;
    Ok(document)
}

struct Printer<'a> {
    args: &'a Policy,
    routes: &'a StepRoutes,
    target: &'a PolicyTarget,
    resolver: &'a Resolver,
}

impl Printer<'_> {
    fn text(&self, reporter: &Reporter) -> Result<String, Failure> {
        let args = self.args;
        match args.format {
            PolicyFormat::Json | PolicyFormat::Terraform => self.documents(reporter),
            PolicyFormat::Kubernetes => {
                let all: Vec<SourceRoute> = self.all_routes();
                let objects = match args.per_step {
                    false => {
                        let name = kubernetes::object_name(&self.program_name());
                        kubernetes::roles(&name, &all, args)
                    }
                    true => {
                        let made = self.routes.keys().map(|text| {
                            let name = kubernetes::object_name(&text.replace("::", "-"));
                            MadeName { text, name }
                        });
                        let names = distinct_names(made.collect(), MAX_NAME);
                        let steps = names.iter().zip(self.routes.values());
                        steps.flat_map(|(name, it)| kubernetes::roles(name, it, args)).collect()
                    }
                };
                Ok(objects.join("---\n"))
            }
            PolicyFormat::ExternalSecrets if args.per_step => Err(Failure::usage(
                "--per-step has no meaning for external-secrets: a Pod mounts what its program reads",
                "leave it out",
            )),
            PolicyFormat::ExternalSecrets => {
                let folder = setting(self.resolver, &variables::FILE_DIR);
                let folder = PathBuf::from(folder.unwrap_or_else(|| "/run/secrets".to_owned()));
                Ok(external_secrets::objects(&self.all_routes(), &folder, args).join("---\n"))
            }
            PolicyFormat::Vault if args.per_step => {
                let mut policies = Vec::new();
                for (name, routes) in self.routes {
                    let rules = vault::rules(routes)?;
                    if !rules.is_empty() {
                        policies.push(format!("# {name}\n{}", rules.join("\n")));
                    }
                }
                Ok(policies.join("\n"))
            }
            PolicyFormat::Vault => Ok(vault::rules(&self.all_routes())?.join("\n")),
        }
    }

    /// Returns documents of AWS IAM, in JSON or for Terraform.
    fn documents(&self, reporter: &Reporter) -> Result<String, Failure> {
        let needs = AwsNeeds::of(self.routes.values())?;
        needs.check_keys(&self.target.keys)?;
        let mut unknown = Unknown::default();
        // Each document with its name.
        let mut documents: Vec<(String, PolicyDocument)> = Vec::new();
        let mut trusts: Vec<(String, PolicyDocument)> = Vec::new();
        if self.args.per_step {
            for (name, routes) in self.routes {
                let needs = AwsNeeds::of(std::iter::once(routes))?;
                documents.push((name.clone(), needs.caller_document(self.target, &mut unknown)));
            }
        } else if self.args.trust {
            for (role, (policy, trust)) in needs.role_documents(self.target, &mut unknown) {
                documents.push((role.to_owned(), policy));
                trusts.push((role.to_owned(), trust));
            }
        } else {
            let document = needs.caller_document(self.target, &mut unknown);
            documents.push((self.program_name(), document));
        }
        unknown.fail()?;
        if !self.args.trust {
            // AWS refuses a document without a statement.
            documents.retain(|(_, document)| !document.statements().is_empty());
        }
        for (name, document) in &documents {
            let length = document.json().len();
            if length > MAX_POLICY {
                reporter.info(&format!(
                    "note: the policy of {name} has {length} characters, and a managed policy may have {MAX_POLICY}"
                ));
            }
        }
        if self.args.trust && documents.is_empty() {
            reporter.info("note: no step uses a role");
        }
        Ok(match self.args.format {
            PolicyFormat::Terraform => self.terraform(&documents, &trusts),
            _ => self.json(&documents, &trusts),
        })
    }

    fn json(
        &self,
        documents: &[(String, PolicyDocument)],
        trusts: &[(String, PolicyDocument)],
    ) -> String {
        let object = if self.args.trust {
            let both = documents.iter().zip(trusts);
            both.fold(JsonObject::default(), |object, ((role, policy), (_, trust))| {
                let both = JsonObject::default().raw("policy", &policy.json());
                object.raw(role, &both.raw("trust", &trust.json()).finish())
            })
        } else if self.args.per_step {
            let add = |object: JsonObject, (name, document): &(String, PolicyDocument)| {
                object.raw(name, &document.json())
            };
            documents.iter().fold(JsonObject::default(), add)
        } else {
            return documents.iter().map(|(_, document)| indent(&document.json())).collect();
        };
        indent(&object.finish())
    }

    fn terraform(
        &self,
        documents: &[(String, PolicyDocument)],
        trusts: &[(String, PolicyDocument)],
    ) -> String {
        // Of a role its name, after the last slash of the ARN.
        let short = |name: &str| match self.args.trust {
            true => name.rsplit('/').next().unwrap_or(name).to_owned(),
            false => name.to_owned(),
        };
        let policies = documents.iter().map(|(text, document)| (text, short(text), document));
        let trusts = trusts.iter().map(|(text, it)| (text, format!("{}_trust", short(text)), it));
        let all: Vec<_> = policies.chain(trusts).collect();
        let made = all
            .iter()
            .map(|(text, short, _)| MadeName { text, name: terraform::identifier(short) });
        let names = distinct_names(made.collect(), MAX_NAME);
        let sources =
            names.iter().zip(&all).map(|(name, (.., it))| terraform::data_source(name, it));
        sources.collect::<Vec<_>>().join("\n")
    }

    fn all_routes(&self) -> Vec<SourceRoute> {
        self.routes.values().flatten().cloned().collect()
    }

    /// Returns the name of the program's file, without an extension.
    fn program_name(&self) -> String {
        let name = self.args.program.file_stem().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| "secrets".to_owned())
    }
}

/// Returns the backends that a format is about, and the name of the system that permits reading from them.
fn covered(format: PolicyFormat) -> (&'static [BuiltIn], &'static str) {
    match format {
        PolicyFormat::Json | PolicyFormat::Terraform => {
            (&[BuiltIn::AwsSecretsManager, BuiltIn::Ssm], "AWS")
        }
        PolicyFormat::Kubernetes => (&[BuiltIn::Kubernetes], "Kubernetes"),
        PolicyFormat::ExternalSecrets => (&[BuiltIn::File], "the External Secrets Operator"),
        PolicyFormat::Vault => (&[BuiltIn::Vault], "Vault"),
    }
}

/// Says which backends the policy is not about, since they need other permissions or none.
fn note_others(format: PolicyFormat, routes: &StepRoutes, reporter: &Reporter) {
    let (covered, _) = covered(format);
    let is_covered = |kind: &&str| covered.iter().any(|it| it.name() == *kind);
    let others: BTreeSet<&str> = routes
        .values()
        .flatten()
        .flat_map(|route| &route.backends)
        .map(String::as_str)
        .filter(|kind| !is_covered(kind))
        .collect();
    if !others.is_empty() {
        let others: Vec<_> = others.into_iter().collect();
        reporter.info(&format!(
            "note: this format does not cover the secrets of {}",
            others.join(", ")
        ));
    }
}

/// Says that no step needs anything from the system of the format, or which steps do not.
fn note_no_need(args: &Policy, routes: &StepRoutes, is_empty: bool, reporter: &Reporter) {
    let (covered, system) = covered(args.format);
    let has_need = |routes: &Vec<SourceRoute>| {
        routes.iter().any(|route| covered.iter().any(|it| route.is_of(it.name())))
    };
    let without: Vec<&str> = routes
        .iter()
        .filter(|(_, routes)| !has_need(routes))
        .map(|(name, _)| name.as_str())
        .collect();
    if is_empty || without.len() == routes.len() {
        let covered: Vec<_> = covered.iter().map(|it| it.name()).collect();
        let why = match without.len() == routes.len() {
            true => format!(": no step reads from {}", covered.join(" or ")),
            false => String::new(),
        };
        match is_empty {
            // A program that reads the document is told too.
            true => reporter
                .warning(&format!("nothing is needed from {system}, and nothing is printed{why}")),
            false => reporter.info(&format!("note: nothing is needed from {system}{why}")),
        }
    } else if args.per_step && !without.is_empty() {
        let without = without.join(", ");
        reporter.info(&format!(
            "note: these steps need nothing from {system}, and are left out: {without}"
        ));
    }
}

/// Returns the text of a setting, or its default.
fn setting(resolver: &Resolver, variable: &Variable) -> Option<String> {
    let setting = resolver.settings().find(|setting| setting.variable() == variable)?;
    let text = setting.text().unwrap_or_else(|| setting.default());
    (!text.is_empty()).then(|| text.to_owned())
}
