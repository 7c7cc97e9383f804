//! Many buy at once while something dies: what was answered holds, and nothing happens twice.
//!
//! [`Crowd`](buying::Crowd) buys over HTTP and remembers what it was told; [`books`] compares that
//! with the database, the provider and the shelves.

pub mod books;
pub mod buying;
mod database;
mod program;
