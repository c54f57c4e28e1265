//! The table and the rules, compared with the tools whose words they are.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says on standard output why it did not run"
)]

mod gnutls;
mod jsse;
mod openssl;

use std::process::{Command, Output};

/// Runs a tool; without it the test is passed over, except in CI, where it must run.
fn run(command: &mut Command, package: &str) -> Option<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "this test has to run here, but {name} does not start: {error}"
            );
            println!("skipped: {name} is not here (Debian: {package})");
            None
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}
