//! Every promise of a schema is found in the text that declares it, as the server named it.

use std::fmt::Write as _;

use anyhow::Result;
use expect_test::{Expect, expect};
use proofmark_catalog::read;
use proofmark_catalog::source::{Migration, Sources, applied};

use crate::servers::same_on_every_major;

/// Applies the migrations and shows for each promise the text that declares it.
async fn check(migrations: &[&str], expected: Expect) -> Result<()> {
    let migrations: Vec<Migration> = migrations
        .iter()
        .enumerate()
        .map(|(number, text)| Migration { path: number.to_string(), text: (*text).to_owned() })
        .collect();
    let located = same_on_every_major(14, async |running| {
        let schema: String = migrations.iter().map(|one| applied(&one.text)).collect();
        let catalog = read(&running.database(&schema).await?).await?;
        let sources = Sources::read(&migrations);
        let mut lines = String::new();
        for promise in catalog.promises.iter().filter(|one| !one.implied_by_primary_key()) {
            match sources.locate(promise) {
                Some(place) => {
                    let number: usize = place.path.parse()?;
                    let text = &migrations[number].text[place.span.clone()];
                    let first_line = text.lines().next().unwrap_or_default();
                    writeln!(
                        lines,
                        "{}\n  {}:{} {first_line}",
                        promise.id, place.path, place.line
                    )?;
                }
                None => writeln!(lines, "{}\n  nowhere", promise.id)?,
            }
        }
        Ok(lines)
    });
    if let Some(located) = located.await? {
        expected.assert_eq(&located);
    }
    Ok(())
}

