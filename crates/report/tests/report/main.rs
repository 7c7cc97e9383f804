//! What a person sees, over reports made by hand, and that the JSON keeps its promise.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod built;
mod hostile;
mod json;
mod models;
mod outputs;
mod pages;
mod schemas;
