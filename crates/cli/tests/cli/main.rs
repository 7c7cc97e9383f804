//! The `proofmark` command from outside: its exit codes, what it prints, what it leaves behind.
//!
//! Every test has a project of its own and a real server; suites are shell scripts that use psql.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod affected;
mod bad_input;
mod clients;
mod concurrent;
mod deep;
mod disks;
mod doctor;
mod evidence;
mod external;
mod gate;
mod help;
mod identity;
mod init;
mod isolation;
mod kept;
mod killed;
mod machine;
mod merge;
mod migrations;
mod odd_tests;
mod pages;
mod project;
mod reports;
mod scenarios;
mod secrets;
mod serve;
mod signals;
mod suite_outcomes;
mod talk;
mod tools;
