//! A fixture.
#![allow(clippy::print_stdout, reason = "it is a command")]

use std::process::ExitCode;

fn main() -> ExitCode {
    println!("all promises were tried");
    ExitCode::from(0)
}
