//! What all tests of this process share: the source of leases and the threads it works on.
//!
//! In: the first test. Out: a [`Source`], or the same error for every test.
//!
//! **Invariant**: outlives every test's own runtime; ends with the process, not before.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::{Builder, Runtime};

use super::case::Case;
use super::describe::{describe, state};
use super::source::{GivenBack, Granted, Source, SourceError};
use crate::bench::Outcome;

static PROCESS: OnceLock<Result<Process, Unavailable>> = OnceLock::new();

/// The source of leases, and the runtime that its connections live in.
#[derive(Debug)]
pub(super) struct Process {
    runtime: Runtime,
    source: Source,
}

/// Why no test of this process gets a lease.
#[derive(Debug)]
pub(super) struct Unavailable {
    error: SourceError,
    told: AtomicBool,
}

impl Unavailable {
    /// The whole story to the first who asks, one line to the others.
    pub(super) fn tell(&self) -> String {
        if self.told.swap(true, Ordering::Relaxed) {
            format!("{} (the first test that failed so says why)", state(&self.error))
        } else {
            describe(&self.error)
        }
    }
}

impl Process {
    /// The one of this process; the first test opens it, those that come meanwhile wait.
    pub(super) fn get(case: &Case) -> Result<&'static Self, &'static Unavailable> {
        let opened = PROCESS.get_or_init(|| {
            Self::open(&case.start())
                .map_err(|error| Unavailable { error, told: AtomicBool::new(false) })
        });
        opened.as_ref()
    }

    fn open(start: &Path) -> Result<Self, SourceError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("proofmark")
            .enable_all()
            .build()
            .map_err(SourceError::Runtime)?;
        let source = runtime.block_on(Source::open(start))?;
        Ok(Self { runtime, source })
    }

    /// Takes the leases of a test.
    pub(super) fn lease(&self, case: &Case) -> Result<Vec<Granted>, SourceError> {
        self.runtime.block_on(self.source.lease(case))
    }

    /// Gives them back; answers what the reader of a failed test should know.
    pub(super) fn give_back(
        &self,
        granted: &[Granted],
        outcome: Outcome,
    ) -> Result<GivenBack, SourceError> {
        self.runtime.block_on(self.source.give_back(granted, outcome))
    }
}
