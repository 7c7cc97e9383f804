//! A trace on disk is whole lines, whatever happens.

use std::io::{self, Write};
use std::path::Path;

use proofmark_trace::{Trace, Writer};

use crate::runs::{given, header, returned};

#[test]
fn each_record_is_on_disk_as_soon_as_it_is_appended() -> io::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("trace.jsonl");
    let mut writer = Writer::create(&path, &header("r1")).expect("the directory is empty");
    for lease in 1..=3 {
        writer.append(given(lease, "a_test"))?;
        let text = std::fs::read_to_string(&path)?;
        assert!(text.ends_with('\n'), "the last line is whole");
        assert_eq!(text.lines().count() as u64, 1 + lease);
    }
    Ok(())
}

#[test]
fn an_existing_trace_is_never_overwritten() -> io::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("trace.jsonl");
    std::fs::write(&path, "precious")?;
    let error = Writer::create(&path, &header("r1")).expect_err("the file exists");
    assert_eq!(error.source.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&path)?, "precious");
    Ok(())
}

#[test]
fn a_directory_that_is_not_there_is_named_in_the_error() {
    let path = Path::new("no-such-directory/trace.jsonl");
    let error = Writer::create(path, &header("r1")).expect_err("there is no such directory");
    assert_eq!(error.to_string(), "cannot create the trace file no-such-directory/trace.jsonl");
}

/// A disk with room for so many lines and a part of one more. Counted in lines, because the
/// length of a line depends on the time that it tells.
struct Disk {
    lines: usize,
    /// How many bytes of the next line there is room for, of how many.
    part: fn(usize) -> usize,
    is_full: bool,
    holds: Vec<u8>,
}

impl Disk {
    fn with_room_for(lines: usize, part: fn(usize) -> usize) -> Self {
        Self { lines, part, is_full: false, holds: Vec::new() }
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = if self.lines > 0 { bytes.len() } else { (self.part)(bytes.len()) };
        self.is_full = self.lines == 0;
        self.lines = self.lines.saturating_sub(1);
        self.holds.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_trace_at_the_torn_line() {
    let parts: [fn(usize) -> usize; 3] = [|_| 1, |line| line / 2, |line| line - 1];
    for (part, lines) in parts.into_iter().zip([8, 9, 10]) {
        let disk = Disk::with_room_for(lines, part);
        let mut writer = Writer::start(disk, &header("r1")).expect("the header fits");
        let mut failed = 0;
        for lease in 0..10 {
            failed += usize::from(writer.append(returned(lease, "a_test")).is_err());
        }
        assert_eq!(failed, 11 - lines, "one line is the header");
        let holds = writer.into_inner().holds;
        let trace = Trace::from_lines(holds.as_slice()).expect("readable");
        // Where only the line feed found no room, the record is there although its write failed.
        let is_whole = holds.ends_with(b"}");
        assert_eq!(is_whole, lines == 10);
        assert_eq!(trace.runs[0].entries.len(), 10 - failed + usize::from(is_whole));
    }
}

#[test]
fn once_a_line_was_lost_no_later_line_is_written() {
    let disk = Disk::with_room_for(1, |line| line / 2);
    let mut writer = Writer::start(disk, &header("r1")).expect("the header fits");
    let first = writer.append(given(1, "a_test")).expect_err("the disk is full");
    assert_eq!(first.kind(), io::ErrorKind::StorageFull);
    let second = writer.append(given(2, "a_test")).expect_err("the trace has ended");
    assert_eq!(second.to_string(), "the trace ended at an earlier failure to write it");
}
