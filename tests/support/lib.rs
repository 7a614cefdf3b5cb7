//! What the test programs share: backends and servers that a test controls, and processes for one test.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

pub mod agent_stub;
pub mod aws_request;
pub mod child;
#[cfg(unix)]
pub mod cluster;
pub mod fake_backend;
pub mod fault_server;
#[cfg(unix)]
pub mod flow_sandbox;
#[cfg(target_os = "linux")]
pub mod flow_terminal;
pub mod http;
#[cfg(target_os = "linux")]
pub mod http_memory;
pub mod leasing_backend;
pub mod lookup;
#[cfg(target_os = "linux")]
pub mod memory;
pub mod password_server;
pub mod scripted_server;
pub mod stub_server;
pub mod table;
