//! When each lease was held: a lane for everything that ran at the same time.
//!
//! In: the leases of a report. Out: one SVG per run, made here, without a script.
//!
//! **Invariant:** two leases of one lane never overlap; what is too many to draw is said.

use std::fmt::Write as _;

use crate::escape::markup;
use crate::number::{counted, duration, grouped};
use crate::{Held, Report};

/// Leases drawn per run, the longest first: more make the page slow and cannot be told apart.
const DRAWN_MAX: usize = 1_500;
/// Lanes drawn per run.
const LANES_MAX: usize = 64;
/// Units of the drawing's width; it is scaled to the page.
const WIDTH: u64 = 1_000;
const LANE: u64 = 14;

/// The picture of one run.
pub(super) struct Timeline {
    pub(super) svg: String,
    pub(super) caption: String,
}

pub(super) fn timelines(report: &Report) -> Vec<Timeline> {
    let runs = report.run.ids.iter().enumerate();
    runs.filter_map(|(number, id)| {
        let of_run = report.held.iter().filter(|held| held.run == number);
        let id = (report.run.ids.len() > 1).then_some(id.as_str());
        timeline(of_run.collect(), id)
    })
    .collect()
}

fn timeline(mut held: Vec<&Held>, id: Option<&str>) -> Option<Timeline> {
    let all = held.len();
    let last = held.iter().map(|held| end(held)).max()?;
    held.sort_by_key(|held| held.given_us);
    let first = held.first().map_or(0, |held| held.given_us);
    let span = last.saturating_sub(first).max(1);
    let placed = lanes(&held);
    let lanes = placed.iter().max().map_or(0, |lane| lane + 1);
    let mut longest: Vec<usize> = (0..all).filter(|n| placed[*n] < LANES_MAX).collect();
    longest.sort_by_key(|n| std::cmp::Reverse(end(held[*n]) - held[*n].given_us));
    longest.truncate(DRAWN_MAX);
    longest.sort_unstable();
    let drawn = longest.len();
    let height = LANE * lanes.min(LANES_MAX) as u64;
    let label =
        format!("Timeline: {} in {}", counted(all as u64, "lease", "leases"), duration(span));
    let mut svg = format!(
        "<svg class=\"timeline\" viewBox=\"0 0 {WIDTH} {height}\" height=\"{height}\" \
         preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
        markup(&label)
    );
    for n in longest {
        bar(&mut svg, held[n], placed[n] as u64, first, span);
    }
    svg.push_str("</svg>");
    let mut caption = format!("{label}, at most {} at once", grouped(lanes as u64));
    if let Some(id) = id {
        let _ = write!(caption, "; run {}", markup(id));
    }
    if drawn < all {
        let _ = write!(caption, "; the {} longest are drawn", grouped(drawn as u64));
    }
    Some(Timeline { svg, caption })
}

fn bar(svg: &mut String, held: &Held, lane: u64, first: u64, span: u64) {
    let scale = |us: u64| {
        u64::try_from(u128::from(us) * u128::from(WIDTH) * 100 / u128::from(span)).unwrap_or(0)
    };
    let (x, width) = (scale(held.given_us - first), scale(end(held) - held.given_us).max(60));
    let class = if held.failed { " class=\"failed\"" } else { "" };
    let time = held.held_us().map_or("no end in the trace".to_owned(), duration);
    let _ = write!(
        svg,
        "<rect{class} x=\"{}.{:02}\" y=\"{}\" width=\"{}.{:02}\" height=\"{}\"><title>{}: {time}{}\
         </title></rect>",
        x / 100,
        x % 100,
        lane * LANE + 2,
        width / 100,
        width % 100,
        LANE - 4,
        markup(&held.test),
        if held.failed { ", failed" } else { "" },
    );
}

fn end(held: &Held) -> u64 {
    held.returned_us.unwrap_or(held.given_us).max(held.given_us)
}

/// The lane of each lease, in the order of their beginnings: the first that is free.
fn lanes(held: &[&Held]) -> Vec<usize> {
    let mut free_from: Vec<u64> = Vec::new();
    let mut placed = Vec::with_capacity(held.len());
    for held in held {
        let lane = free_from.iter().position(|free| *free <= held.given_us);
        let lane = lane.unwrap_or_else(|| {
            free_from.push(0);
            free_from.len() - 1
        });
        free_from[lane] = end(held).max(held.given_us + 1);
        placed.push(lane);
    }
    placed
}
