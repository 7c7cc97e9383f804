//! What somebody who means ill may send: it is refused, by a problem, and nothing else happens.

mod bodies;
pub mod document;
mod injection;
mod keys;
mod paths;
mod raw;
mod slow;
mod smuggling;
