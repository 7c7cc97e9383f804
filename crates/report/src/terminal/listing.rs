//! Every promise of the schema, grouped by what declares it.
//!
//! In: a report. Out: a list with a mark, a name, numbers and a place per promise.
//!
//! **Invariant:** it leaves nothing out, whatever was tried; a mark always comes with its word.

use std::collections::BTreeSet;

use super::style::Tone;
use super::{Options, visible};
use crate::{Owner, Promise, Report, State};

/// The list, ending in a line feed; a legend first.
pub fn listing(report: &Report, options: &Options) -> String {
    let mut lines = legend(report, options);
    lines.push(String::new());
    let several = report.listing.iter().any(|owner| owner.database != report.listing[0].database);
    for owner in &report.listing {
        let database =
            if several { format!(" in {}", visible(&owner.database)) } else { String::new() };
        lines.push(
            Tone::Strong.paint(options.color, &format!("{}{database}", visible(&owner.name))),
        );
        lines.extend(promises(owner, options));
        lines.push(String::new());
    }
    lines.pop();
    lines.join("\n") + "\n"
}

/// The marks that are used below, each with its word.
fn legend(report: &Report, options: &Options) -> Vec<String> {
    let states: BTreeSet<State> =
        report.listing.iter().flat_map(|o| o.promises.iter().map(|p| p.state)).collect();
    let shown = |state| format!("{} {}", mark(state, options), word(state));
    states.into_iter().map(shown).collect()
}

fn promises(owner: &Owner, options: &Options) -> Vec<String> {
    let columns = |text: &dyn Fn(&Promise) -> usize| owner.promises.iter().map(text).max();
    let name_columns = columns(&|p| visible(&p.name).chars().count()).unwrap_or(0).min(48);
    let kind_columns = columns(&|p| p.kind.heading().len()).unwrap_or(0);
    let lines = owner.promises.iter().map(|promise| {
        let kind = promise.kind.heading();
        let name = visible(&promise.name);
        let tried = tried(promise);
        let place = promise.declared_at.as_deref().map(visible).unwrap_or_default();
        let place = Tone::Faint.paint(options.color, &place);
        let mark = mark(promise.state, options);
        format!("  {mark} {kind:<kind_columns$}  {name:<name_columns$}  {tried:<32}  {place}")
            .trim_end()
            .to_owned()
    });
    lines.collect()
}

fn mark(state: State, options: &Options) -> String {
    let (mark, tone) = match state {
        State::Covered => ("✓", Tone::Good),
        State::NeverAccepted => ("!", Tone::Warning),
        State::Masked => ("~", Tone::Warning),
        State::NeverRefused => ("·", Tone::Warning),
        State::NeverTried => ("✗", Tone::Bad),
        State::NotEnforced | State::Unattributable => ("-", Tone::Faint),
    };
    tone.paint(options.color, mark)
}

fn word(state: State) -> &'static str {
    match state {
        State::Covered => "refused and accepted",
        State::NeverAccepted => "refused, never accepted",
        State::Masked => "broken, but another promise refused",
        State::NeverRefused => "accepted, never refused",
        State::NeverTried => "never tried",
        State::NotEnforced => "not enforced",
        State::Unattributable => "refusals have no name",
    }
}

fn tried(promise: &Promise) -> String {
    let (refused, accepted) = (promise.refused.times, promise.accepted.times);
    match promise.state {
        State::Covered => format!("refused {refused}, accepted {accepted}"),
        State::NeverAccepted => format!("refused {refused}, never accepted"),
        State::NeverRefused => format!("accepted {accepted}, never refused"),
        State::Masked => format!("masked {}, never refused", promise.masked.times),
        state => word(state).to_owned(),
    }
}
