//! Splits SQL into statements.
//!
//! In: a script. Out: its statements with their place. Main type: [`Statement`].
//!
//! **Invariant**: a semicolon inside of a string, an identifier, a comment, parentheses, or the
//! body of a function between BEGIN ATOMIC and END ends nothing; psql splits the same way.

use std::ops::Range;

use super::token::{Token, tokens};

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Bytes of the script from its first to its last token, without the semicolon.
    pub span: Range<usize>,
    /// The line of its first token, from 1.
    pub line: usize,
    /// The text of the span.
    pub text: &'a str,
}

/// The statements of a script. Comments before a statement and empty statements are left out.
///
/// # Example
///
/// ```
/// let script = "-- the first\nCREATE TABLE a (t text DEFAULT ';');\nDROP TABLE a";
/// let statements = proofmark_catalog::source::statements(script);
/// assert_eq!(statements[0].text, "CREATE TABLE a (t text DEFAULT ';')");
/// assert_eq!(statements[1].line, 3);
/// ```
pub fn statements(sql: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut line = 1;
    let mut counted_to = 0;
    for tokens in tokenised(sql) {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { continue };
        let span = first.span.start..last.span.end;
        line += sql[counted_to..span.start].matches('\n').count();
        counted_to = span.start;
        statements.push(Statement { line, text: &sql[span.clone()], span });
    }
    statements
}

/// The tokens of each statement, with their place in the whole script.
pub(super) fn tokenised(sql: &str) -> Vec<Vec<Token>> {
    let mut statements = Vec::new();
    let mut current: Vec<Token> = Vec::new();
    let mut parentheses = 0_usize;
    let mut blocks = 0_usize;
    for token in tokens(sql) {
        if token.is_sign('(') {
            parentheses += 1;
        } else if token.is_sign(')') {
            parentheses = parentheses.saturating_sub(1);
        } else if token.is(sql, "BEGIN") && declares_routine(&current, sql)
            || token.is(sql, "CASE") && blocks > 0
        {
            blocks += 1;
        } else if token.is(sql, "END") {
            blocks = blocks.saturating_sub(1);
        } else if token.is_sign(';') && parentheses == 0 && blocks == 0 {
            statements.push(std::mem::take(&mut current));
            continue;
        }
        current.push(token);
    }
    statements.push(current);
    statements.retain(|tokens| !tokens.is_empty());
    statements
}

/// `CREATE [OR REPLACE] {FUNCTION | PROCEDURE}`: only there BEGIN opens a block.
fn declares_routine(tokens: &[Token], sql: &str) -> bool {
    let word = |at: usize, keyword: &str| tokens.get(at).is_some_and(|t| t.is(sql, keyword));
    let at = if word(1, "OR") && word(2, "REPLACE") { 3 } else { 1 };
    word(0, "CREATE") && (word(at, "FUNCTION") || word(at, "PROCEDURE"))
}

#[cfg(test)]
mod tests {
    use super::statements;

    fn texts(sql: &str) -> Vec<&str> {
        statements(sql).into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn each_statement_ends_at_its_semicolon() {
        assert_eq!(
            texts("SELECT 1; SELECT ';' ;; -- ;\nSELECT 3"),
            ["SELECT 1", "SELECT ';'", "SELECT 3"]
        );
    }

    #[test]
    fn a_function_body_in_dollar_quotes_is_one_statement() {
        let sql = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN a; b; END $$";
        assert_eq!(texts(&format!("{sql}; SELECT 1")), [sql, "SELECT 1"]);
    }

    #[test]
    fn a_function_body_of_standard_sql_is_one_statement() {
        let sql = "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC \
                   SELECT CASE WHEN true THEN 1 END; SELECT 2; END";
        assert_eq!(texts(&format!("{sql}; SELECT 1")), [sql, "SELECT 1"]);
    }

    #[test]
    fn a_transaction_block_is_several_statements() {
        assert_eq!(texts("BEGIN; SELECT 1; END;"), ["BEGIN", "SELECT 1", "END"]);
    }

    #[test]
    fn a_rule_with_several_actions_is_one_statement() {
        let sql = "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)";
        assert_eq!(texts(&format!("{sql};")), [sql]);
    }

    #[test]
    fn lines_count_from_one_and_comments_belong_to_no_statement() {
        let found = statements("\n/* a\n*/ SELECT 1;\n\nSELECT\n2; SELECT 3");
        let lines: Vec<_> = found.iter().map(|statement| statement.line).collect();
        assert_eq!(lines, [3, 5, 6]);
    }

    #[test]
    fn an_empty_script_has_no_statements() {
        assert!(statements(" -- nothing\n;").is_empty());
    }

    #[test]
    fn the_guard_lines_of_pg_dump_are_not_part_of_a_statement() {
        assert_eq!(texts("\\restrict abc\nSELECT 1;\n\\unrestrict abc\n"), ["SELECT 1"]);
    }
}
