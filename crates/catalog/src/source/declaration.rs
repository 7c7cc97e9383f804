//! Where a promise is declared in the migrations.
//!
//! In: migrations in the order in which they are applied, a promise. Out: file, line and byte
//! range. Main function: [`locate()`].
//!
//! **Invariant**: the last declaration counts, what was dropped again is not found, and of two
//! declarations that could both be the one neither is given.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use super::declared::{Declarations, Declared, Form, What};
use super::statement_heads::apply;
use super::statements::tokenised;
use crate::name::TableName;
use crate::promise::{Promise, PromiseKind};

/// A file of migrations.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The path as it should be shown, relative to the project.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A place in a migration.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The path of the migration.
    pub path: String,
    /// The line where the span begins, from 1.
    pub line: usize,
    /// The bytes of the migration's text that declare the promise.
    pub span: Range<usize>,
}

/// Comment lines behind which a file says how to undo itself: dbmate, Goose, sql-migrate.
const UNDO_MARKS: [&str; 3] = ["-- migrate:down", "-- +goose Down", "-- +migrate Down"];

/// The part of a migration that is applied, without the part that undoes it.
///
/// # Example
///
/// ```
/// let file = "-- migrate:up\nCREATE TABLE a ();\n-- migrate:down\nDROP TABLE a;\n";
/// assert_eq!(proofmark_catalog::source::applied(file), "-- migrate:up\nCREATE TABLE a ();\n");
/// ```
pub fn applied(migration: &str) -> &str {
    let mut end = 0;
    for line in migration.split_inclusive('\n') {
        if UNDO_MARKS.iter().any(|mark| line.starts_with(mark)) {
            return &migration[..end];
        }
        end += line.len();
    }
    migration
}

/// What migrations declare, read once for any number of questions.
#[derive(Debug)]
pub struct Sources<'a> {
    migrations: &'a [Migration],
    declarations: Declarations,
    /// Places in the list of declarations, by the owner's name without its schema.
    by_owner: HashMap<String, Vec<usize>>,
    /// Where the lines of each migration begin.
    line_starts: Vec<Vec<usize>>,
}

