//! Measures what looking at a statement costs: both scanners and the queue of replies.
//!
//! ```text
//! cargo run --release -p proofmark-wire --example watch_cost
//! ```

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use proofmark_wire::backend::{CommandComplete, DataRow, Empty, ReadyForQuery, RowDescription};
use proofmark_wire::frontend::{Bind, Describe, Execute, Query, Target};
use proofmark_wire::{Interest, Replies, Scanner, TransactionStatus, frame};

static CLIENT: Interest = Replies::client_interest();
static SERVER: Interest = Replies::server_interest();

const STATEMENTS: u32 = 300_000;
const ROUNDS: usize = 5;

/// What one statement sends and gets.
struct Exchange {
    name: &'static str,
    request: Vec<u8>,
    reply: Vec<u8>,
}

fn main() -> std::io::Result<()> {
    for exchange in [simple(), prepared(), rows(1000)] {
        let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| nanoseconds(&exchange)).collect();
        rounds.sort_by(f64::total_cmp);
        let (name, median) = (exchange.name, rounds[ROUNDS / 2]);
        writeln!(std::io::stdout(), "{name:<40} {median:>8.0} ns per statement")?;
    }
    Ok(())
}

fn nanoseconds(exchange: &Exchange) -> f64 {
    let (mut client, mut server) = (Scanner::new(&CLIENT), Scanner::new(&SERVER));
    let mut replies = Replies::default();
    let started = Instant::now();
    for _ in 0..STATEMENTS {
        client.feed(black_box(&exchange.request), |message| replies.sent(message));
        server.feed(black_box(&exchange.reply), |message| {
            black_box(replies.received(message));
        });
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(STATEMENTS)
}

/// What `pgbench -S -M simple` sends and gets.
fn simple() -> Exchange {
    let mut request = Vec::new();
    Query { text: b"SELECT abalance FROM pgbench_accounts WHERE aid = 12345;" }.write(&mut request);
    let mut reply = Vec::new();
    RowDescription::texts(&["abalance"], &[]).write(&mut reply);
    end(1, &mut reply);
    Exchange { name: "simple (Q)", request, reply }
}

/// What `pgbench -S -M prepared` sends and gets.
fn prepared() -> Exchange {
    let mut request = Vec::new();
    Bind {
        portal: b"",
        statement: b"P0_1",
        parameter_formats: Vec::new(),
        parameters: vec![Some(b"12345")],
        result_formats: Vec::new(),
    }
    .write(&mut request);
    Describe { target: Target::Portal, name: b"" }.write(&mut request);
    Execute { portal: b"", rows_max: 0 }.write(&mut request);
    frame(&mut request, b'S', |_| {});
    let mut reply = Vec::new();
    Empty::BindComplete.write(&mut reply);
    RowDescription::texts(&["abalance"], &[]).write(&mut reply);
    end(1, &mut reply);
    Exchange { name: "prepared (B D E S)", request, reply }
}

/// A statement with many rows.
fn rows(count: usize) -> Exchange {
    let mut reply = Vec::new();
    RowDescription::texts(&["abalance"], &[]).write(&mut reply);
    end(count, &mut reply);
    Exchange { name: "simple, 1000 rows", ..simple() }.with_reply(reply)
}

impl Exchange {
    fn with_reply(self, reply: Vec<u8>) -> Self {
        Self { reply, ..self }
    }
}

fn end(rows: usize, reply: &mut Vec<u8>) {
    for _ in 0..rows {
        DataRow { values: vec![Some(b"0")] }.write(reply);
    }
    CommandComplete { command: b"SELECT 1" }.write(reply);
    ReadyForQuery { status: TransactionStatus::Idle }.write(reply);
}