#[tokio::test]
async fn named_constraints_are_found_by_name() -> Result<()> {
    check(
        &["CREATE DOMAIN email AS text CONSTRAINT email_has_at CHECK (VALUE LIKE '%@%');
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE parent (id int CONSTRAINT parent_key PRIMARY KEY);
CREATE TABLE t (
  a int NOT NULL CONSTRAINT t_a_positive CHECK (a > 0) CONSTRAINT t_a_once UNIQUE,
  b int CONSTRAINT t_b_parent REFERENCES parent ON DELETE SET NULL DEFERRABLE,
  /* CONSTRAINT t_pair_distinct */ c text DEFAULT 'CONSTRAINT t_pair_distinct',
  CONSTRAINT t_pair_distinct CHECK (
    a <> b
  ),
  CONSTRAINT \"T Odd\" UNIQUE (a, b)
);
CREATE UNIQUE INDEX t_c_once ON public.t (lower(c)) WHERE c <> '';
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER t_agrees AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();"],
        expect![[r#"
            public.email.email_has_at
              0:1 CONSTRAINT email_has_at CHECK (VALUE LIKE '%@%')
            public.mood:enum
              0:2 mood AS ENUM ('a', 'b')
            public.parent.parent_key
              0:3 CONSTRAINT parent_key PRIMARY KEY
            public.t."T Odd"
              0:11 CONSTRAINT "T Odd" UNIQUE (a, b)
            public.t.a:not-null
              0:5 a int NOT NULL CONSTRAINT t_a_positive CHECK (a > 0) CONSTRAINT t_a_once UNIQUE
            public.t.t_a_once
              0:5 CONSTRAINT t_a_once UNIQUE
            public.t.t_a_positive
              0:5 CONSTRAINT t_a_positive CHECK (a > 0)
            public.t.t_agrees
              0:15 t_agrees AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
            public.t.t_b_parent
              0:6 CONSTRAINT t_b_parent REFERENCES parent ON DELETE SET NULL DEFERRABLE
            public.t.t_c_once
              0:13 t_c_once ON public.t (lower(c)) WHERE c <> ''
            public.t.t_pair_distinct
              0:8 CONSTRAINT t_pair_distinct CHECK (
        "#]],
    )
    .await
}

#[tokio::test]
async fn names_that_the_server_chose_are_found_by_their_columns() -> Result<()> {
    check(
        &["CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0) CHECK (VALUE < 9);
CREATE TABLE parent (id int PRIMARY KEY, a int, b int, UNIQUE (a, b));
CREATE TABLE t (
  id serial PRIMARY KEY,
  a int CHECK (a > 0) CHECK (a < 9),
  b int UNIQUE NOT NULL REFERENCES parent,
  c int,
  CHECK (a < b),
  CHECK (b < c),
  FOREIGN KEY (a, b) REFERENCES parent (a, b),
  EXCLUDE USING btree (c WITH =)
);
CREATE UNIQUE INDEX ON t (c);
ALTER TABLE t ADD COLUMN d int CHECK (d > 0), ALTER COLUMN c SET NOT NULL;"],
        expect![[r#"
            public.parent.parent_a_b_key
              0:2 UNIQUE (a, b)
            public.parent.parent_pkey
              0:2 id int PRIMARY KEY
            public.positive.positive_check
              0:1 positive AS int NOT NULL CHECK (VALUE > 0) CHECK (VALUE < 9)
            public.positive.positive_check1
              0:1 positive AS int NOT NULL CHECK (VALUE > 0) CHECK (VALUE < 9)
            public.positive:not-null
              0:1 positive AS int NOT NULL CHECK (VALUE > 0) CHECK (VALUE < 9)
            public.t.b:not-null
              0:6 b int UNIQUE NOT NULL REFERENCES parent
            public.t.c:not-null
              0:14 ALTER COLUMN c SET NOT NULL
            public.t.t_a_b_fkey
              0:10 FOREIGN KEY (a, b) REFERENCES parent (a, b)
            public.t.t_a_check
              0:5 a int CHECK (a > 0) CHECK (a < 9)
            public.t.t_a_check1
              0:5 a int CHECK (a > 0) CHECK (a < 9)
            public.t.t_b_fkey
              0:6 b int UNIQUE NOT NULL REFERENCES parent
            public.t.t_b_key
              0:6 b int UNIQUE NOT NULL REFERENCES parent
            public.t.t_c_excl
              0:11 EXCLUDE USING btree (c WITH =)
            public.t.t_c_idx
              0:13 ON t (c)
            public.t.t_check
              0:8 CHECK (a < b)
            public.t.t_check1
              0:9 CHECK (b < c)
            public.t.t_d_check
              0:14 d int CHECK (d > 0)
            public.t.t_pkey
              0:4 id serial PRIMARY KEY
        "#]],
    )
    .await
}

#[tokio::test]
async fn the_last_declaration_counts() -> Result<()> {
    check(
        &[
            "CREATE TABLE old_name (a int, CONSTRAINT a_small CHECK (a < 9),
  CONSTRAINT a_once UNIQUE (a), b int NOT NULL);
CREATE UNIQUE INDEX i ON old_name (b);",
            "ALTER TABLE old_name DROP CONSTRAINT a_small, ADD CONSTRAINT a_small CHECK (a < 99);
ALTER TABLE old_name RENAME TO new_name;
ALTER TABLE new_name RENAME COLUMN b TO c;
ALTER TABLE new_name RENAME CONSTRAINT a_once TO a_unique;
ALTER INDEX i RENAME TO j;
CREATE SCHEMA elsewhere;
ALTER TABLE new_name SET SCHEMA elsewhere;",
            "-- migrate:up
ALTER TABLE elsewhere.new_name ADD d int, ADD CONSTRAINT d_small CHECK (d < 9);
-- migrate:down
ALTER TABLE elsewhere.new_name ADD CONSTRAINT d_small CHECK (d < 1);",
        ],
        expect![[r#"
            elsewhere.new_name.a_small
              1:1 CONSTRAINT a_small CHECK (a < 99)
            elsewhere.new_name.a_unique
              0:2 CONSTRAINT a_once UNIQUE (a)
            elsewhere.new_name.c:not-null
              0:2 b int NOT NULL
            elsewhere.new_name.d_small
              2:2 CONSTRAINT d_small CHECK (d < 9)
            elsewhere.new_name.j
              0:3 i ON old_name (b)
        "#]],
    )
    .await
}

#[tokio::test]
async fn what_no_statement_declares_in_the_open_is_nowhere() -> Result<()> {
    check(
        &["CREATE TABLE t (a int CONSTRAINT t_a_small CHECK (a < 9));
CREATE TABLE copied (LIKE t INCLUDING ALL);
DO $$ BEGIN ALTER TABLE t ADD CONSTRAINT t_hidden CHECK (a > 0); END $$;"],
        expect![[r#"
            public.copied.t_a_small
              nowhere
            public.t.t_a_small
              0:1 CONSTRAINT t_a_small CHECK (a < 9)
            public.t.t_hidden
              nowhere
        "#]],
    )
    .await
}
