//! Runs a program of steps with secrets, and writes manifests for Argo Workflows and Kubernetes.
//!
//! A step is a function, usually one with `#[secrets]`. The program is then run step by step on a laptop, and exported
//! as a manifest in which each pod fetches its own secrets. No value of a secret is ever in a manifest.
//!
//! ```no_run
//! use std::{process::ExitCode, time::Duration};
//!
//! use secrets_flow::Flow;
//! use secrets_runtime::{Error, current_context, secrets};
//!
//! #[secrets(sources = ["prod-db"])]
//! async fn load() -> Result<(), Error> {
//!     let password = current_context().secrets.get("prod-db", "password")?;
//!     # drop(password);
//!     Ok(())
//! }
//!
//! #[secrets(sources = ["warehouse"])]
//! fn store() -> Result<(), Error> {
//!     Ok(())
//! }
//!
//! fn main() -> ExitCode {
//!     Flow::new("dbflow")
//!         .step("load", load)
//!         .step("store", store).after("load").retry(2).timeout(Duration::from_secs(600))
//!         .main()
//! }
//! ```
//!
//! ```sh
//! dbflow run                        # every step in a process of its own
//! dbflow show                       # the steps, and what each declares
//! dbflow check                      # whether the secrets are there
//! dbflow argo-workflows create --image registry.example/dbflow:1 --only-yaml
//! ```
//!
//! [`Flow`] describes the methods of a step, and [`Flow::main`] the commands.
//!
//! # Features
//! - `tokio`: asynchronous steps run on tokio's runtime. It is on by default. Without it, an asynchronous step is polled
//!   on the main thread, with no reactor.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(unix), allow(dead_code, reason = "processes of steps are those of Unix"))]

mod arguments;
mod attempts;
mod body;
mod checks;
mod commands;
mod failure;
mod flow;
mod kubectl;
mod manifest;
mod mask;
mod plan;
mod program;
mod step;

/// The program of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The program of the page on Argo Workflows.
#[cfg(doctest)]
#[doc = include_str!("../../docs/argo.md")]
struct ArgoPage;

pub use body::{StepError, StepFunction, StepResult};
pub use flow::{Flow, StepNames};
