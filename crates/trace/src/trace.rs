//! A whole trace in memory.
//!
//! In: a file, or the runs of several. Out: [`Trace`], the runs with their entries in order.
//!
//! **Invariant:** entries keep the order, numbers and times of their own machine; nothing is
//! sorted across machines, whose clocks do not agree.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use proofmark_catalog::Catalog;
use proofmark_proxy::LeaseId;

use crate::read::{Ending, Item, Problem, ReadError, Reader, UnknownKinds};
use crate::{CommandFinished, Entry, Header, Record, RunId, RunStarted};

/// One run of a suite on one machine, or several runs that together ran one suite.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The runs, at least one.
    pub runs: Vec<Run>,
}

/// One run on one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its header.
    pub header: Header,
    /// Its records, in the order they were written.
    pub entries: Vec<Entry>,
    /// How they end.
    pub ending: Ending,
    /// Records of kinds that this version does not know.
    pub unknown: UnknownKinds,
}

/// Names a lease across machines: numbers are given per run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseKey {
    /// The run that gave it.
    pub run: RunId,
    /// Its number there.
    pub lease: LeaseId,
}

impl Trace {
    /// Reads a trace file.
    ///
    /// # Errors
    /// When the file cannot be read, is no trace, is of a newer version, or is damaged anywhere
    /// but in a torn last line.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let fails = |problem| ReadError { path: path.to_owned(), problem };
        let file = File::open(path).map_err(|source| fails(Problem::Input { line: 1, source }))?;
        Self::from_lines(BufReader::with_capacity(256 * 1024, file)).map_err(fails)
    }

    /// Reads a trace from its lines.
    ///
    /// # Errors
    /// As [`Trace::read`].
    pub fn from_lines(lines: impl BufRead) -> Result<Self, Problem> {
        let mut runs: Vec<Run> = Vec::new();
        for item in Reader::new(lines) {
            let item = item?;
            if let Item::Header(header) = item {
                runs.push(Run::new(header));
                continue;
            }
            // The reader gives nothing before a header.
            let Some(run) = runs.last_mut() else { return Err(Problem::NoHeader) };
            match item {
                Item::Entry(entry) => run.push(*entry),
                Item::Unknown { kind } => *run.unknown.entry(kind).or_default() += 1,
                Item::Torn { line } => run.ending = Ending::Torn { line },
                Item::Header(_) => {}
            }
        }
        Ok(Self { runs })
    }

    /// Writes the runs one after the other, in the form [`Trace::read`] reads. Records that were
    /// skipped as unknown when they were read are not written.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        for run in &self.runs {
            serde_json::to_writer(&mut out, &run.header)?;
            out.write_all(b"\n")?;
            for entry in &run.entries {
                serde_json::to_writer(&mut out, entry)?;
                out.write_all(b"\n")?;
            }
        }
        out.flush()
    }

    /// Every record with the run it belongs to, run after run.
    pub fn entries(&self) -> impl Iterator<Item = (&RunId, &Entry)> {
        self.runs.iter().flat_map(|run| run.entries.iter().map(|entry| (&run.header.run, entry)))
    }

    /// The catalog of each database; of several machines, the first machine's.
    pub fn catalogs(&self) -> Vec<(&str, &Catalog)> {
        let mut found: Vec<(&str, &Catalog)> = Vec::new();
        for (_, entry) in self.entries() {
            if let Record::Catalog { database, catalog } = &entry.record
                && !found.iter().any(|(known, _)| known == database)
            {
                found.push((database, catalog));
            }
        }
        found
    }
}

impl Run {
    /// A run without records.
    pub fn new(header: Header) -> Self {
        Self { header, entries: Vec::new(), ending: Ending::CutOff, unknown: UnknownKinds::new() }
    }

    /// Adds a record that was written elsewhere.
    pub fn push(&mut self, entry: Entry) {
        if matches!(entry.record, Record::RunFinished(_)) {
            self.ending = Ending::Finished;
        }
        self.entries.push(entry);
    }

    /// What the run worked with; `None` where it ended before the command started.
    pub fn started(&self) -> Option<&RunStarted> {
        self.entries.iter().find_map(|entry| match &entry.record {
            Record::RunStarted(started) => Some(started),
            _ => None,
        })
    }

    /// How the command ended; `None` where the run was cut off before.
    pub fn command_finished(&self) -> Option<&CommandFinished> {
        self.entries.iter().rev().find_map(|entry| match &entry.record {
            Record::CommandFinished(finished) => Some(finished),
            _ => None,
        })
    }

    /// How many lines are missing from the middle, by the numbers of the entries. Lines skipped
    /// as unknown are not missing.
    pub fn lost(&self) -> u64 {
        let last = self.entries.last().map_or(0, |entry| entry.seq);
        let here = self.entries.len() as u64 + self.unknown.values().sum::<u64>();
        last.saturating_sub(here)
    }
}
