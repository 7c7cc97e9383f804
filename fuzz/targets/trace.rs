//! `proofmark_fuzz::trace` under libFuzzer.
//!
//! In: bytes that libFuzzer invents. Out: a crash if the function panics.
//!
//! **Invariant:** judges nothing itself.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| proofmark_fuzz::trace(bytes));
