//! Prepared statements and portals of one session, by name.
//!
//! In go the server's confirmations, out comes the text behind a name. Main type: [`Prepared`].
//!
//! **Invariant**: names are kept as 64-bit hashes with a random key, never as text, and at most
//! [`STATEMENTS_MAX`] statements of [`TEXT_BYTES_MAX`] together; what does not fit is unknown.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

const STATEMENTS_MAX: usize = 4096;
const TEXT_BYTES_MAX: usize = 1 << 20;

/// A name, hashed; the unnamed statement and portal have their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NameId(Option<u64>);

#[derive(Debug, Default)]
pub(super) struct Prepared {
    hasher: RandomState,
    unnamed: Option<Arc<[u8]>>,
    unnamed_portal: Option<Arc<[u8]>>,
    statements: HashMap<u64, Arc<[u8]>>,
    portals: HashMap<u64, Arc<[u8]>>,
    text_bytes: usize,
}

impl Prepared {
    #[inline]
    pub(super) fn id(&self, name: &[u8]) -> NameId {
        NameId((!name.is_empty()).then(|| self.hasher.hash_one(name)))
    }

    pub(super) fn of_statement(&self, NameId(name): NameId) -> Option<Arc<[u8]>> {
        match name {
            None => self.unnamed.clone(),
            Some(name) => self.statements.get(&name).cloned(),
        }
    }

    #[inline]
    pub(super) fn of_portal(&self, NameId(name): NameId) -> Option<Arc<[u8]>> {
        match name {
            None => self.unnamed_portal.clone(),
            Some(name) => self.portals.get(&name).cloned(),
        }
    }

    pub(super) fn parsed(&mut self, NameId(name): NameId, text: Arc<[u8]>) {
        let Some(name) = name else {
            self.unnamed = Some(text);
            return;
        };
        self.forget(NameId(Some(name)));
        let fits = self.text_bytes + text.len() <= TEXT_BYTES_MAX;
        if fits && self.statements.len() < STATEMENTS_MAX {
            self.text_bytes += text.len();
            self.statements.insert(name, text);
        }
    }

    #[inline]
    pub(super) fn bound(&mut self, NameId(portal): NameId, statement: NameId) {
        let text = self.of_statement(statement);
        match (portal, text) {
            (None, text) => self.unnamed_portal = text,
            (Some(portal), Some(text)) if self.portals.len() < STATEMENTS_MAX => {
                self.portals.insert(portal, text);
            }
            (Some(portal), _) => {
                self.portals.remove(&portal);
            }
        }
    }

    pub(super) fn forget(&mut self, NameId(name): NameId) {
        match name {
            None => self.unnamed = None,
            Some(name) => {
                if let Some(text) = self.statements.remove(&name) {
                    self.text_bytes -= text.len();
                }
            }
        }
    }

    pub(super) fn forget_portal(&mut self, NameId(name): NameId) {
        match name {
            None => self.unnamed_portal = None,
            Some(name) => {
                self.portals.remove(&name);
            }
        }
    }

    /// Portals do not outlive their transaction.
    #[inline]
    pub(super) fn transaction_ended(&mut self) {
        if !self.portals.is_empty() {
            self.portals.clear();
        }
    }
}
