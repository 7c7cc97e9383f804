//! `cargo xtask tidy`: the rules of STYLE.md that a program can check, one file per rule.
//!
//! In: a [`Tree`](crate::tree::Tree). Out: findings, worst place first by file, as
//! `file:line: rule: message`, each with what to do.
//!
//! **Invariant:** a rule is a function of the tree alone, and has a tree that it must flag.

mod allow_reason;
mod check_ids;
mod crate_order;
mod docs_commands_marked;
mod docs_index;
mod docs_links;
mod file_size;
mod finding;
mod function_length;
mod line_length;
mod machine_paths;
mod module_docs;
mod names;
mod one_title;
mod ratchet;
mod rules;
mod unfinished;
mod unwrap;

pub(crate) use rules::run;
