//! What a run of migrations declares, as it stands after the last of them.
//!
//! In: declarations, drops and renamings in the order of the statements. Out: the declarations
//! that are left. Main type: [`Declarations`].
//!
//! **Invariant**: a declaration keeps the place where it was written, whatever its table is
//! called later.

use std::ops::Range;

use super::cursor::WrittenName;

/// One declaration.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    /// Which of the migrations.
    pub(super) migration: usize,
    /// The table, domain or enum.
    pub(super) owner: WrittenName,
    /// What is declared of it.
    pub(super) what: What,
    /// The bytes of the migration.
    pub(super) span: Range<usize>,
}

/// What is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A constraint, unique index or constraint trigger with this name.
    Named(String),
    /// A constraint or unique index whose name the server chooses.
    Unnamed {
        /// Its kind.
        form: Form,
        /// The columns of a key, or every identifier in the condition of a CHECK.
        mentions: Vec<String>,
    },
    /// A column.
    Column(String),
    /// The NOT NULL of a column.
    NotNull(String),
    /// The NOT NULL of a domain.
    DomainNotNull,
    /// The domain or enum itself.
    Type,
}

/// The kinds of constraint for which the server chooses names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Check,
    Unique,
    PrimaryKey,
    ForeignKey,
    Exclude,
}

/// The declarations so far.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    list: Vec<Declared>,
}

impl Declarations {
    /// Adds one; of two with the same name on the same owner the later stays.
    pub(super) fn declare(&mut self, declared: Declared) {
        if !matches!(declared.what, What::Unnamed { .. }) {
            self.drop(&declared.owner, &declared.what);
        }
        self.list.push(declared);
    }

    /// Takes back one thing of an owner.
    pub(super) fn drop(&mut self, owner: &WrittenName, what: &What) {
        self.list.retain(|one| !(one.owner.may_be(owner) && one.what == *what));
    }

    /// Takes back an owner with everything that is declared of it.
    pub(super) fn drop_owner(&mut self, owner: &WrittenName) {
        self.list.retain(|one| !one.owner.may_be(owner));
    }

    /// Takes back an index, whose table the statement does not say.
    pub(super) fn drop_index(&mut self, index: &WrittenName) {
        self.list.retain(|one| !Self::is_index(one, index));
    }

    /// Takes back a column with its NOT NULL and the unnamed keys that hold it.
    pub(super) fn drop_column(&mut self, owner: &WrittenName, column: &str) {
        self.list.retain(|one| {
            let holds = match &one.what {
                What::Column(name) | What::NotNull(name) => name == column,
                What::Unnamed { mentions, .. } => mentions.iter().any(|name| name == column),
                _ => false,
            };
            !(holds && one.owner.may_be(owner))
        });
    }

    pub(super) fn rename_owner(&mut self, from: &WrittenName, to: &str) {
        for one in self.list.iter_mut().filter(|one| one.owner.may_be(from)) {
            to.clone_into(&mut one.owner.name);
        }
    }

    pub(super) fn move_owner(&mut self, owner: &WrittenName, schema: &str) {
        for one in self.list.iter_mut().filter(|one| one.owner.may_be(owner)) {
            one.owner.schema = Some(schema.to_owned());
        }
    }

    pub(super) fn rename(&mut self, owner: &WrittenName, from: &str, to: &str) {
        for one in self.list.iter_mut().filter(|one| one.owner.may_be(owner)) {
            if one.what == What::Named(from.to_owned()) {
                one.what = What::Named(to.to_owned());
            }
        }
    }

    pub(super) fn rename_index(&mut self, index: &WrittenName, to: &str) {
        for one in self.list.iter_mut().filter(|one| Self::is_index(one, index)) {
            one.what = What::Named(to.to_owned());
        }
    }

    pub(super) fn rename_column(&mut self, owner: &WrittenName, from: &str, to: &str) {
        for one in self.list.iter_mut().filter(|one| one.owner.may_be(owner)) {
            match &mut one.what {
                What::Column(name) | What::NotNull(name) if name == from => to.clone_into(name),
                What::Unnamed { mentions, .. } => {
                    mentions.iter_mut().filter(|name| *name == from).for_each(|name| {
                        to.clone_into(name);
                    });
                }
                _ => {}
            }
        }
    }

    /// What is declared, in the order of the statements.
    pub(super) fn list(&self) -> &[Declared] {
        &self.list
    }

    /// An index lives in the schema of its table.
    fn is_index(one: &Declared, index: &WrittenName) -> bool {
        let schemas_fit = match (&one.owner.schema, &index.schema) {
            (Some(table), Some(index)) => table == index,
            _ => true,
        };
        schemas_fit && one.what == What::Named(index.name.clone())
    }
}
