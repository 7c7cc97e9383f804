//! The statements that declare, change or drop what promises are made of.
//!
//! In: the tokens of one statement. Out: changes to [`Declarations`]. Main function: [`apply`].
//!
//! **Invariant**: a statement that is not understood changes nothing.

use super::clauses::{Clause, column_definition, domain_constraints, table_item};
use super::cursor::{Cursor, WrittenName};
use super::declared::{Declarations, Declared, Form, What};

/// Applies the statement of the migration with this number.
pub(super) fn apply(declarations: &mut Declarations, migration: usize, statement: &Cursor<'_>) {
    let mut rest = statement.clone();
    let mut change = Change { declarations, migration };
    // Every `None` means that the statement is none of those that declare something.
    let _understood = if rest.words(&["CREATE"]) {
        change.create(rest)
    } else if rest.words(&["ALTER"]) {
        change.alter(rest)
    } else if rest.words(&["DROP"]) {
        change.drop(rest)
    } else {
        None
    };
}

struct Change<'a> {
    declarations: &'a mut Declarations,
    migration: usize,
}

impl Change<'_> {
    fn declare(&mut self, owner: &WrittenName, clauses: Vec<Clause>) {
        for (what, span) in clauses {
            let owner = owner.clone();
            self.declarations.declare(Declared { migration: self.migration, owner, what, span });
        }
    }

    fn create(&mut self, mut rest: Cursor<'_>) -> Option<()> {
        rest.words(&["OR", "REPLACE"]);
        for noise in ["GLOBAL", "LOCAL", "TEMPORARY", "TEMP", "UNLOGGED", "FOREIGN"] {
            rest.words(&[noise]);
        }
        if rest.words(&["TABLE"]) {
            self.create_table(rest)
        } else if rest.words(&["UNIQUE", "INDEX"]) {
            self.create_unique_index(rest)
        } else if rest.words(&["DOMAIN"]) {
            self.create_domain(rest)
        } else if rest.words(&["TYPE"]) {
            let span = rest.span();
            let name = rest.name()?;
            self.declare(&name, vec![(What::Type, span)]);
            Some(())
        } else if rest.words(&["CONSTRAINT", "TRIGGER"]) {
            let span = rest.span();
            let name = rest.identifier()?;
            rest.skip_past("ON");
            let table = rest.name()?;
            self.declare(&table, vec![(What::Named(name), span)]);
            Some(())
        } else {
            None
        }
    }

    fn create_table(&mut self, mut rest: Cursor<'_>) -> Option<()> {
        rest.words(&["IF", "NOT", "EXISTS"]);
        let table = rest.name()?;
        if rest.words(&["PARTITION", "OF"]) || rest.words(&["OF"]) {
            rest.name()?;
        }
        for item in rest.group()?.items() {
            self.declare(&table, table_item(&item));
        }
        Some(())
    }

    fn create_unique_index(&mut self, mut rest: Cursor<'_>) -> Option<()> {
        rest.words(&["CONCURRENTLY"]);
        rest.words(&["IF", "NOT", "EXISTS"]);
        let span = rest.span();
        let name = if rest.see(&["ON"]) { None } else { Some(rest.name()?) };
        rest.words(&["ON"]);
        rest.words(&["ONLY"]);
        let table = rest.name()?;
        rest.skip_to_group();
        let mentions = rest.group()?.identifiers();
        let what = match name {
            Some(name) => What::Named(name.name),
            None => What::Unnamed { form: Form::Unique, mentions },
        };
        self.declare(&table, vec![(what, span)]);
        Some(())
    }

    fn create_domain(&mut self, mut rest: Cursor<'_>) -> Option<()> {
        let whole = rest.clone();
        let domain = rest.name()?;
        self.declare(&domain, vec![(What::Type, whole.span())]);
        self.declare(&domain, domain_constraints(&whole, &rest));
        Some(())
    }

    fn alter(&mut self, mut rest: Cursor<'_>) -> Option<()> {
        rest.words(&["FOREIGN"]);
        if rest.words(&["TABLE"]) {
            self.alter_table(rest)
        } else if rest.words(&["DOMAIN"]) {
            self.alter_domain(rest)
        } else if rest.words(&["INDEX"]) {
            rest.words(&["IF", "EXISTS"]);
            let index = rest.name()?;
            if rest.words(&["RENAME", "TO"]) {
                self.declarations.rename_index(&index, &rest.identifier()?);
            }
            Some(())
        } else if rest.words(&["TYPE"]) {
            let name = rest.name()?;
            self.rename_or_move(&name, rest)
        } else {
            None
        }
    }

    fn alter_table(&mut self, mut rest: Cursor<'_>) -> Option<()> {
        rest.words(&["IF", "EXISTS"]);
        rest.words(&["ONLY"]);
        let table = rest.name()?;
        for action in rest.items() {
            self.table_action(&table, &action);
        }
        Some(())
    }

    fn table_action(&mut self, table: &WrittenName, action: &Cursor<'_>) -> Option<()> {
        let mut rest = action.clone();
        if rest.words(&["ADD"]) {
            let clauses = if rest.words(&["COLUMN"]) {
                rest.words(&["IF", "NOT", "EXISTS"]);
                let item = rest.clone();
                let column = rest.identifier()?;
                column_definition(&item, &column, &rest)
            } else {
                rest.words(&["IF", "NOT", "EXISTS"]);
                table_item(&rest)
            };
            self.declare(table, clauses);
        } else if rest.words(&["DROP"]) {
            let constraint = rest.words(&["CONSTRAINT"]);
            rest.words(&["COLUMN"]);
            rest.words(&["IF", "EXISTS"]);
            let name = rest.identifier()?;
            if constraint {
                self.declarations.drop(table, &What::Named(name));
            } else {
                self.declarations.drop_column(table, &name);
            }
        } else if rest.words(&["ALTER"]) {
            rest.words(&["COLUMN"]);
            let column = rest.identifier()?;
            if rest.words(&["SET", "NOT", "NULL"]) {
                self.declare(table, vec![(What::NotNull(column), action.span())]);
            } else if rest.words(&["DROP", "NOT", "NULL"]) {
                self.declarations.drop(table, &What::NotNull(column));
            }
        } else if rest.words(&["RENAME", "CONSTRAINT"]) {
            let (from, to) = renamed(&mut rest)?;
            self.declarations.rename(table, &from, &to);
        } else if rest.see(&["RENAME", "TO"]) || rest.see(&["SET", "SCHEMA"]) {
            self.rename_or_move(table, rest)?;
        } else if rest.words(&["RENAME"]) {
            rest.words(&["COLUMN"]);
            let (from, to) = renamed(&mut rest)?;
            self.declarations.rename_column(table, &from, &to);
        }
        Some(())
    }

    fn alter_domain(&mut self, mut rest: Cursor<'_>) -> Option<()> {
        let domain = rest.name()?;
        let action = rest.clone();
        if rest.words(&["ADD"]) {
            self.declare(&domain, domain_constraints(&action, &rest));
        } else if rest.words(&["DROP", "CONSTRAINT"]) {
            rest.words(&["IF", "EXISTS"]);
            self.declarations.drop(&domain, &What::Named(rest.identifier()?));
        } else if rest.words(&["SET", "NOT", "NULL"]) {
            self.declare(&domain, vec![(What::DomainNotNull, action.span())]);
        } else if rest.words(&["DROP", "NOT", "NULL"]) {
            self.declarations.drop(&domain, &What::DomainNotNull);
        } else if rest.words(&["RENAME", "CONSTRAINT"]) {
            let (from, to) = renamed(&mut rest)?;
            self.declarations.rename(&domain, &from, &to);
        } else {
            self.rename_or_move(&domain, rest)?;
        }
        Some(())
    }

    fn rename_or_move(&mut self, owner: &WrittenName, mut rest: Cursor<'_>) -> Option<()> {
        if rest.words(&["RENAME", "TO"]) {
            self.declarations.rename_owner(owner, &rest.identifier()?);
        } else if rest.words(&["SET", "SCHEMA"]) {
            self.declarations.move_owner(owner, &rest.identifier()?);
        }
        Some(())
    }

    fn drop(&mut self, mut rest: Cursor<'_>) -> Option<()> {
        rest.words(&["FOREIGN"]);
        if rest.words(&["TRIGGER"]) {
            rest.words(&["IF", "EXISTS"]);
            let name = rest.identifier()?;
            rest.skip_past("ON");
            self.declarations.drop(&rest.name()?, &What::Named(name));
            return Some(());
        }
        let index = rest.words(&["INDEX"]);
        if !index && !["TABLE", "DOMAIN", "TYPE"].iter().any(|kind| rest.words(&[kind])) {
            return None;
        }
        rest.words(&["CONCURRENTLY"]);
        rest.words(&["IF", "EXISTS"]);
        for mut dropped in rest.items() {
            let name = dropped.name()?;
            if index {
                self.declarations.drop_index(&name);
            } else {
                self.declarations.drop_owner(&name);
            }
        }
        Some(())
    }
}

/// `from TO to`.
fn renamed(rest: &mut Cursor<'_>) -> Option<(String, String)> {
    let from = rest.identifier()?;
    rest.words(&["TO"]).then_some(())?;
    Some((from, rest.identifier()?))
}
