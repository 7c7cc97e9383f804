//! `shop check`: every invariant, asked now.

use std::process::ExitCode;

use shop::invariant;

use super::args::Check;
use super::database::{Database, Sharing};
use super::failure::{Failure, OrFail as _};
use super::{migrate, say};

/// What says that an invariant is broken.
const BROKEN: u8 = 10;

pub(super) async fn check(arguments: &Check) -> Result<ExitCode, Failure> {
    let database = Database::open(&arguments.database, Sharing::Join).await?;
    migrate::demand(&database.pool).await?;
    let rules = invariant::all();
    let mut broken = 0;
    for rule in &rules {
        let rows = rule
            .broken(&database.pool, arguments.rows)
            .await
            .or_fail(&format!("{} could not be asked", rule.name))?;
        if rows.is_empty() {
            say::named("holds", rule.name);
            continue;
        }
        broken += 1;
        say::named("BROKEN", rule.name);
        for row in rows {
            say::result(&format!("{:>12}{}: {}", "", row.subject, row.problem));
        }
    }
    say::result("");
    say::named("together", &format!("{} hold, {broken} are broken", rules.len() - broken));
    database.close().await?;
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::from(BROKEN) })
}
