//! Writing the trace while the run goes on.
//!
//! In: records from the proxy, the leases and the run. Out: the trace file.
//!
//! **Invariant**: whoever reports something never waits for the disk.

use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use proofmark_trace::{CreateError, Header, Record, Writer};

/// Takes records from anywhere.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    records: mpsc::Sender<Record>,
}

/// The thread that writes.
#[derive(Debug)]
pub(super) struct Recording {
    thread: JoinHandle<std::io::Result<()>>,
}

/// Begins a trace at `path`.
pub(super) fn record(path: &Path, header: &Header) -> Result<(Recorder, Recording), CreateError> {
    let mut writer = Writer::create(path, header)?;
    let (records, received) = mpsc::channel::<Record>();
    let thread = std::thread::spawn(move || {
        let mut outcome = Ok(());
        // After a failed write the trace has ended; what still comes is let go.
        for record in received {
            if outcome.is_ok() {
                outcome = writer.append(record);
            }
        }
        outcome
    });
    Ok((Recorder { records }, Recording { thread }))
}

impl Recorder {
    /// Adds a record.
    pub(super) fn add(&self, record: Record) {
        // The thread outlives every recorder: it ends when the last of them is dropped.
        drop(self.records.send(record));
    }
}

impl Recording {
    /// Waits until everything is written; every [`Recorder`] must be gone by then.
    pub(super) fn finish(self) -> std::io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(std::io::Error::other("the recorder panicked")))
    }
}
