//! The verbs of the command, one file each.

mod args;
mod check;
mod database;
mod failure;
mod keys;
mod migrate;
mod say;
mod seed;
mod serve;
mod stop;
mod worker;

use std::process::ExitCode;

pub(crate) use args::Arguments;
use args::Verb;
use failure::{Failure, OrFail as _};

/// Does what was asked for.
pub(crate) fn perform(arguments: Arguments) -> ExitCode {
    match in_a_runtime(arguments) {
        Ok(code) => code,
        Err(failure) => {
            failure.show();
            ExitCode::FAILURE
        }
    }
}

fn in_a_runtime(arguments: Arguments) -> Result<ExitCode, Failure> {
    shop::telemetry::log::init(arguments.logs.log_format, &arguments.logs.log)
        .or_fail("the logs cannot be set up")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .or_fail("no threads could be started")?;
    let code = runtime.block_on(async {
        match arguments.verb {
            Verb::Serve(arguments) => serve::serve(&arguments).await.map(|()| ExitCode::SUCCESS),
            Verb::Seed(arguments) => seed::seed(&arguments).await.map(|()| ExitCode::SUCCESS),
            Verb::Worker(arguments) => worker::worker(&arguments).await.map(|()| ExitCode::SUCCESS),
            Verb::Migrate(arguments) => {
                migrate::migrate(&arguments).await.map(|()| ExitCode::SUCCESS)
            }
            Verb::Check(arguments) => check::check(&arguments).await,
            Verb::Keys(arguments) => keys::keys(&arguments).await.map(|()| ExitCode::SUCCESS),
            Verb::Openapi => {
                say::result(shop::http::openapi::text(&shop::http::openapi::document()).trim_end());
                Ok(ExitCode::SUCCESS)
            }
        }
    })?;
    // What still runs in the background holds nothing that must be finished.
    runtime.shutdown_background();
    Ok(code)
}
