//! What a client sent that makes its backend, or others, unfit for the next client.
//!
//! In goes the text of a statement, out comes a [`Doubt`] where there is one. Words are enough:
//! what is doubted wrongly costs a connection, and what stands inside a DO block or a string is
//! seen as well.
//!
//! **Invariant**: a text of which the end was not seen is doubted, unless it is one statement that
//! reads or writes rows.

/// How far a doubt goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    /// DISCARD ALL does not undo it: this backend is closed.
    Backend,
    /// It decides about connections to this database, or asks that there be none: no backend of
    /// this lease is kept.
    Database,
    /// It decides about logins to every database.
    Server,
}

/// The doubt about a text. `is_one` is whether it can only be one statement, `is_cut` whether it
/// goes on.
pub(crate) fn doubt(text: &[u8], is_one: bool, is_cut: bool) -> Option<Doubt> {
    let mut worst = if is_cut { doubt_of_the_rest(text, is_one) } else { None };
    let mut before = &b""[..];
    let mut words = Words { text, at: 0 };
    while let Some(word) = words.next() {
        let found = match word[0].to_ascii_lowercase() {
            b'r' | b'u' | b'g' | b's' | b'd' | b't' | b'p' | b'l' => {
                about(before, word, words.text, words.at)
            }
            _ => None,
        };
        worst = worst.max(found);
        before = word;
    }
    worst
}

/// The doubt about two words, of which the second ends at `at`.
fn about(before: &[u8], word: &[u8], text: &[u8], at: usize) -> Option<Doubt> {
    let is = |one: &[u8], other: &str| one.eq_ignore_ascii_case(other.as_bytes());
    let is_any = |one: &[u8], of: &[&str]| of.iter().any(|other| is(one, other));
    if is_any(word, &["role", "user", "group", "system"]) && is_any(before, &["alter", "drop"]) {
        return Some(Doubt::Server);
    }
    if is(word, "pg_reload_conf") {
        return Some(Doubt::Server);
    }
    // Others must have left a database that is copied, renamed or dropped, and its privileges and
    // settings count when a connection begins. Foreign servers are connections of their own.
    if is(word, "database") && is_any(before, &["create", "drop", "alter", "on"])
        || is(word, "trigger") && is(before, "event")
        || is(word, "server") && is_any(before, &["create", "foreign"])
    {
        return Some(Doubt::Database);
    }
    // Settings of the user's own stay known, with an empty value, when they are reset.
    if is(word, "set_config")
        || is(word, "set") && names_own_setting(&text[at..])
        || is(word, "load") && text[at..].trim_ascii_start().starts_with(b"'")
        || starts_with(word, "dblink")
        // Slots and origins that last as long as the session.
        || starts_with(word, "pg_") && contains(word, b"replication")
    {
        return Some(Doubt::Backend);
    }
    None
}

/// Whether what stands behind SET is a name with a dot in it.
fn names_own_setting(behind: &[u8]) -> bool {
    let mut words = Words { text: behind, at: 0 };
    let mut name = words.next().unwrap_or_default();
    if ["session", "local"].iter().any(|word| name.eq_ignore_ascii_case(word.as_bytes())) {
        name = words.next().unwrap_or_default();
    }
    let start = words.at - name.len();
    let name = &behind[start..];
    let is_in_name = |byte: &u8| is_word(*byte) || matches!(byte, b'.' | b'"' | b'$');
    let end = name.iter().position(|byte| !is_in_name(byte)).unwrap_or(name.len());
    name[..end].contains(&b'.')
}

/// A text that goes on beyond what is seen.
fn doubt_of_the_rest(text: &[u8], is_one: bool) -> Option<Doubt> {
    let first = Words { text, at: 0 }.next().unwrap_or_default();
    let rows = ["select", "insert", "update", "delete", "with", "values", "copy", "merge"];
    let is_rows = rows.iter().any(|word| first.eq_ignore_ascii_case(word.as_bytes()));
    match (is_rows, is_one) {
        (true, true) => None,
        (true, false) => Some(Doubt::Backend),
        (false, _) => Some(Doubt::Database),
    }
}

fn starts_with(word: &[u8], start: &str) -> bool {
    word.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start.as_bytes()))
}

fn contains(word: &[u8], part: &[u8]) -> bool {
    word.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The words of a text, whatever stands around them.
struct Words<'a> {
    text: &'a [u8],
    /// Behind the last word.
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.at + self.text[self.at..].iter().position(|byte| is_word(*byte))?;
        let rest = &self.text[start..];
        let length = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
        self.at = start + length;
        Some(&rest[..length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Doubt> {
        doubt(text.as_bytes(), false, false)
    }

    #[test]
    fn ordinary_statements_are_not_doubted() {
        for text in [
            "",
            "select 1",
            "insert into orders (role, \"user\", load) values ($1, $2, 'x')",
            "update \"orders\" set \"quantity\" = 1, o.x = 2",
            "set timezone = 'UTC'; set local statement_timeout = 5; set session search_path to a",
            "set role ann; set session authorization bob; select setseed(0.5)",
            "alter table users add column role text; drop table system",
            "select * from pg_database; listen jobs; create temp table t (a int)",
            "select pg_advisory_lock(1); prepare x as select 1; begin; commit; discard all",
            "create trigger t before insert on o for each row execute function f()",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn what_discard_all_does_not_undo_is_doubted() {
        for text in [
            "LOAD 'auto_explain'",
            "select set_config('app.tenant', $1, true)",
            "SET app.tenant = '1'",
            "set local \"app\".\"tenant\" to 1",
            "set session app.tenant to 1",
            "do $$ begin perform set_config('a.b', '1', false); end $$",
            "select dblink_connect('x', 'dbname=y')",
            "select pg_create_logical_replication_slot('s', 'test_decoding', true)",
        ] {
            assert_eq!(of(text), Some(Doubt::Backend), "{text}");
        }
    }

    #[test]
    fn what_decides_about_connections_is_doubted_further() {
        for text in [
            "alter database shop set timezone = 'UTC'",
            "CREATE DATABASE x TEMPLATE shop",
            "drop  database if exists x",
            "revoke connect on database shop from public",
            "create event trigger t on login execute function f()",
            "create server s foreign data wrapper postgres_fdw",
        ] {
            assert_eq!(of(text), Some(Doubt::Database), "{text}");
        }
        for text in [
            "select 1; Alter Role ann nologin",
            "drop user ann",
            "alter system set work_mem = '1MB'",
            "select pg_reload_conf()",
        ] {
            assert_eq!(of(text), Some(Doubt::Server), "{text}");
        }
    }

    #[test]
    fn a_text_without_its_end_is_doubted_as_far_as_it_could_go() {
        let cut = |text: &str, is_one| doubt(text.as_bytes(), is_one, true);
        assert_eq!(cut("insert into t values (1), (2), (", true), None);
        assert_eq!(cut("insert into t values (1), (2), (", false), Some(Doubt::Backend));
        assert_eq!(cut("do $$ begin", true), Some(Doubt::Database));
        assert_eq!(cut("create table t (a int); create", false), Some(Doubt::Database));
        assert_eq!(cut("alter role x nologin; create", false), Some(Doubt::Server));
    }
}
