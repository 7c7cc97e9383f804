//! Invariants: promises that no constraint can express, declared as SQL that returns what breaks
//! them.
//!
//! In: a file, or a directory of files. Out: [`Invariant`]s, each a query with its name and its
//! place. A file declares one invariant, named after the file, or several, each under a line
//! `-- invariant: name`.
//!
//! **Invariant**: nothing is executed here.

use std::path::{Path, PathBuf};

use crate::source::statements;

/// What begins an invariant in a file of several.
const HEADING: &str = "-- invariant:";

/// Something that must hold, and the query that returns the rows that break it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invariant {
    /// Its name, unique in a database.
    pub name: String,
    /// What must hold, in the words of the comment above the query; may be empty.
    pub must_hold: String,
    /// The query; no row means that the invariant holds.
    pub sql: String,
    /// The file that declares it.
    pub path: PathBuf,
    /// The line of the query's first word, from 1.
    pub line: usize,
}

/// Why invariants could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InvariantError {
    /// A file or directory that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not one query under a name.
    #[error(
        "{}:{line}: invariant `{name}` has {found} statements; help: give it one query",
        path.display()
    )]
    OneQuery {
        /// The file.
        path: PathBuf,
        /// Where the invariant begins, from 1.
        line: usize,
        /// Its name.
        name: String,
        /// How many statements there are.
        found: usize,
    },
    /// A statement that is no query.
    #[error(
        "{}:{line}: invariant `{name}` is no query; help: begin it with SELECT, WITH, VALUES or \
         TABLE, and return a row for each violation",
        path.display()
    )]
    NoQuery {
        /// The file.
        path: PathBuf,
        /// Where the statement begins, from 1.
        line: usize,
        /// Its name.
        name: String,
    },
    /// A name that is missing, or not one word.
    #[error(
        "{}:{line}: `{name}` is no name for an invariant; help: letters, digits and `_`",
        path.display()
    )]
    Name {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What stands there.
        name: String,
    },
    /// Two of one name.
    #[error("invariant `{name}` is declared twice: {} and {}", first.display(), second.display())]
    Twice {
        /// The name.
        name: String,
        /// The one file.
        first: PathBuf,
        /// The other, or the same.
        second: PathBuf,
    },
    /// None at all: a check that checks nothing.
    #[error("{} declares no invariant; help: remove the key, or write a query", path.display())]
    None {
        /// The file or directory.
        path: PathBuf,
    },
}

impl Invariant {
    /// Reads the invariants that the file `path`, or the `.sql` files of the directory `path`,
    /// declare; in the order of their files and lines.
    ///
    /// # Errors
    /// [`InvariantError`], each with the place.
    pub fn read(path: &Path) -> Result<Vec<Self>, InvariantError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| InvariantError::Read { path, source }
        };
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(failed(path))?;
            let found: Result<Vec<_>, _> = entries.map(|entry| entry.map(|e| e.path())).collect();
            files = found.map_err(failed(path))?;
            files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
            files.sort();
        }
        let mut all: Vec<Self> = Vec::new();
        for file in files {
            let text = std::fs::read_to_string(&file).map_err(failed(&file))?;
            for invariant in declared(&file, &text)? {
                if let Some(first) = all.iter().find(|known| known.name == invariant.name) {
                    return Err(InvariantError::Twice {
                        name: invariant.name,
                        first: first.path.clone(),
                        second: invariant.path,
                    });
                }
                all.push(invariant);
            }
        }
        if all.is_empty() {
            return Err(InvariantError::None { path: path.to_owned() });
        }
        Ok(all)
    }
}

