//! What a person sees, over reports made by hand, and that the JSON keeps its promise.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod built;
mod json;
mod models;
mod pages;
