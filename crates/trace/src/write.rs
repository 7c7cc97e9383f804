//! Appends records to a trace file.
//!
//! In: [`Record`]s, from any thread through one owner. Out: whole lines, each given to the
//! operating system in one write.
//!
//! **Invariant:** nothing that was written is ever changed, and at most the last line can be
//! incomplete, because each line is handed over in one call and nothing is held back.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::{Entry, Header, Record};

/// Why a trace file could not be created.
#[derive(Debug, thiserror::Error)]
#[error("cannot create the trace file {}", path.display())]
pub struct CreateError {
    /// The file.
    pub path: PathBuf,
    /// What the operating system said.
    #[source]
    pub source: io::Error,
}

/// Writes one run. Killing the process loses at most the line being written; no `fsync` is made,
/// so a power failure can lose more.
#[derive(Debug)]
pub struct Writer<W: Write = File> {
    out: W,
    line: Vec<u8>,
    seq: u64,
    started: Instant,
    broken: bool,
}

impl Writer<File> {
    /// Creates the file with its header. An existing file is left alone and is an error: a trace
    /// is never overwritten.
    ///
    /// # Errors
    /// When the file exists, or cannot be created or written.
    pub fn create(path: &Path, header: &Header) -> Result<Self, CreateError> {
        let fails = |source| CreateError { path: path.to_owned(), source };
        let file = OpenOptions::new().append(true).create_new(true).open(path).map_err(fails)?;
        Self::start(file, header).map_err(fails)
    }
}

impl<W: Write> Writer<W> {
    /// Writes the header to `out`; the clock of the run starts now.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn start(out: W, header: &Header) -> io::Result<Self> {
        let mut writer =
            Self { out, line: Vec::new(), seq: 0, started: Instant::now(), broken: false };
        writer.write_line(header)?;
        Ok(writer)
    }

    /// Appends a record with the next number and the time that has passed.
    ///
    /// # Errors
    /// When the line cannot be written (disk full), and from then on: a line after a torn one
    /// would make the whole file unreadable, so the trace ends there.
    pub fn append(&mut self, record: Record) -> io::Result<()> {
        let at_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.seq += 1;
        self.write_line(&Entry { seq: self.seq, at_us, record })
    }

    /// Gives the output back.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn write_line(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("the trace ended at an earlier failure to write it"));
        }
        self.line.clear();
        serde_json::to_writer(&mut self.line, value)?;
        self.line.push(b'\n');
        let written = self.out.write_all(&self.line).and_then(|()| self.out.flush());
        self.broken = written.is_err();
        written
    }
}
