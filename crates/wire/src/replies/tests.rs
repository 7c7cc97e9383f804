//! Conversations as they are on the wire, and what is made of them.

use super::*;
use crate::{Scanner, frontend};

static CLIENT: Interest = Replies::client_interest();
static SERVER: Interest = Replies::server_interest();

/// A conversation: what the client sent, what the server answered, in order.
struct Talk {
    replies: Replies,
    client: Scanner,
    server: Scanner,
}

impl Talk {
    fn new() -> Self {
        let (client, server) = (Scanner::new(&CLIENT), Scanner::new(&SERVER));
        Self { replies: Replies::default(), client, server }
    }

    fn send(&mut self, bytes: &[u8]) -> &mut Self {
        self.client.feed(bytes, |message| self.replies.sent(message));
        self
    }

    /// Feeds tags of body-less answers; `I`, `T` and `E` behind a `Z` are its state. Gives the
    /// texts of the errors.
    fn answer(&mut self, tags: &str) -> Vec<Option<String>> {
        let mut bytes = Vec::new();
        let mut tags = tags.bytes();
        while let Some(tag) = tags.next() {
            crate::frame(&mut bytes, tag, |body| {
                if tag == b'Z' {
                    body.push(tags.next().expect("a state behind Z"));
                }
            });
        }
        let mut errors = Vec::new();
        self.server.feed(&bytes, |message| {
            if let Outcome::Error { text, completed } = self.replies.received(message) {
                errors.push(text.map(|text| {
                    let one = crate::nth_statement(&text, completed, crate::Strings::Standard);
                    String::from_utf8_lossy(one).trim().to_owned()
                }));
            }
        });
        errors
    }
}

fn query(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    frontend::Query { text: text.as_bytes() }.write(&mut out);
    out
}

fn parse(name: &str, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let (name, text) = (name.as_bytes(), text.as_bytes());
    frontend::Parse { name, text, parameter_types: Vec::new() }.write(&mut out);
    out
}

fn bind(portal: &str, statement: &str) -> Vec<u8> {
    let mut out = Vec::new();
    frontend::Bind {
        portal: portal.as_bytes(),
        statement: statement.as_bytes(),
        parameter_formats: Vec::new(),
        parameters: Vec::new(),
        result_formats: Vec::new(),
    }
    .write(&mut out);
    out
}

fn execute(portal: &str) -> Vec<u8> {
    let mut out = Vec::new();
    frontend::Execute { portal: portal.as_bytes(), rows_max: 0 }.write(&mut out);
    out
}

fn close(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let name = name.as_bytes();
    frontend::Close { target: frontend::Target::Statement, name }.write(&mut out);
    out
}

fn bare(tag: u8) -> Vec<u8> {
    let mut out = Vec::new();
    crate::frame(&mut out, tag, |_| {});
    out
}

fn sync() -> Vec<u8> {
    bare(b'S')
}

fn run(text: &str) -> Vec<u8> {
    [parse("", text), bind("", ""), execute("")].concat()
}

fn one(text: &str) -> Vec<Option<String>> {
    vec![Some(text.to_owned())]
}

#[test]
fn a_failed_query_is_named_and_the_next_one_is_not_confused_with_it() {
    let mut talk = Talk::new();
    talk.send(&query("first")).send(&query("second"));
    assert_eq!(talk.answer("EZI"), one("first"));
    assert_eq!(talk.answer("EZI"), one("second"));
    assert_eq!(talk.replies.state(), QueueState::Empty);
    assert_eq!(talk.replies.statements(), 2);
}

#[test]
fn the_failed_statement_of_a_query_of_several_is_named() {
    let mut talk = Talk::new();
    talk.send(&query("one; two; three"));
    assert_eq!(talk.answer("CTDCEZE"), one("three"));
    assert_eq!(talk.replies.status(), TransactionStatus::Failed);
    talk.send(&query("four; five"));
    assert_eq!(talk.answer("EZI"), one("four"));
}

#[test]
fn a_failure_in_a_pipeline_drops_everything_up_to_the_sync() {
    let mut talk = Talk::new();
    talk.send(&run("good")).send(&run("bad")).send(&run("never")).send(&sync());
    talk.send(&run("after")).send(&sync());
    assert_eq!(talk.answer("12C12E"), one("bad"));
    assert_eq!(talk.answer("ZI"), []);
    assert_eq!(talk.answer("12EZI"), one("after"));
    assert_eq!(talk.replies.state(), QueueState::Empty);
}

#[test]
fn what_is_sent_after_a_failure_is_dropped_until_a_sync_comes() {
    let mut talk = Talk::new();
    talk.send(&run("bad"));
    assert_eq!(talk.answer("12E"), one("bad"));
    talk.send(&run("never")).send(&query("never either")).send(&sync()).send(&query("next"));
    assert_eq!(talk.answer("ZI"), []);
    assert_eq!(talk.answer("EZI"), one("next"));
}

