//! What is asked of the parts that read bytes which nobody has checked.
//!
//! In: any bytes. Out: nothing; a panic where something does not hold that must hold for every
//! input. [`wire`] is what a peer may send, [`trace`] is what may stand in a file. libFuzzer calls
//! them with inputs that reach new code (`targets/`); `cargo test` replays `corpus/`, changed here
//! and there.
//!
//! **Invariant:** an input that once broke something stays in the corpus.

mod trace;
mod wire;

pub use trace::trace;
pub use wire::wire;

#[cfg(test)]
mod corpus;