/// The invariants of one file.
fn declared(path: &Path, text: &str) -> Result<Vec<Invariant>, InvariantError> {
    let mut parts: Vec<(String, usize, &str)> = Vec::new();
    let mut begin: Option<(String, usize, usize)> = None;
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if let Some(name) = line.trim().strip_prefix(HEADING) {
            if let Some((name, number, start)) = begin.take() {
                parts.push((name, number, &text[start..offset]));
            }
            begin = Some((name.trim().to_owned(), index + 1, offset + line.len()));
        }
        offset += line.len();
    }
    if let Some((name, number, start)) = begin {
        parts.push((name, number, &text[start..]));
    } else {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        parts.push((stem, 0, text));
    }
    parts.into_iter().map(|(name, above, part)| one(path, name, above, part)).collect()
}

/// One invariant: the comment before the query, and the query. `above` is the number of lines of
/// the file before `part`.
fn one(path: &Path, name: String, above: usize, part: &str) -> Result<Invariant, InvariantError> {
    let path = path.to_owned();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(word) {
        return Err(InvariantError::Name { path, line: above.max(1), name });
    }
    let found = statements(part);
    let [statement] = found.as_slice() else {
        return Err(InvariantError::OneQuery {
            path,
            line: above.max(1),
            name,
            found: found.len(),
        });
    };
    let first: String = statement.text.chars().take_while(char::is_ascii_alphabetic).collect();
    let queries = ["SELECT", "WITH", "VALUES", "TABLE"];
    let line = above + statement.line;
    if !queries.iter().any(|query| first.eq_ignore_ascii_case(query))
        && !statement.text.starts_with('(')
    {
        return Err(InvariantError::NoQuery { path, line, name });
    }
    let must_hold = comment(&part[..statement.span.start]);
    Ok(Invariant { name, must_hold, sql: statement.text.to_owned(), path, line })
}

/// The first sentence or paragraph of a comment: up to an empty line, or a line that begins
/// another remark (`Why ...:`); without a leading `Must hold:`.
fn comment(text: &str) -> String {
    let mut words = Vec::new();
    for line in text.lines() {
        let Some(line) = line.trim().strip_prefix("--") else { break };
        let line = line.trim();
        let remark = !words.is_empty()
            && line.split_once(':').is_some_and(|(head, _)| {
                head.starts_with(char::is_uppercase) && head.split(' ').count() <= 6
            });
        if line.is_empty() || remark {
            break;
        }
        words.push(line);
    }
    let text = words.join(" ");
    text.strip_prefix("Must hold:").unwrap_or(&text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Invariant>, InvariantError> {
        declared(Path::new("rules/stock.sql"), text)
    }

    #[test]
    fn a_file_without_headings_is_one_invariant_named_after_it() {
        let found =
            parse("-- Must hold: no stock is\n-- negative.\n-- Why no constraint: x\nselect 1\n")
                .unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "stock");
        assert_eq!(found[0].must_hold, "no stock is negative.");
        assert_eq!((found[0].sql.as_str(), found[0].line), ("select 1", 4));
    }

    #[test]
    fn headings_divide_a_file() {
        let text = "-- All rules.\n\n-- invariant: a\n-- Must hold: x = y\nSELECT 1;\n\n\
                    -- invariant: b\nWITH q AS (SELECT ';') SELECT * FROM q\n";
        let found = parse(text).unwrap();
        let names: Vec<_> = found.iter().map(|i| (i.name.as_str(), i.line)).collect();
        assert_eq!(names, [("a", 5), ("b", 8)]);
        assert_eq!(found[0].must_hold, "x = y");
        assert_eq!(found[1].sql, "WITH q AS (SELECT ';') SELECT * FROM q");
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let said = |text: &str| parse(text).unwrap_err().to_string();
        assert!(said("-- invariant: a\n").contains("rules/stock.sql:1: invariant `a` has 0"));
        assert!(said("select 1; select 2").contains("has 2 statements"));
        assert!(
            said("\nDELETE FROM x").contains("rules/stock.sql:2: invariant `stock` is no query")
        );
        assert!(said("-- invariant: a b\nselect 1").contains("`a b` is no name"));
    }
}
