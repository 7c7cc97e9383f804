//! `proofmark run` and `proofmark serve`: the main job.

mod command;
mod deep;
mod environment;
mod evidence;
mod leases;
mod masked;
mod outcome;
mod parent;
mod recorder;
mod session;
mod signals;
mod tools;

pub(crate) use session::{run, serve};
