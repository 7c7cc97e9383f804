//! What must hold although no constraint can say it.
//!
//! In: a database. Out: the rows that break a rule of `invariants.sql`. Tests ask after every
//! test, `shop check` whenever somebody wants to know.

use sqlx::{AssertSqlSafe, PgPool};

use crate::database::DatabaseError;

const TEXT: &str = include_str!("../invariants.sql");

/// A rule, and the query for the rows that break it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invariant {
    /// Its name.
    pub name: &'static str,
    /// What must hold.
    pub rule: &'static str,
    sql: &'static str,
}

/// A row that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The rule.
    pub name: &'static str,
    /// What it is about.
    pub subject: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Every rule, in the order of the file.
pub fn all() -> Vec<Invariant> {
    let parts = TEXT.split("-- invariant: ").skip(1);
    parts
        .filter_map(|part| {
            let (name, sql) = part.split_once('\n')?;
            let (_, rule) = sql.split_once("-- Must hold: ").unwrap_or(("", ""));
            let rule = rule.split_once("\n-- Why").map_or("", |(rule, _)| rule);
            let sql = sql.trim().trim_end_matches(';');
            Some(Invariant { name: name.trim(), rule, sql })
        })
        .collect()
}

impl Invariant {
    /// The rows that break this rule, at most `limit` of them.
    ///
    /// # Errors
    /// The database.
    pub async fn broken(&self, pool: &PgPool, limit: u32) -> Result<Vec<Broken>, DatabaseError> {
        let sql =
            format!("SELECT subject, problem FROM (\n{}\n) AS broken LIMIT {limit}", self.sql);
        let rows: Vec<(String, String)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(pool).await?;
        let broken = |(subject, problem)| Broken { name: self.name, subject, problem };
        Ok(rows.into_iter().map(broken).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_file_is_there_with_its_words() {
        let all = all();
        assert_eq!(all.len(), TEXT.matches("\n-- invariant: ").count());
        for rule in all {
            assert!(rule.sql.contains("SELECT"), "{}", rule.name);
            assert!(rule.rule.ends_with('.'), "{}: {:?}", rule.name, rule.rule);
        }
    }
}
