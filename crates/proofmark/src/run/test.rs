//! One test from its lease to its verdict.
//!
//! In: a [`Case`] and its body. Out: what the harness wants: a panic, an exit code, or nothing.
//!
//! **Invariant**: the lease is given back on every way out, after everything that could still be
//! connected to it has been ended.

use std::error::Error;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{ExitCode, Termination};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::case::{Case, Panics};
use super::describe::describe;
use super::outcome::{Ended, message};
use super::process::Process;
use super::seed::plant;
use super::source::Granted;
use crate::bench::Outcome;
use crate::fixture::{FromLease, Lease};
use crate::refusal::Current;

/// How long one ending may take.
const ENDING: Duration = Duration::from_secs(5);

/// How long blocking work that a test left may go on before it is abandoned.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// A fixture that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the fixture `{written}` could not be made")]
pub struct FixtureError {
    /// The argument as it is written.
    written: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

/// Makes one fixture from the lease of `database`, or of the test's own; called by the expansion of
/// `#[proofmark::test]`.
///
/// # Errors
/// [`FixtureError`] with what the fixture's own [`FromLease`] returned.
///
/// # Panics
/// When the test does not hold `database`.
pub async fn fixture<T: FromLease>(
    lease: &Lease,
    database: Option<&str>,
    written: &'static str,
) -> Result<T, FixtureError> {
    let other = database.map(|name| lease.beside(name).expect("its argument has bound it"));
    let lease = other.as_ref().unwrap_or(lease);
    T::from_lease(lease).await.map_err(|error| FixtureError { written, source: error.into() })
}

/// Runs one test; called by the expansion of `#[proofmark::test]`.
///
/// # Panics
/// When the test fails, unless it is one that should panic: then an error of ours must not look
/// like the panic that is wanted, and the harness sees a test that did not panic.
#[track_caller]
pub fn run<F, R>(case: Case, body: impl FnOnce(Lease) -> F) -> ExitCode
where
    F: Future<Output = Result<R, FixtureError>>,
    R: Termination,
{
    let process = match Process::get(&case) {
        Ok(process) => process,
        Err(unavailable) => return fail(&case, &unavailable.tell()),
    };
    let granted = match process.lease(&case) {
        Ok(granted) => granted,
        Err(error) => return fail(&case, &describe(&error)),
    };
    let ran = execute(&case, &granted, body);
    let passed = ran.as_ref().is_ok_and(|ended| ended.passed(case.panics));
    let outcome = if passed { Outcome::Done } else { Outcome::Failed };
    let returned = process.give_back(&granted, outcome);
    match &returned {
        Ok(said) => {
            said.notes.iter().for_each(|note| say(note));
            if passed && !said.broken.is_empty() {
                let broken = said.broken.join("\n");
                return fail(&case, &format!("the test passed, but afterwards\n{broken}"));
            }
            said.broken.iter().for_each(|broken| say(broken));
        }
        Err(error) if passed => {
            let why = describe(error);
            return fail(&case, &format!("the test passed, but its database is lost: {why}"));
        }
        Err(error) => say(&format!("note: the test's database is lost: {}", describe(error))),
    }
    match ran {
        Ok(Ended::Returned(code)) => code,
        Ok(Ended::Panicked(panic)) => resume_unwind(panic),
        Err(broken) => fail(&case, &broken),
    }
}

/// Runs the body and everything that must end before the lease goes back. The error is the text
/// of what broke around the body.
fn execute<F, R>(
    case: &Case,
    granted: &[Granted],
    body: impl FnOnce(Lease) -> F,
) -> Result<Ended, String>
where
    F: Future<Output = Result<R, FixtureError>>,
    R: Termination,
{
    let lease = Lease::new(granted.iter().map(|one| one.terms.clone()).collect());
    let runtime =
        runtime(case, &lease).map_err(|error| format!("the test has no runtime: {error}"))?;
    let _current = Current::set(&lease);
    if let Err(error) = runtime.block_on(plant(&lease, case.seeds)) {
        return Err(describe(&error));
    }
    let ran = catch_unwind(AssertUnwindSafe(|| runtime.block_on(body(lease.clone()))));
    let endings = end(&runtime, &lease);
    runtime.shutdown_timeout(SHUTDOWN);
    let ended = match ran {
        Ok(Ok(value)) => Ended::Returned(value.report()),
        Ok(Err(error)) => return Err(describe(&error)),
        Err(panic) => Ended::Panicked(panic),
    };
    // What the test itself says comes first: an ending often fails because the test did.
    match endings {
        Err(broken) if ended.passed(case.panics) => Err(broken),
        _ => Ok(ended),
    }
}

/// The test's own: its thread alone, as with `#[tokio::test]`, or as many as it asks for.
fn runtime(case: &Case, lease: &Lease) -> std::io::Result<Runtime> {
    let mut builder = match case.worker_threads {
        None => Builder::new_current_thread(),
        Some(threads) => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(threads);
            builder
        }
    };
    let lease = lease.clone();
    builder.on_thread_start(move || Current::set_for_good(&lease)).enable_all().build()
}

/// Runs the endings, the last registered first; all of them, whatever one of them does.
fn end(runtime: &Runtime, lease: &Lease) -> Result<(), String> {
    let mut first_failure = Ok(());
    while let Some(ending) = lease.next_ending() {
        let ran = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async { tokio::time::timeout(ENDING, ending()).await })
        }));
        let failure = match ran {
            Ok(Ok(())) => continue,
            Ok(Err(_)) => format!("an ending of the test did not finish in {ENDING:?}"),
            Err(panic) => {
                let said = message(panic.as_ref()).unwrap_or("no message");
                format!("an ending of the test panicked: {said}")
            }
        };
        if first_failure.is_ok() {
            first_failure = Err(failure);
        }
    }
    first_failure
}

/// Fails the test for a reason that is not its own.
#[track_caller]
fn fail(case: &Case, why: &str) -> ExitCode {
    assert!(case.panics != Panics::Never, "{why}");
    say(why);
    ExitCode::FAILURE
}

/// Says something to whoever reads the test's output; the harness shows it when the test failed.
#[expect(clippy::print_stderr, reason = "a test's output is where its reader looks")]
fn say(text: &str) {
    eprintln!("{text}");
}
