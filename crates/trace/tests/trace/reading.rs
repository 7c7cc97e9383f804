//! What a reader makes of whole, torn, newer and damaged traces.

use expect_test::{Expect, expect};
use proofmark_trace::{Ending, Problem, Trace};

use crate::runs::{started, written};

fn read(bytes: &[u8]) -> Result<Trace, Problem> {
    Trace::from_lines(bytes)
}

#[test]
fn what_was_written_is_read_back() {
    let bytes = written("r1", "aa");
    let trace = read(&bytes).expect("it was just written");
    let [run] = trace.runs.as_slice() else { panic!("one run, not {}", trace.runs.len()) };
    assert_eq!(run.ending, Ending::Finished);
    assert_eq!(run.lost(), 0);
    assert_eq!(run.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(run.entries[0].record, started("shop", "aa"));
    let mut again = Vec::new();
    trace.write(&mut again).expect("memory takes it");
    assert_eq!(again, bytes, "writing it again gives the same bytes");
}

#[test]
fn cut_anywhere_it_is_read_up_to_the_cut() {
    let bytes = written("r1", "aa");
    let header_ends = bytes.iter().position(|b| *b == b'\n').expect("a header line");
    for cut in header_ends..bytes.len() {
        let trace = read(&bytes[..cut]).unwrap_or_else(|e| panic!("cut at {cut}: {e}"));
        let run = &trace.runs[0];
        let whole_lines = bytes[..cut].split_inclusive(|b| *b == b'\n');
        let torn = bytes[..cut].last() != Some(&b'\n') && bytes[cut] != b'\n';
        let lines = whole_lines.count();
        assert_eq!(run.entries.len(), lines - 1 - usize::from(torn), "cut at {cut}");
        match run.ending {
            Ending::Torn { line } => assert!(torn && line == lines, "cut at {cut}"),
            Ending::CutOff => assert!(!torn, "cut at {cut}"),
            Ending::Finished => assert_eq!(cut, bytes.len() - 1),
        }
    }
}

#[test]
fn a_header_that_was_cut_off_is_a_run_that_wrote_nothing() {
    let bytes = written("r1", "aa");
    let header_ends = bytes.iter().position(|b| *b == b'\n').expect("a header line");
    for cut in [0, 11, header_ends - 1] {
        assert!(matches!(read(&bytes[..cut]), Err(Problem::NoHeader)), "cut at {cut}");
    }
}

#[test]
fn kinds_of_records_from_the_future_are_skipped_and_counted() {
    let mut bytes = written("r1", "aa");
    let ended = r#"{"event":"lease_ended","lease":1,"how":"by_lottery","failed":false}"#;
    let ended = format!("{{\"proxy\":{ended}}}");
    let noticed = r#"{"proxy":{"event":"noticed"}}"#;
    for record in [r#"{"race":{"witness":1}}"#, noticed, r#""race""#, &ended] {
        let line = format!("{{\"seq\":6,\"at_us\":9,\"record\":{record}}}\n");
        bytes.extend_from_slice(line.as_bytes());
    }
    let trace = read(&bytes).expect("unknown kinds are no error");
    let unknown: Vec<_> = trace.runs[0].unknown.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    let lottery = "proxy.lease_ended with `by_lottery`";
    assert_eq!(unknown, [(lottery, 1), ("proxy.noticed", 1), ("race", 2)]);
}

#[test]
fn new_fields_of_known_records_are_ignored() {
    let text = String::from_utf8(written("r1", "aa")).expect("JSON is UTF-8");
    let more = text.replace(r#""exit_code":0"#, r#""exit_code":0,"cpu_ms":17"#);
    assert_ne!(more, text);
    assert_eq!(read(more.as_bytes()).expect("readable"), read(text.as_bytes()).expect("readable"));
}

#[test]
fn a_lost_line_shows_in_the_numbers() {
    let text = String::from_utf8(written("r1", "aa")).expect("JSON is UTF-8");
    let without: String =
        text.split_inclusive('\n').enumerate().filter(|(n, _)| *n != 2).map(|(_, l)| l).collect();
    assert_eq!(read(without.as_bytes()).expect("readable").runs[0].lost(), 1);
}

#[track_caller]
fn check_problem(text: &str, expected: &Expect) {
    let problem = read(text.as_bytes()).expect_err("this is not a trace to accept");
    expected.assert_eq(&format!("{problem}\n"));
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    let text = String::from_utf8(written("r1", "aa")).expect("JSON is UTF-8");
    let newer = text.replace(r#""version":1"#, r#""version":2"#).replace("0.1.0", "9.0.0");
    check_problem(
        &newer,
        &expect![[r#"
            line 1 says format version 2, written by proofmark 9.0.0; this proofmark reads up to version 1
        "#]],
    );
}

#[test]
fn a_damaged_line_is_named_by_its_number() {
    let mut trace = read(&written("r1", "aa")).expect("it was just written");
    for entry in &mut trace.runs[0].entries {
        // The column in the error depends on how many digits the time has.
        entry.at_us = 1_000;
    }
    let mut bytes = Vec::new();
    trace.write(&mut bytes).expect("memory takes it");
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    check_problem(
        &text.replace(r#""lease":1,"#, r#""lease":1;"#),
        &expect![[r#"
            line 3 is damaged at column 73: expected `,` or `}`
        "#]],
    );
    check_problem(
        &text.replace(r#""elapsed_ms":41200"#, r#""elapsed_ms":"long""#),
        &expect![[r#"
            line 5 is damaged at column 99: invalid type: string "long", expected u64
        "#]],
    );
}

#[test]
fn other_files_are_not_taken_for_traces() {
    let expected = expect![[r#"
        line 1 does not say that this is a proofmark trace
    "#]];
    check_problem("PGDMP\u{1}\u{0}", &expected);
    check_problem("{\"format\":\"another\",\"version\":1}\n", &expected);
    check_problem("[1,2]\n", &expected);
    check_problem("\n", &expected);
}

#[test]
fn the_file_is_named_and_what_to_do_is_said() {
    let error = Trace::read(std::path::Path::new("no-such.jsonl")).expect_err("no such file");
    assert_eq!(error.to_string(), "cannot read the trace no-such.jsonl");
    assert_eq!(error.help(), "check that the file exists and may be read");
}