impl<'a> Sources<'a> {
    /// Reads the migrations, which must be in the order in which they are applied.
    pub fn read(migrations: &'a [Migration]) -> Self {
        let mut declarations = Declarations::default();
        for (number, migration) in migrations.iter().enumerate() {
            let sql = applied(&migration.text);
            for tokens in tokenised(sql) {
                apply(&mut declarations, number, &Cursor::new(sql, &tokens));
            }
        }
        let mut by_owner: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, declared) in declarations.list().iter().enumerate() {
            by_owner.entry(declared.owner.name.clone()).or_default().push(place);
        }
        let line_starts = migrations.iter().map(|migration| line_starts(&migration.text));
        Self { migrations, declarations, by_owner, line_starts: line_starts.collect() }
    }

    /// Where the promise is declared; `None` where no statement says so in the open (dynamic
    /// SQL, a table created `LIKE` another).
    ///
    /// The span of something named begins at `CONSTRAINT` or at the index's or trigger's name.
    /// What has no name of its own is where its column is.
    pub fn locate(&self, promise: &Promise) -> Option<Location> {
        let declared = self.find(promise)?;
        let migration = self.migrations.get(declared.migration)?;
        let starts = self.line_starts.get(declared.migration)?;
        Some(Location {
            path: migration.path.clone(),
            line: starts.partition_point(|start| *start <= declared.span.start),
            span: declared.span.clone(),
        })
    }

    /// Whether the promise is declared without a name, so that the server chose one. `false` also
    /// where its declaration is not found.
    pub fn leaves_unnamed(&self, promise: &Promise) -> bool {
        self.find(promise).is_some_and(|declared| matches!(declared.what, What::Unnamed { .. }))
    }

    fn find(&self, promise: &Promise) -> Option<&Declared> {
        let owner = promise.owner()?;
        let first_column = || promise.columns.first().cloned();
        match &promise.kind {
            PromiseKind::NotNull { .. } => self
                .last(owner, &What::NotNull(first_column()?))
                .or_else(|| self.last(owner, &What::Column(first_column()?))),
            PromiseKind::DomainNotNull => {
                self.last(owner, &What::DomainNotNull).or_else(|| self.last(owner, &What::Type))
            }
            PromiseKind::Enum => self.last(owner, &What::Type),
            _ => self
                .last(owner, &What::Named(promise.name.clone()?))
                .or_else(|| self.unnamed(owner, promise)),
        }
    }

    fn last(&self, owner: &TableName, what: &What) -> Option<&Declared> {
        self.of(owner).rfind(|one| one.what == *what)
    }

    fn of(&self, owner: &TableName) -> impl DoubleEndedIterator<Item = &Declared> {
        let places = self.by_owner.get(&owner.name).map(Vec::as_slice).unwrap_or_default();
        let list = self.declarations.list();
        places.iter().map(|place| &list[*place]).filter(|one| one.owner.may_mean(owner))
    }

    fn unnamed(&self, owner: &TableName, promise: &Promise) -> Option<&Declared> {
        let wanted = form(&promise.kind)?;
        let mut fitting: Vec<&Declared> = self
            .of(owner)
            .filter(|one| match &one.what {
                What::Unnamed { form, mentions } => {
                    *form == wanted && self.fits(owner, promise, wanted, mentions)
                }
                _ => false,
            })
            .collect();
        if fitting.len() > 1 {
            // Of several with the same columns the server numbers the names: t_a_check,
            // t_a_check1, ... (`ChooseConstraintName`).
            let number = number_at_end(promise.name.as_deref()?);
            return (number < fitting.len()).then(|| fitting[number]);
        }
        fitting.pop()
    }

    fn fits(&self, owner: &TableName, promise: &Promise, form: Form, mentions: &[String]) -> bool {
        match form {
            Form::PrimaryKey => true,
            Form::Unique | Form::ForeignKey => {
                promise.columns == mentions
                    || matches!(&promise.kind, PromiseKind::Unique(unique)
                        if unique.expression.is_some()
                            && promise.columns.iter().all(|column| mentions.contains(column)))
            }
            Form::Exclude => promise.columns.iter().all(|column| mentions.contains(column)),
            Form::Check => {
                let mut columns = self.of(owner).filter_map(|one| match &one.what {
                    What::Column(name) => Some(name),
                    _ => None,
                });
                promise.columns.iter().all(|column| mentions.contains(column))
                    && columns
                        .all(|column| mentions.contains(column) == promise.columns.contains(column))
            }
        }
    }
}

/// Where one promise is declared. To ask for many, read the migrations once with [`Sources`].
///
/// # Example
///
/// ```no_run
/// # fn example(catalog: proofmark_catalog::Catalog) {
/// use proofmark_catalog::source::{Migration, locate};
///
/// let migrations = [Migration {
///     path: "migrations/001_orders.sql".to_owned(),
///     text: "CREATE TABLE t (\n  n int CONSTRAINT t_n_positive CHECK (n > 0)\n);".to_owned(),
/// }];
/// for promise in &catalog.promises {
///     if let Some(place) = locate(&migrations, promise) {
///         assert_eq!(place.line, 2);
///     }
/// }
/// # }
/// ```
pub fn locate(migrations: &[Migration], promise: &Promise) -> Option<Location> {
    Sources::read(migrations).locate(promise)
}

/// Where the lines of a text begin, in bytes.
fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(feed, _)| feed + 1)).collect()
}

fn form(kind: &PromiseKind) -> Option<Form> {
    Some(match kind {
        PromiseKind::Check | PromiseKind::DomainCheck => Form::Check,
        PromiseKind::PrimaryKey { .. } => Form::PrimaryKey,
        PromiseKind::Unique(_) => Form::Unique,
        PromiseKind::ForeignKey(_) => Form::ForeignKey,
        PromiseKind::Exclude => Form::Exclude,
        _ => return None,
    })
}

/// 0 without digits at the end.
fn number_at_end(name: &str) -> usize {
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    name[name.len() - digits..].parse().unwrap_or(0)
}
