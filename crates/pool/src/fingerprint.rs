//! A database compared completely with another one.
//!
//! In: a session inside a database. Out: its [`Fingerprint`], and what one differs in from another
//! as [`Difference`]s that name the table, the sequence or the object of the catalog.
//!
//! Compared are every row of every table and materialized view, every sequence, every row of every
//! system catalog that belongs to the database, its large objects, and what the cluster keeps about
//! it: settings, privileges, owners, comments, subscriptions. Left out is what the server keeps for
//! itself and no statement of a test can read as content: where rows lie, file numbers, planner
//! statistics, sizes as last estimated, the schemas of temporary tables, and the cache of a
//! sequence (`log_cnt`).
//!
//! Rows count by their content, in no order. A row version never changes once it is written, and
//! whatever is written to a copy is younger than all that came with it: a table of which as many
//! rows are visible as in the template, none of them younger than the template's youngest, has the
//! very same rows, and only of the others is the content read. (What the server changes in place is
//! statistics, which are left out.)
//!
//! **Invariant**: nothing here knows how a database was made equal to another one, so that an
//! error there cannot be repeated here; hashes, counts and names leave the server, never a row.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lease::LeaseError;
use crate::returned::Difference;
use crate::session::Session;

/// Objects of one catalog that are named; of the others only the number.
const NAMED_MAX: usize = 8;

/// Everything that a database contains, as counts and hashes.
#[derive(Debug, Clone, Default)]
pub struct Fingerprint {
    /// By name, the kind in front: `table public.orders`.
    tables: BTreeMap<String, Rows>,
    /// By name: `sequence public.orders_id_seq`.
    sequences: BTreeMap<String, Position>,
    catalogs: BTreeMap<String, Arc<Contents>>,
    /// What the cluster keeps about the database: `setting work_mem`, `privileges`.
    belongings: BTreeMap<String, String>,
    /// The youngest of the transactions that wrote its rows, as the server counts them.
    youngest: u32,
}

/// The rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rows {
    count: i64,
    /// Sum of the hashes of the rows' texts.
    content: String,
}

/// Where a sequence stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    last_value: String,
    is_called: bool,
}

/// The rows of one system catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Contents {
    count: i64,
    /// The hash of each row, with the object it describes where it is a user's.
    rows: Vec<(i64, Option<String>)>,
}

impl Fingerprint {
    /// Reads the whole of the database that `inside` is connected to.
    ///
    /// # Errors
    /// [`LeaseError`] when it cannot be read.
    pub async fn read(inside: &Session) -> Result<Self, LeaseError> {
        read::read(inside, None).await
    }

    /// Reads the database that `inside` is connected to and says what it differs in from this
    /// one, which must be of a copy of the same template. Much faster than [`Self::read`]: what
    /// has the same row versions is not read.
    ///
    /// # Errors
    /// [`LeaseError`] when it cannot be read.
    pub async fn compare(&self, inside: &Session) -> Result<Vec<Difference>, LeaseError> {
        Ok(self.difference(&read::read(inside, Some(self)).await?))
    }

    /// What `other` differs in; empty where both contain the same.
    pub fn difference(&self, other: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let tables = both(&self.tables, &other.tables);
        found.extend(tables.into_iter().filter_map(|(name, ours, theirs)| {
            Some(Difference { what: name.clone(), detail: rows_differ(ours, theirs)? })
        }));
        let sequences = both(&self.sequences, &other.sequences);
        found.extend(sequences.into_iter().filter_map(|(name, ours, theirs)| {
            Some(Difference { what: name.clone(), detail: position_differs(ours, theirs)? })
        }));
        for (name, ours, theirs) in both(&self.catalogs, &other.catalogs) {
            // What had the same row versions was taken from us.
            if ours.zip(theirs).is_some_and(|(ours, theirs)| Arc::ptr_eq(ours, theirs)) {
                continue;
            }
            let empty = Contents::default();
            let ours = ours.map_or(&empty, AsRef::as_ref);
            contents_differ(name, ours, theirs.map_or(&empty, AsRef::as_ref), &mut found);
        }
        let belongings = both(&self.belongings, &other.belongings);
        found.extend(belongings.into_iter().filter_map(|(name, ours, theirs)| {
            let detail = match (ours, theirs) {
                (Some(ours), Some(theirs)) if ours == theirs => return None,
                (None, _) => "is not set in the template",
                (_, None) => "is set in the template only",
                _ => "is not as in the template",
            };
            Some(Difference { what: name.clone(), detail: detail.to_owned() })
        }));
        found
    }
}

