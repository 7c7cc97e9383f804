//! Logs: a line per event, as JSON for machines or as text for people.
//!
//! In: the events of `tracing`, which carry ids, codes and times. Out: lines on standard error, or
//! wherever a test wants them.
//!
//! **Invariant**: what PostgreSQL says about a refused value repeats the value ("Key (email)=(...)
//! already exists"), so an error of the database is logged as [`Described`]: SQLSTATE, constraint,
//! table; never its message. A panic is logged by its place, and by its message only where that is
//! a literal of the code.

use std::fmt;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines: one object per line.
    Json,
}

/// What is logged unless somebody says otherwise.
pub const DEFAULT_FILTER: &str = "info,sqlx=warn,hyper=warn,tower_http=warn";

/// Lines of a format, of what the filter lets through (`info,shop=debug`), to a writer.
///
/// # Errors
/// The filter is not one.
pub fn subscriber<W>(
    format: Format,
    filter: &str,
    writer: W,
) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, tracing_subscriber::filter::ParseError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(filter)?;
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let layer = match format {
        Format::Text => layer.boxed(),
        Format::Json => layer.json().flatten_event(true).boxed(),
    };
    Ok(Box::new(Registry::default().with(layer.with_filter(filter))))
}

/// Logs of this process go to standard error from now on, and panics with them.
///
/// # Errors
/// The filter is not one, or logs of this process go somewhere already.
pub fn init(format: Format, filter: &str) -> Result<(), InitError> {
    let subscriber = subscriber(format, filter, std::io::stderr)?;
    tracing::subscriber::set_global_default(subscriber)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let literal = panic.payload().downcast_ref::<&'static str>();
        tracing::error!(place, message = literal.unwrap_or(&"(not a literal)"), "panicked");
    }));
    Ok(())
}

/// Why logs could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter is not one.
    #[error("the filter of the logs is not one")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Logs of this process go somewhere already.
    #[error("logs of this process go somewhere already")]
    Twice(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// An error of the database, or one that has it as its source, without the values it repeats.
#[derive(Clone, Copy)]
pub struct Described<'a>(pub &'a (dyn std::error::Error + 'static));

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut next = Some(self.0);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<sqlx::Error>() {
                return describe(error, f);
            }
            next = error.source();
        }
        // None of ours repeats what somebody sent, but it could: only its type is told.
        f.write_str("no error of the database")
    }
}

impl fmt::Debug for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn describe(error: &sqlx::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        sqlx::Error::Database(refusal) => {
            write!(f, "SQLSTATE {}", refusal.code().as_deref().unwrap_or("?"))?;
            if let Some(table) = refusal.table() {
                write!(f, ", table {table}")?;
            }
            if let Some(constraint) = refusal.constraint() {
                write!(f, ", constraint {constraint}")?;
            }
            Ok(())
        }
        sqlx::Error::Io(error) => write!(f, "connection: {}", error.kind()),
        sqlx::Error::PoolTimedOut => f.write_str("no connection became free in time"),
        sqlx::Error::PoolClosed => f.write_str("the pool is closed"),
        sqlx::Error::WorkerCrashed => f.write_str("a worker of the driver has crashed"),
        sqlx::Error::Tls(_) => f.write_str("TLS failed"),
        sqlx::Error::RowNotFound => f.write_str("a row is missing"),
        sqlx::Error::ColumnDecode { index, .. } => write!(f, "column {index} cannot be read"),
        sqlx::Error::Protocol(_) => f.write_str("the server broke the protocol"),
        _ => f.write_str("the driver failed"),
    }
}
