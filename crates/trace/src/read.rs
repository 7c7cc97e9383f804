//! Reads a trace line by line.
//!
//! In: a file, whole, cut off, or written by a neighbouring version. Out: [`Item`]s, or a
//! [`Problem`] with its line number.
//!
//! **Invariant:** the reader holds one line at a time, and never takes a damaged file for a whole
//! one: a torn last line is said, an unknown kind of record is named, anything else is an error.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::path::PathBuf;

use serde_json::Value;

use crate::{Entry, FORMAT, Header, VERSION};

/// One line of a trace.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A run begins.
    Header(Header),
    /// Something happened.
    Entry(Box<Entry>),
    /// A record of a kind that this version does not know, such as `race` or `proxy.noticed`.
    Unknown {
        /// The kind.
        kind: String,
    },
    /// The last line is not whole: the writer was killed, or the disk was full.
    Torn {
        /// Its number, counted from 1.
        line: usize,
    },
}

/// How a run's records end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With the record that the run finished.
    Finished,
    /// Without it, after a whole line: the writer was killed.
    CutOff,
    /// In the middle of the line with this number.
    Torn {
        /// Its number, counted from 1.
        line: usize,
    },
}

/// Kinds of records that were skipped, with how often each came.
pub type UnknownKinds = BTreeMap<String, u64>;

/// Why a trace file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the trace {}", path.display())]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

impl ReadError {
    /// What to do about it, for the user.
    pub fn help(&self) -> &'static str {
        match self.problem {
            Problem::Input { .. } => "check that the file exists and may be read",
            Problem::NoHeader | Problem::NotATrace => {
                "give the trace.jsonl that `proofmark run` wrote"
            }
            Problem::NewerVersion { .. } => "read it with the version of proofmark that wrote it",
            Problem::Damaged { .. } => {
                "the file was changed after it was written; run the suite again"
            }
        }
    }
}

/// What is wrong with a trace.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The operating system does not give the bytes.
    #[error("line {line} could not be read")]
    Input {
        /// The line that was about to be read, counted from 1.
        line: usize,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Nothing is in the file, or only a part of the first line.
    #[error("the run ended before it wrote anything")]
    NoHeader,
    /// The first line is not a header.
    #[error("line 1 does not say that this is a proofmark trace")]
    NotATrace,
    /// The file is of a version that this one cannot know.
    #[error(
        "line {line} says format version {found}, written by proofmark {proofmark}; \
         this proofmark reads up to version {VERSION}"
    )]
    NewerVersion {
        /// The header's line, counted from 1.
        line: usize,
        /// The version in the header.
        found: u64,
        /// The version of the program that wrote it, where the header has one.
        proofmark: String,
    },
    /// A line, not torn off, that is no record.
    #[error("line {line} is damaged at column {column}: {what}")]
    Damaged {
        /// The line, counted from 1.
        line: usize,
        /// The byte in the line, counted from 1.
        column: usize,
        /// What does not fit there.
        what: String,
    },
}

impl Problem {
    /// `error` counts lines within the one line it was given, which would only confuse.
    fn damaged(line: usize, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
        Self::Damaged { line, column: error.column(), what: what.to_owned() }
    }
}

/// Gives the lines of a trace, one at a time; for traces too large to hold as a
/// [`Trace`](crate::Trace).
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    line: Vec<u8>,
    number: usize,
    in_run: bool,
    ended: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads from the beginning of `input`.
    pub fn new(input: R) -> Self {
        Self { input, line: Vec::new(), number: 0, in_run: false, ended: false }
    }

    fn next_item(&mut self) -> Result<Option<Item>, Problem> {
        self.line.clear();
        self.number += 1;
        let line = self.number;
        let length = self.input.read_until(b'\n', &mut self.line);
        if length.map_err(|source| Problem::Input { line, source })? == 0 {
            return if self.in_run { Ok(None) } else { Err(Problem::NoHeader) };
        }
        let torn = self.line.last() != Some(&b'\n');
        let item = if self.in_run {
            record(&self.line, line)
        } else {
            let first = serde_json::from_slice::<Value>(&self.line);
            first.map_err(|_| Problem::NotATrace).and_then(|value| header(value, line))
        };
        match item {
            // A whole object is whole, even where its line feed is missing.
            Ok(item) => {
                self.in_run = true;
                Ok(Some(item))
            }
            Err(_) if torn && self.in_run => Ok(Some(Item::Torn { line })),
            Err(Problem::NotATrace) if torn && self.line.starts_with(br#"{"format":""#) => {
                Err(Problem::NoHeader)
            }
            Err(problem) => Err(problem),
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Item, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.next_item().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

fn record(line: &[u8], number: usize) -> Result<Item, Problem> {
    let damaged = |error| Problem::damaged(number, &error);
    let problem = match serde_json::from_slice::<Entry>(line) {
        Ok(entry) => return Ok(Item::Entry(Box::new(entry))),
        Err(problem) => problem,
    };
    let value: Value = serde_json::from_slice(line).map_err(damaged)?;
    if value.get("format").is_some() {
        return header(value, number);
    }
    match value.get("record").and_then(|record| unknown_kind(record, &problem)) {
        Some(kind) => Ok(Item::Unknown { kind }),
        None => Err(damaged(problem)),
    }
}

fn header(value: Value, line: usize) -> Result<Item, Problem> {
    if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(Problem::NotATrace);
    }
    let found = value.get("version").and_then(Value::as_u64).unwrap_or(0);
    if found > u64::from(VERSION) {
        let proofmark = value.get("proofmark").and_then(Value::as_str).unwrap_or("?").to_owned();
        return Err(Problem::NewerVersion { line, found, proofmark });
    }
    let header = serde_json::from_value(value);
    header.map(Item::Header).map_err(|error| Problem::damaged(line, &error))
}

/// The record's kind, if a name from the future is why it could not be read: that of the kind,
/// or of something in it. Anything else that does not fit is damage.
fn unknown_kind(record: &Value, problem: &serde_json::Error) -> Option<String> {
    // serde says it only in words; the sentence is that of `serde::de::Error::unknown_variant`.
    let problem = problem.to_string();
    let variant = problem.strip_prefix("unknown variant `")?.split('`').next()?;
    let kind = match record {
        Value::String(kind) => kind.clone(),
        Value::Object(fields) => {
            let (kind, body) = fields.iter().next()?;
            match body.get("event").and_then(Value::as_str) {
                Some(event) => format!("{kind}.{event}"),
                None => kind.clone(),
            }
        }
        _ => return None,
    };
    let of_itself = kind.rsplit('.').next() == Some(variant);
    Some(if of_itself { kind } else { format!("{kind} with `{variant}`") })
}
