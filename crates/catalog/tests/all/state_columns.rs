//! State columns and allowed moves, however they are declared.

use std::fmt::Write as _;

use anyhow::Result;
use expect_test::{Expect, expect};
use proofmark_catalog::read;

use crate::servers::same_on_every_major;

async fn check(schema: &str, expected: Expect) -> Result<()> {
    let columns = same_on_every_major(14, async |running| {
        let catalog = read(&running.database(schema).await?).await?;
        let mut lines = String::new();
        for state in &catalog.state_columns {
            let moves = state.transitions.as_ref().map(|transitions| {
                let moves: Vec<_> =
                    transitions.moves.iter().map(|(from, to)| format!("{from}>{to}")).collect();
                format!(" {}: {}", transitions.table, moves.join(" "))
            });
            writeln!(
                lines,
                "{}.{} {:?} {:?}{}",
                state.table,
                state.column,
                state.states,
                state.from,
                moves.unwrap_or_default()
            )?;
        }
        Ok(lines)
    });
    if let Some(columns) = columns.await? {
        expected.assert_eq(&columns);
    }
    Ok(())
}

#[tokio::test]
async fn a_table_of_states_with_a_table_of_moves() -> Result<()> {
    check(
        "CREATE TABLE payment_state (state text PRIMARY KEY);
         INSERT INTO payment_state VALUES ('new'), ('paid'), ('void');
         CREATE TABLE payment_move (
           from_state text REFERENCES payment_state, to_state text REFERENCES payment_state,
           PRIMARY KEY (from_state, to_state));
         INSERT INTO payment_move VALUES ('new', 'paid'), ('new', 'void');
         CREATE TABLE payment (id int PRIMARY KEY, state text NOT NULL REFERENCES payment_state);
         CREATE TABLE payment_history (
           id int PRIMARY KEY, payment_id int REFERENCES payment, from_state text, to_state text,
           FOREIGN KEY (from_state, to_state) REFERENCES payment_move)",
        expect![[r#"
            public.payment.state ["new", "paid", "void"] Table(TableName { schema: "public", name: "payment_state" }) public.payment_move: new>paid new>void
        "#]],
    )
    .await
}

#[tokio::test]
async fn a_state_that_is_the_head_of_its_history() -> Result<()> {
    check(
        "CREATE TABLE step (name varchar(9) PRIMARY KEY);
         INSERT INTO step VALUES ('one'), ('two');
         CREATE TABLE step_move (
           a varchar(9) REFERENCES step, b varchar(9) REFERENCES step, PRIMARY KEY (a, b));
         INSERT INTO step_move VALUES ('one', 'two');
         CREATE TABLE job (id int PRIMARY KEY, at varchar(9), seq int, UNIQUE (id, at));
         CREATE TABLE job_history (
           job_id int REFERENCES job, seq int, before int, a varchar(9), b varchar(9),
           UNIQUE (job_id, seq, b),
           FOREIGN KEY (a, b) REFERENCES step_move,
           FOREIGN KEY (job_id, before, a) REFERENCES job_history (job_id, seq, b));
         ALTER TABLE job ADD FOREIGN KEY (id, seq, at) REFERENCES job_history (job_id, seq, b);
         CREATE TABLE task (
           job_id int, job_at varchar(9), FOREIGN KEY (job_id, job_at) REFERENCES job (id, at))",
        expect![[r#"
            public.job.at ["one", "two"] Table(TableName { schema: "public", name: "step" }) public.step_move: one>two
        "#]],
    )
    .await
}

#[tokio::test]
async fn an_enum_with_a_table_of_moves() -> Result<()> {
    check(
        "CREATE TYPE phase AS ENUM ('open', 'closed');
         CREATE TABLE phase_move (a phase, b phase, UNIQUE (a, b));
         INSERT INTO phase_move VALUES ('open', 'closed');
         CREATE TABLE ticket (id int PRIMARY KEY, phase phase);
         CREATE TABLE ticket_log (
           ticket_id int REFERENCES ticket, a phase, b phase,
           FOREIGN KEY (a, b) REFERENCES phase_move (a, b))",
        expect![[r#"
            public.ticket.phase ["open", "closed"] Enum(TableName { schema: "public", name: "phase" }) public.phase_move: open>closed
        "#]],
    )
    .await
}

#[tokio::test]
async fn a_check_with_a_list() -> Result<()> {
    check(
        "CREATE TABLE parcel (
           id int,
           state text CHECK (state IN ('sent', 'lost')),
           size varchar(1) CHECK (size IN ('s', 'm', 'l')),
           weight int CHECK (weight IN (1, 2)),
           note text CHECK (note IN ('a', 'b') AND note <> ''))",
        expect![[r#"
            public.parcel.size ["s", "m", "l"] Check(PromiseId("public.parcel.parcel_size_check"))
            public.parcel.state ["sent", "lost"] Check(PromiseId("public.parcel.parcel_state_check"))
        "#]],
    )
    .await
}

#[tokio::test]
async fn a_foreign_key_onto_anything_else_is_no_state() -> Result<()> {
    check(
        "CREATE TABLE currency (code text PRIMARY KEY);
         INSERT INTO currency VALUES ('EUR'), ('USD');
         CREATE TABLE price (currency text REFERENCES currency);
         CREATE TABLE status_log (id int PRIMARY KEY);
         INSERT INTO status_log VALUES (1), (2);
         CREATE TABLE entry (status_log_id int REFERENCES status_log)",
        expect![[r#""#]],
    )
    .await
}

#[tokio::test]
async fn a_large_table_is_no_list_of_states() -> Result<()> {
    check(
        "CREATE TABLE status (name text PRIMARY KEY);
         INSERT INTO status SELECT 's' || n FROM generate_series(1, 101) AS n;
         CREATE TABLE thing (status text REFERENCES status)",
        expect![[r#""#]],
    )
    .await
}
