//! Options for a program's own command line that say where its secrets are read. Needs the feature `clap`.

use std::fmt;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, builder::NonEmptyStringValueParser};

use crate::{
    core::error::Error,
    resolver::{Resolver, builder::ResolverBuilder},
    settings::variables,
};

/// `--with`, `--secrets-backend` and `--secrets-profile`, to flatten into the command line of a program with
/// steps. Each overrides its setting: `SECRETS_WITH`, `SECRETS_DEFAULT_BACKEND`, `SECRETS_PROFILE`.
///
/// ```no_run
/// use clap::Parser;
/// use secrets_runtime::{Error, cli::SecretsArgs, secrets};
///
/// #[derive(Parser)]
/// struct Arguments {
///     #[command(flatten)]
///     secrets: SecretsArgs,
/// }
///
/// #[secrets]
/// fn load() -> Result<(), Error> {
///     let user = secrets_runtime::current_context().secrets.var("DB_USER")?;
///     # drop(user);
///     Ok(())
/// }
///
/// fn main() -> Result<(), Error> {
///     // program --with 'secrets:sources=["test-db"]'
///     Arguments::parse().secrets.apply()?;
///     load()
/// }
/// ```
///
/// In a program with subcommands, they may come before or after the subcommand.
///
/// A program that reads its options by itself starts from `SecretsArgs::default()` and sets the fields.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretsArgs {
    /// The sources that are attached to steps that declare nothing: `secrets:sources=["test-db"],role=..`.
    pub with: Option<String>,
    /// The backend of sources without a type: one type, or several separated by commas.
    pub backend: Option<String>,
    /// The profile of `secrets.toml`.
    pub profile: Option<String>,
}

impl fmt::Debug for SecretsArgs {
    /// Prints whether sources are attached but not which, since they may contain values of `inline`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsArgs")
            .field("with", &self.with.as_ref().map(|_| format_args!("..")))
            .field("backend", &self.backend)
            .field("profile", &self.profile)
            .finish()
    }
}

impl SecretsArgs {
    /// Makes the process's steps resolve with these options. Call it before the first step.
    ///
    /// # Errors
    /// `InvalidConfig` for every problem in the options and in the settings, or if a step has been resolved
    /// or a resolver installed already.
    pub fn apply(self) -> Result<(), Error> {
        self.apply_to(Resolver::builder().registered_backends()).build()?.install()
    }

    /// Sets these options on a resolver that the program builds itself, for instance with another backend.
    ///
    /// ```no_run
    /// # use secrets_runtime::{Backend, Error, Resolver, cli::SecretsArgs};
    /// # fn start(args: SecretsArgs, vault: impl Backend) -> Result<(), Error> {
    /// args.apply_to(Resolver::builder().backend(vault)).build()?.install()
    /// # }
    /// ```
    #[must_use]
    pub fn apply_to(self, builder: ResolverBuilder) -> ResolverBuilder {
        let given = [
            (&variables::WITH, "--with", self.with),
            (&variables::DEFAULT_BACKEND, "--secrets-backend", self.backend),
            (&variables::PROFILE, "--secrets-profile", self.profile),
        ];
        given.into_iter().fold(builder, |builder, (variable, option, text)| match text {
            Some(text) => builder.option(option, variable, text),
            None => builder,
        })
    }
}

/// Each option: its name in the matches, its name on the command line, the name of its value, its help.
const OPTIONS: [(&str, &str, &str, &str); 3] = [
    (
        "secrets-with",
        "with",
        "SECRETS",
        "Attach secrets to steps that declare none; overrides SECRETS_WITH: 'secrets:sources=[\"test-db\"]'",
    ),
    (
        "secrets-backend",
        "secrets-backend",
        "TYPE",
        "The backend of sources without a type; overrides SECRETS_DEFAULT_BACKEND",
    ),
    (
        "secrets-profile",
        "secrets-profile",
        "NAME",
        "The profile of secrets.toml; overrides SECRETS_PROFILE",
    ),
];

