//! Making one more copy of the template.
//!
//! In: a template. Out: the name of a new database, with the template's content and belongings.
//!
//! **Invariant**: a name is given once; two pools on one server differ in their run's name.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::claim::mark_of;
use crate::lease::{Belongings, LeaseError, copy, shortened};
use crate::session::Session;
use crate::target::Target;
use crate::template::Template;

/// What it takes to make one more copy.
#[derive(Debug)]
pub(crate) struct Copier {
    pub(crate) target: Target,
    pub(crate) template: Template,
    belongings: Belongings,
    run: String,
    made: AtomicU32,
}

impl Copier {
    pub(crate) async fn new(
        session: &Session,
        target: Target,
        template: Template,
        run: String,
    ) -> Result<Self, LeaseError> {
        let belongings = Belongings::read(session, &template.name).await?;
        Ok(Self { target, template, belongings, run, made: AtomicU32::new(0) })
    }

    /// A copy, marked as this run's.
    pub(crate) async fn make(&self, session: &Session) -> Result<String, LeaseError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let database = shortened(&self.template.database, 28);
        let name = format!("proofmark_{database}_{}_{number}", self.run);
        let (version, template) = (self.target.version_num(), &self.template.name);
        let mark = Some(mark_of(&self.run));
        copy(session, version, template, &name, mark, &self.belongings).await?;
        Ok(name)
    }
}
