//! Says from a statement's text whether it is a step and whether its commit can be held.
//!
//! In goes SQL, out comes [`Class`].
//!
//! **Invariant**: what it does not know is a step, and is sent as it is.

use proofmark_wire::lexer::{Token, TokenKind, Tokens};
use proofmark_wire::{Strings, statements};

use super::step::StepKind;

/// Whether a statement outside a transaction is given one, so that its commit can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wrap {
    /// No: it brings its own, or may not have one.
    Never,
    /// There is nothing to commit, as far as the text says.
    NotNeeded,
    /// Yes; but the commit is held only if the server has written something.
    IfItWrote,
    /// Yes.
    Always,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class {
    /// A step; otherwise it is passed straight on.
    pub(super) is_step: bool,
    pub(super) kind: StepKind,
    pub(super) wrap: Wrap,
    /// It asks for a transaction that keeps its first snapshot (or for one that does not).
    pub(super) keeps_snapshot: Option<bool>,
}

impl Class {
    fn step(kind: StepKind, wrap: Wrap) -> Self {
        Self { is_step: true, kind, wrap, keeps_snapshot: None }
    }

    fn passes() -> Self {
        let kind = StepKind::Other;
        Self { is_step: false, kind, wrap: Wrap::Never, keeps_snapshot: None }
    }
}

/// Functions and keywords before a parenthesis that are known to write nothing.
const READING: &[&str] = &[
    "and",
    "any",
    "all",
    "array",
    "array_agg",
    "as",
    "avg",
    "bool_and",
    "bool_or",
    "by",
    "case",
    "cast",
    "ceil",
    "coalesce",
    "concat",
    "count",
    "current_database",
    "current_setting",
    "date_trunc",
    "distinct",
    "else",
    "exists",
    "extract",
    "filter",
    "floor",
    "format",
    "from",
    "generate_series",
    "greatest",
    "in",
    "interval",
    "json_agg",
    "json_build_object",
    "jsonb_agg",
    "jsonb_build_object",
    "lateral",
    "least",
    "left",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "mod",
    "not",
    "now",
    "nullif",
    "numeric",
    "on",
    "or",
    "over",
    "pg_backend_pid",
    "position",
    "rank",
    "round",
    "row",
    "row_number",
    "row_to_json",
    "rtrim",
    "select",
    "some",
    "string_agg",
    "substring",
    "sum",
    "then",
    "to_char",
    "trim",
    "unnest",
    "upper",
    "using",
    "values",
    "varchar",
    "when",
    "where",
    "with",
];

/// What a text of one or more statements is.
pub(super) fn classify(sql: &[u8]) -> Class {
    let mut classes = statements(sql, Strings::Standard).map(statement);
    let Some(first) = classes.next() else { return Class::passes() };
    classes.fold(first, |all, next| Class {
        is_step: all.is_step || next.is_step,
        kind: if next.is_step { stronger(all.kind, next.kind) } else { all.kind },
        wrap: if all.wrap == Wrap::Never { Wrap::Never } else { both(all.wrap, next.wrap) },
        keeps_snapshot: next.keeps_snapshot.or(all.keeps_snapshot),
    })
}

fn both(one: Wrap, other: Wrap) -> Wrap {
    if other == Wrap::Never { Wrap::Never } else { one.max(other) }
}

fn stronger(one: StepKind, other: StepKind) -> StepKind {
    use StepKind as K;
    let rank = |kind| match kind {
        K::Prepare => 0,
        K::Other => 1,
        K::Read => 2,
        K::Rollback => 3,
        K::Commit => 4,
        K::Write => 5,
    };
    if rank(other) > rank(one) { other } else { one }
}