impl Args for SecretsArgs {
    fn augment_args(command: Command) -> Command {
        let option = |(id, long, value, help)| {
            let parser = NonEmptyStringValueParser::new();
            // Global, so that they may stand behind a subcommand too.
            let argument = Arg::new(id).long(long).value_name(value).help(help);
            argument.value_parser(parser).global(true)
        };
        command.args(OPTIONS.map(option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SecretsArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut made = Self::default();
        made.update_from_arg_matches(matches)?;
        Ok(made)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let places = [&mut self.with, &mut self.backend, &mut self.profile];
        for (place, (id, ..)) in places.into_iter().zip(OPTIONS) {
            if let Some(text) = matches.get_one::<String>(id) {
                *place = Some(text.clone());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{core::error::ErrorKind, declaration::Declaration};

    fn parse(arguments: &[&str]) -> SecretsArgs {
        let command = SecretsArgs::augment_args(Command::new("program").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments).unwrap();
        SecretsArgs::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn an_absent_option_changes_nothing() {
        assert_eq!(parse(&[]), SecretsArgs::default());
        assert_eq!(parse(&["--secrets-backend", "env"]).backend.as_deref(), Some("env"));
    }

    #[test]
    fn the_options_stand_before_or_behind_a_subcommand() {
        #[derive(clap::Parser)]
        struct Tool {
            #[command(flatten)]
            secrets: SecretsArgs,
            #[command(subcommand)]
            command: Sub,
        }
        #[derive(clap::Subcommand)]
        enum Sub {
            Load,
            Inner {
                #[command(flatten)]
                secrets: SecretsArgs,
            },
            Deeper {
                #[command(subcommand)]
                command: Deepest,
            },
        }
        #[derive(clap::Subcommand)]
        enum Deepest {
            Load,
        }
        let with = |arguments: &[&str]| {
            let tool = <Tool as clap::Parser>::try_parse_from(arguments).unwrap();
            let inner = match tool.command {
                Sub::Inner { secrets } => secrets.with,
                Sub::Deeper { command: Deepest::Load } | Sub::Load => None,
            };
            (tool.secrets.with, inner)
        };
        let given = Some("x".to_owned());
        assert_eq!(with(&["tool", "--with", "x", "load"]).0, given);
        assert_eq!(with(&["tool", "load", "--with", "x"]).0, given);
        assert_eq!(with(&["tool", "deeper", "load", "--with=x"]).0, given);
        assert_eq!(with(&["tool", "deeper", "--with", "x", "load"]).0, given);
        assert_eq!(with(&["tool", "load"]).0, None);
        // Where both have them, both are given.
        assert_eq!(with(&["tool", "inner", "--with", "x"]), (given.clone(), given.clone()));
        assert_eq!(with(&["tool", "--with", "x", "inner"]), (given.clone(), given));

        // A subcommand alone has them.
        #[derive(clap::Parser)]
        struct Other {
            #[command(subcommand)]
            command: Only,
        }
        #[derive(clap::Subcommand)]
        enum Only {
            Load(SecretsArgs),
        }
        let arguments = ["tool", "load", "--with", "x"];
        let Only::Load(secrets) =
            <Other as clap::Parser>::try_parse_from(arguments).unwrap().command;
        assert_eq!(secrets.with.as_deref(), Some("x"));
    }

    #[test]
    fn sources_attached_at_launch_reach_a_step_without_sources() {
        let with = r#"secrets:sources=[{"type": "inline", "id": "1", "options": {"env_vars": {"A": "SeNtInEl"}}}]"#;
        let arguments = parse(&["--with", with]);
        assert!(!format!("{arguments:?}").contains("SeNtInEl"));
        let resolver = arguments.apply_to(Resolver::builder()).build().unwrap();
        let context = resolver.resolve_blocking(&Declaration::builder("step").build()).unwrap();
        assert_eq!(context.secrets.var("A").unwrap().expose_str().unwrap(), "SeNtInEl");
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let arguments = parse(&["--with", "secrets:sources=[db]", "--secrets-backend", "Nope"]);
        let error = arguments.apply_to(Resolver::builder()).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        let origins: Vec<_> =
            error.problems().iter().map(crate::core::error::Problem::origin).collect();
        assert_eq!(origins, ["--secrets-backend", "--with"], "{error}");
    }

    #[test]
    fn the_help_names_the_variables() {
        let command = SecretsArgs::augment_args(Command::new("program"));
        let help: Vec<_> =
            command.get_arguments().filter_map(Arg::get_help).map(ToString::to_string).collect();
        let help = help.join("\n");
        for variable in ["SECRETS_WITH", "SECRETS_DEFAULT_BACKEND", "SECRETS_PROFILE"] {
            assert!(help.contains(variable), "{help}");
        }
    }
}
