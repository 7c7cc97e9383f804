//! Statements that the server runs by itself for foreign keys.
//!
//! In: such a statement, as `pg_stat_statements` has it. Out: the foreign keys whose action it is.
//! Main function: [`Catalog::actions_of`].
//!
//! The texts are those of `ri_triggers.c` (`RI_FKey_cascade_del`, `RI_FKey_cascade_upd`,
//! `ri_set`): `DELETE FROM ONLY "s"."t" WHERE $1 OPERATOR(pg_catalog.=) "c"`.
//!
//! **Invariant**: what does not have exactly that form is no action. Two keys whose statements are
//! the same text are both meant.

use crate::catalog::Catalog;
use crate::name::{PromiseId, TableName};
use crate::promise::{ForeignKey, ForeignKeyAction, PromiseKind};
use crate::source::{Token, TokenKind, tokens};

/// An action of a foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAction {
    /// The foreign key.
    pub promise: PromiseId,
    /// Whether it is the one of ON DELETE; otherwise it is that of ON UPDATE.
    pub on_delete: bool,
}

/// What a statement does to the referring rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Delete,
    /// Gives them the new key.
    Follow,
    /// Sets them to NULL or to the default.
    Let,
}

impl Catalog {
    /// The foreign keys whose action the server carries out by `statement`.
    pub fn actions_of(&self, statement: &str) -> Vec<KeyAction> {
        let Some((does, table, columns)) = read(statement) else { return Vec::new() };
        let root = self.table(&table).map_or(&table, |table| &table.root);
        let mut found = Vec::new();
        for promise in &self.promises {
            let PromiseKind::ForeignKey(key) = &promise.kind else { continue };
            if promise.table.as_ref() != Some(root) || promise.columns != columns {
                continue;
            }
            for (on_delete, wanted) in actions(key) {
                if wanted == Some(does) {
                    found.push(KeyAction { promise: promise.id.clone(), on_delete });
                }
            }
        }
        found
    }
}

fn actions(key: &ForeignKey) -> [(bool, Option<Does>); 2] {
    let set = |action| match action {
        ForeignKeyAction::SetNull | ForeignKeyAction::SetDefault => Some(Does::Let),
        _ => None,
    };
    let cascades = |action| action == ForeignKeyAction::Cascade;
    let on_delete = if cascades(key.on_delete) { Some(Does::Delete) } else { set(key.on_delete) };
    let on_update = if cascades(key.on_update) { Some(Does::Follow) } else { set(key.on_update) };
    [(true, on_delete), (false, on_update)]
}

/// What a statement does, to which table, and by which columns it finds the rows.
fn read(statement: &str) -> Option<(Does, TableName, Vec<String>)> {
    let all = tokens(statement);
    let is = |place: usize, word: &str| all.get(place).is_some_and(|t| t.is(statement, word));
    let mut place = match () {
        () if is(0, "DELETE") && is(1, "FROM") => 2,
        () if is(0, "UPDATE") => 1,
        () => return None,
    };
    if is(place, "ONLY") {
        place += 1;
    }
    let name = |place: usize| all.get(place).filter(|t| t.kind == TokenKind::Quoted);
    let text = |token: &Token| token.identifier(statement);
    let table = TableName::new(text(name(place)?)?, text(name(place + 2)?)?);
    let condition = (place..all.len()).find(|place| is(*place, "WHERE"))?;
    let mut columns = Vec::new();
    for at in condition..all.len() {
        if is(at, "OPERATOR") {
            let close = (at..all.len()).find(|place| all[*place].is_sign(')'))?;
            columns.push(text(name(close + 1)?)?);
        }
    }
    if columns.is_empty() {
        return None;
    }
    let first = all.get(condition + 1).filter(|token| token.kind == TokenKind::Number)?;
    let does = match (is(0, "DELETE"), &statement[first.span.clone()]) {
        (true, _) => Does::Delete,
        // The old key is behind the new one in the list of parameters.
        (false, "$1") => Does::Let,
        (false, _) => Does::Follow,
    };
    Some((does, table, columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(statement: &str) -> String {
        read(statement).map_or("none".to_owned(), |(does, table, columns)| {
            format!("{does:?} {table} {}", columns.join(", "))
        })
    }

    #[test]
    fn the_servers_own_statements_are_read() {
        for (statement, expected) in [
            (
                r#"DELETE FROM ONLY "public"."line" WHERE $1 OPERATOR(pg_catalog.=) "order_id""#,
                "Delete public.line order_id",
            ),
            (
                r#"DELETE FROM "public"."event" WHERE $1::pg_catalog.int8 OPERATOR(pg_catalog.=) "a" AND $2 OPERATOR(pg_catalog.=) "b"::pg_catalog.int8"#,
                "Delete public.event a, b",
            ),
            (
                r#"UPDATE ONLY "public"."line" SET "order_id" = $1 WHERE $2 OPERATOR(pg_catalog.=) "order_id""#,
                "Follow public.line order_id",
            ),
            (
                r#"UPDATE ONLY "public"."line" SET "order_id" = $2 WHERE $1 OPERATOR(pg_catalog.=) "order_id""#,
                "Let public.line order_id",
            ),
            (
                r#"UPDATE ONLY "public"."line" SET "order_id" = DEFAULT WHERE $1 OPERATOR(pg_catalog.=) "order_id""#,
                "Let public.line order_id",
            ),
            (r#"UPDATE "public"."line" SET price = $1 WHERE id = $2"#, "none"),
            ("DELETE FROM line WHERE order_id = $1", "none"),
        ] {
            assert_eq!(shown(statement), expected, "{statement}");
        }
    }
}
