//! The `shop` command.
//!
//! In: arguments and the environment. Out: a running service, or what else was asked for, and an
//! exit code: 0 when it is done, 1 when it failed, 10 when `check` found a broken invariant.
//!
//! **Invariant**: everything that does the work is in the library; this reads arguments, opens the
//! database, and talks to the person.

mod command;

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    command::perform(command::Arguments::parse())
}
