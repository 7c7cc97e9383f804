//! What a run must not leave in its trace.

use proofmark_trace::{CommandLine, Event, LeaseId, Record, Refusal, SessionId, Writer};

use crate::runs::header;

const SECRET: &str = "4111-1111-1111-1111";

#[test]
fn a_literal_of_a_refused_statement_does_not_reach_the_file() {
    let event = Event::Refused {
        session: SessionId(1),
        lease: LeaseId(1),
        statement: "insert into card (number) values (?)".to_owned(),
        refusal: Refusal {
            severity: "ERROR".to_owned(),
            sqlstate: "23514".to_owned(),
            schema: Some("public".to_owned()),
            table: Some("card".to_owned()),
            column: None,
            datatype: None,
            constraint: Some("card_number_is_a_token".to_owned()),
            routine: Some("ExecConstraints".to_owned()),
        },
        failing_row: Some(format!("(1, {SECRET})")),
    };
    let mut writer = Writer::start(Vec::new(), &header("r1")).expect("memory takes it");
    writer.append(Record::Proxy(event)).expect("memory takes it");
    let text = String::from_utf8(writer.into_inner()).expect("JSON is UTF-8");
    assert!(text.contains("card_number_is_a_token"), "the refusal is in the trace");
    assert!(!text.contains(SECRET), "the row's value is in the trace: {text}");
}

#[test]
fn a_password_of_the_command_line_does_not_reach_the_file() {
    let url = format!("--url=postgres://me:{SECRET}@localhost/shop");
    let mut started = crate::runs::started("shop", "aa");
    if let Record::RunStarted(started) = &mut started {
        started.command = CommandLine::redacted(["app", &url]);
    }
    let mut writer = Writer::start(Vec::new(), &header("r1")).expect("memory takes it");
    writer.append(started).expect("memory takes it");
    let text = String::from_utf8(writer.into_inner()).expect("JSON is UTF-8");
    assert!(text.contains("me:***@localhost"), "the command is in the trace");
    assert!(!text.contains(SECRET), "the password is in the trace: {text}");
}