/// Every key of either map with its values.
fn both<'a, T>(
    ours: &'a BTreeMap<String, T>,
    theirs: &'a BTreeMap<String, T>,
) -> Vec<(&'a String, Option<&'a T>, Option<&'a T>)> {
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    names.into_iter().map(|name| (name, ours.get(name), theirs.get(name))).collect()
}

fn rows_differ(ours: Option<&Rows>, theirs: Option<&Rows>) -> Option<String> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours.count != theirs.count => {
            Some(format!("{} instead of {}", rows(theirs.count), ours.count))
        }
        (Some(ours), Some(theirs)) if ours.content != theirs.content => {
            Some(format!("{} as in the template, but not the same ones", rows(theirs.count)))
        }
        (Some(_), Some(_)) | (None, None) => None,
        (Some(_), None) => Some("is gone".to_owned()),
        (None, Some(theirs)) => {
            Some(format!("is not in the template, and has {}", rows(theirs.count)))
        }
    }
}

fn rows(count: i64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

fn position_differs(ours: Option<&Position>, theirs: Option<&Position>) -> Option<String> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours != theirs => {
            Some(format!("stands at {theirs} instead of {ours}"))
        }
        (Some(_), Some(_)) | (None, None) => None,
        (Some(_), None) => Some("is gone".to_owned()),
        (None, Some(_)) => Some("is not in the template".to_owned()),
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unused = if self.is_called { "" } else { " (unused)" };
        write!(f, "{}{unused}", self.last_value)
    }
}

/// Names the objects whose rows differ; rows that name none are counted.
fn contents_differ(catalog: &str, ours: &Contents, theirs: &Contents, found: &mut Vec<Difference>) {
    let (gone, new) = (only_in(ours, theirs), only_in(theirs, ours));
    if gone.is_empty() && new.is_empty() {
        return;
    }
    let gone_labels: BTreeSet<&String> = gone.iter().filter_map(|row| row.as_ref()).collect();
    let new_labels: BTreeSet<&String> = new.iter().filter_map(|row| row.as_ref()).collect();
    let labels: BTreeSet<&String> = gone_labels.union(&new_labels).copied().collect();
    for label in labels.iter().take(NAMED_MAX) {
        let how = match (gone_labels.contains(label), new_labels.contains(label)) {
            (true, true) => "is not as in the template",
            (true, false) => "is as it was in the template no longer",
            _ => "is not in the template, or was changed",
        };
        let detail = format!("{how} ({catalog})");
        found.push(Difference { what: (*label).clone(), detail });
    }
    if labels.is_empty() || labels.len() > NAMED_MAX {
        let detail = format!("{} new, {} missing", rows(count(&new)), rows(count(&gone)));
        found.push(Difference { what: format!("catalog {catalog}"), detail });
    }
}

fn count<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

/// The labels of the rows that only `these` have, as a multiset.
fn only_in(these: &Contents, those: &Contents) -> Vec<Option<String>> {
    let mut left: BTreeMap<i64, usize> = BTreeMap::new();
    for (hash, _) in &those.rows {
        *left.entry(*hash).or_default() += 1;
    }
    let rows = these.rows.iter().filter(|(hash, _)| match left.get_mut(hash) {
        Some(times) if *times > 0 => {
            *times -= 1;
            false
        }
        _ => true,
    });
    rows.map(|(_, label)| label.clone()).collect()
}