#[test]
fn a_prepared_statement_is_known_by_its_name() {
    let mut talk = Talk::new();
    talk.send(&parse("a", "text a")).send(&parse("b", "text b")).send(&sync());
    assert_eq!(talk.answer("11ZI"), []);
    talk.send(&bind("p", "a")).send(&bind("", "b")).send(&execute("p")).send(&execute(""));
    talk.send(&sync());
    assert_eq!(talk.answer("22CE"), one("text b"));
    assert_eq!(talk.answer("ZI"), []);
    talk.send(&bind("", "a")).send(&sync());
    assert_eq!(talk.answer("EZI"), one("text a"));
}

#[test]
fn a_name_is_only_taken_when_the_server_took_it() {
    let mut talk = Talk::new();
    talk.send(&parse("a", "taken")).send(&sync());
    talk.answer("1ZI");
    talk.send(&parse("a", "refused: exists")).send(&sync());
    assert_eq!(talk.answer("EZI"), one("refused: exists"));
    talk.send(&run("bad")).send(&close("a")).send(&parse("a", "dropped")).send(&sync());
    assert_eq!(talk.answer("12EZI"), one("bad"));
    talk.send(&bind("", "a")).send(&execute("")).send(&sync());
    assert_eq!(talk.answer("2EZI"), one("taken"));
    talk.send(&close("a")).send(&parse("a", "new")).send(&bind("", "a")).send(&execute(""));
    talk.send(&sync());
    assert_eq!(talk.answer("312EZI"), one("new"));
}

#[test]
fn a_deferred_constraint_is_told_at_the_sync_of_the_last_execute() {
    let mut talk = Talk::new();
    talk.send(&run("insert")).send(&sync());
    assert_eq!(talk.answer("12C"), []);
    assert_eq!(talk.answer("EZI"), one("insert"));
    assert_eq!(talk.replies.state(), QueueState::Empty);
}

#[test]
fn syncs_that_the_server_drops_during_a_copy_owe_nothing() {
    let mut talk = Talk::new();
    talk.send(&run("copy t from stdin")).send(&sync());
    assert_eq!(talk.answer("12G"), []);
    talk.send(&sync()).send(&bare(b'c')).send(&sync()).send(&query("next"));
    assert_eq!(talk.answer("CZI"), []);
    assert_eq!(talk.answer("EZI"), one("next"));
    assert_eq!(talk.replies.state(), QueueState::Empty);
}

#[test]
fn copy_data_sent_ahead_of_its_answer_keeps_the_sync_behind_it() {
    let mut talk = Talk::new();
    talk.send(&run("copy t from stdin")).send(&bare(b'c')).send(&sync()).send(&query("next"));
    assert_eq!(talk.answer("12GCZI"), []);
    assert_eq!(talk.answer("EZI"), one("next"));
}

#[test]
fn a_failed_copy_is_named() {
    let mut talk = Talk::new();
    talk.send(&query("copy t from stdin"));
    assert_eq!(talk.answer("G"), []);
    talk.send(&bare(b'd')).send(&bare(b'f'));
    assert_eq!(talk.answer("EZI"), one("copy t from stdin"));
    assert_eq!(talk.replies.state(), QueueState::Empty);
}

#[test]
fn an_error_that_answers_nothing_belongs_to_no_statement() {
    let mut talk = Talk::new();
    assert_eq!(talk.answer("E"), [None]);
}

#[test]
fn a_pipeline_beyond_the_bounds_is_attributed_again_once_it_is_paid() {
    let mut talk = Talk::new();
    for _ in 0..40_000 {
        talk.send(&run("x")).send(&sync());
    }
    assert_eq!(talk.replies.state(), QueueState::Overflowed);
    for _ in 0..20_000 {
        talk.answer("12CZI");
    }
    assert_eq!(talk.answer("12EZI"), [None]);
    for _ in 0..19_999 {
        talk.answer("12CZI");
    }
    assert_eq!(talk.replies.state(), QueueState::Empty);
    talk.send(&run("known")).send(&sync());
    assert_eq!(talk.answer("12EZI"), one("known"));
}

#[test]
fn statements_beyond_the_bounds_are_unknown() {
    let mut talk = Talk::new();
    let long = "x".repeat(4_000);
    for name in 0..1_000 {
        talk.send(&parse(&name.to_string(), &long));
        talk.answer("1");
    }
    talk.send(&bind("", "999")).send(&execute(""));
    assert_eq!(talk.answer("2E"), [None]);
}
