//! The shop's domain, tried through its operations; one folder per subject.

#![allow(unreachable_pub, reason = "the modules of a test binary")]

mod make;

mod events;
