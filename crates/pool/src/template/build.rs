//! Running scripts in the database that becomes the template.
//!
//! In: [`Script`]s. Out: a migrated database, or a [`MigrationError`] with the line.
//!
//! A file runs as PostgreSQL's own simple protocol runs it: all statements in one transaction,
//! unless it asks otherwise; then one by one.
//!
//! **Invariant**: a file is never changed on its way to the server.

use proofmark_catalog::source::statements;
use tokio_postgres::Client;
use tokio_postgres::error::ErrorPosition;

use super::error::MigrationError;
use crate::migrations::Script;

/// Runs `script`.
pub(super) async fn run(client: &Client, script: &Script) -> Result<(), Box<MigrationError>> {
    if script.transaction {
        return client
            .batch_execute(script.sql())
            .await
            .map_err(|error| describe(script, script.up.start, &error));
    }
    for statement in statements(script.sql()) {
        let start = script.up.start + statement.span.start;
        client
            .batch_execute(&script.text[start..script.up.start + statement.span.end])
            .await
            .map_err(|error| describe(script, start, &error))?;
    }
    Ok(())
}

/// Places the server's error in the file; `base` is where the text that was sent begins.
fn describe(script: &Script, base: usize, error: &tokio_postgres::Error) -> Box<MigrationError> {
    let Some(refused) = error.as_db_error() else {
        return Box::new(MigrationError {
            path: script.path.clone(),
            line: line_of(&script.text, base),
            offset: base,
            text: script.text.clone(),
            message: error.to_string(),
            sqlstate: String::new(),
            hint: None,
            detail: None,
        });
    };
    let offset = match refused.position() {
        Some(ErrorPosition::Original(position)) => {
            base + byte_offset(&script.text[base..], *position)
        }
        // The error lies in what the server itself ran (a function): the statement is unknown.
        _ => first_statement(script, base),
    };
    Box::new(MigrationError {
        path: script.path.clone(),
        line: line_of(&script.text, offset),
        offset,
        text: script.text.clone(),
        message: refused.message().to_owned(),
        sqlstate: refused.code().code().to_owned(),
        hint: refused.hint().map(str::to_owned),
        detail: refused.detail().map(str::to_owned),
    })
}

/// The server counts characters from 1.
fn byte_offset(text: &str, position: u32) -> usize {
    let characters = usize::try_from(position.saturating_sub(1)).unwrap_or(usize::MAX);
    text.char_indices().nth(characters).map_or(text.len(), |(offset, _)| offset)
}

fn first_statement(script: &Script, base: usize) -> usize {
    statements(&script.text[base..script.up.end])
        .first()
        .map_or(base, |statement| base + statement.span.start)
}

fn line_of(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_not_bytes() {
        let text = "select 'ö';\nselect x;";
        let offset = byte_offset(text, 20);
        assert_eq!(&text[offset..], "x;");
        assert_eq!(line_of(text, offset), 2);
    }
}