fn statement(sql: &[u8]) -> Class {
    let tokens: Vec<_> = Tokens::new(sql, Strings::Standard)
        .filter(|token| token.kind != TokenKind::Blank)
        .collect();
    let words: Vec<String> = tokens.iter().filter_map(word).collect();
    let says = |wanted: &str| words.iter().any(|word| word == wanted);
    let second = words.get(1).map_or("", String::as_str);
    match words.first().map_or("", String::as_str) {
        "begin" | "start" => Class { keeps_snapshot: level(&words), ..Class::passes() },
        "set" => {
            let keeps_snapshot = if says("isolation") { level(&words) } else { None };
            Class { keeps_snapshot, ..Class::passes() }
        }
        "commit" | "end" if second != "prepared" => Class::step(StepKind::Commit, Wrap::Never),
        "rollback" | "abort" if second != "prepared" => {
            Class::step(StepKind::Rollback, Wrap::Never)
        }
        "prepare" if second == "transaction" => Class::step(StepKind::Other, Wrap::Never),
        "savepoint" | "release" | "show" | "reset" | "discard" | "deallocate" | "prepare"
        | "listen" | "unlisten" | "close" => Class::passes(),
        "insert" | "update" | "delete" | "merge" | "truncate" => {
            Class::step(StepKind::Write, Wrap::Always)
        }
        "with" if ["insert", "update", "delete", "merge"].into_iter().any(says) => {
            Class::step(StepKind::Write, Wrap::Always)
        }
        "select" | "with" | "values" | "table" => query(&tokens, &words),
        "" if tokens.is_empty() => Class::passes(),
        _ => Class::step(StepKind::Other, Wrap::Never),
    }
}

fn query(tokens: &[Token<'_>], words: &[String]) -> Class {
    let locks = words.windows(2).any(|pair| {
        pair[0] == "for" && matches!(pair[1].as_str(), "update" | "share" | "no" | "key")
    });
    if locks {
        return Class::step(StepKind::Write, Wrap::NotNeeded);
    }
    if words.iter().any(|word| word == "pg_catalog") {
        return Class::passes();
    }
    let calls = tokens.windows(2).any(|pair| {
        pair[1].text == b"("
            && (pair[0].kind == TokenKind::QuotedWord
                || word(&pair[0]).is_some_and(|word| !READING.contains(&word.as_str())))
    });
    if calls {
        Class::step(StepKind::Write, Wrap::IfItWrote)
    } else {
        Class::step(StepKind::Read, Wrap::NotNeeded)
    }
}

fn level(words: &[String]) -> Option<bool> {
    let says = |wanted: &str| words.iter().any(|word| word == wanted);
    if says("serializable") || says("repeatable") {
        Some(true)
    } else if says("committed") || says("uncommitted") {
        Some(false)
    } else {
        None
    }
}

fn word(token: &Token<'_>) -> Option<String> {
    (token.kind == TokenKind::Word)
        .then(|| String::from_utf8_lossy(token.text).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, is_step: bool, kind: StepKind, wrap: Wrap) {
        let class = classify(sql.as_bytes());
        assert_eq!((class.is_step, class.kind, class.wrap), (is_step, kind, wrap), "{sql}");
    }

    #[test]
    fn what_changes_nothing_for_others_passes() {
        for sql in [
            "",
            ";",
            "-- only a remark",
            "BEGIN",
            "START TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SET search_path = a",
            "begin; set local x = 1",
            "SAVEPOINT s",
            "select t.typname from pg_catalog.pg_type t",
        ] {
            check(sql, false, StepKind::Other, Wrap::Never);
        }
    }

    #[test]
    fn the_ends_of_a_transaction_are_steps() {
        check("COMMIT", true, StepKind::Commit, Wrap::Never);
        check(" end ", true, StepKind::Commit, Wrap::Never);
        check("rollback to savepoint s", true, StepKind::Rollback, Wrap::Never);
        check("begin; insert into t values (1); commit", true, StepKind::Write, Wrap::Never);
    }

    #[test]
    fn a_writing_statement_is_given_a_transaction() {
        check("insert into t values (1)", true, StepKind::Write, Wrap::Always);
        check("with c as (delete from t returning *) table c", true, StepKind::Write, Wrap::Always);
        check("select 1; update t set a = 2", true, StepKind::Write, Wrap::Always);
        check("select place_order(1)", true, StepKind::Write, Wrap::IfItWrote);
        check("vacuum t", true, StepKind::Other, Wrap::Never);
        check("lock table t", true, StepKind::Other, Wrap::Never);
    }

    #[test]
    fn a_query_is_a_step_and_has_nothing_to_commit() {
        check("select sum(a) from t where b in (1)", true, StepKind::Read, Wrap::NotNeeded);
        check("select a from t for update", true, StepKind::Write, Wrap::NotNeeded);
    }

    #[test]
    fn a_level_that_keeps_its_snapshot_is_seen() {
        let of = |sql: &str| classify(sql.as_bytes()).keeps_snapshot;
        assert_eq!(of("begin isolation level repeatable read"), Some(true));
        assert_eq!(of("begin; set transaction isolation level serializable"), Some(true));
        assert_eq!(of("begin isolation level read committed"), Some(false));
        assert_eq!(of("begin"), None);
    }
}
