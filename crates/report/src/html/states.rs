//! State columns as pictures: states on a circle, moves as arrows.
//!
//! In: the state columns of a report. Out: an SVG each, and the same as a table.
//!
//! **Invariant:** whatever the picture says, the table says in words; a move that could not have
//! been seen is not called untaken.

use std::fmt::Write as _;

use super::address::address;
use crate::escape::markup;
use crate::number::{counted, grouped};
use crate::terminal::visible;
use crate::{Move, MovesSeen, Report, StateColumn};

/// States of one picture; of more there is only the table.
const DRAWN_MAX: usize = 16;
const NODE_HEIGHT: f64 = 28.0;

/// A state column.
pub(super) struct Diagram {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) sum: String,
    pub(super) open: bool,
    pub(super) note: &'static str,
    pub(super) svg: String,
    pub(super) rows: Vec<Row>,
    pub(super) unstored: Vec<String>,
}

/// A move.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) mark: &'static str,
    pub(super) state: &'static str,
    pub(super) open: bool,
    pub(super) taken: String,
    pub(super) refused: String,
}

/// What is known of a move.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    Taken,
    Refused,
    Untaken,
    Unseen,
    Undeclared,
}

pub(super) fn diagrams(report: &Report) -> Vec<Diagram> {
    let with_moves = report.states.iter().filter(|column| !column.moves.is_empty());
    with_moves.map(diagram).collect()
}

fn diagram(column: &StateColumn) -> Diagram {
    let sum = match column.taken() {
        Some((taken, all)) => {
            format!("{} of {} taken", grouped(taken), counted(all, "move", "moves"))
        }
        None => format!("{} seen", counted(column.moves.len() as u64, "move", "moves")),
    };
    let unstored = column.states.iter().filter(|s| column.states_seen && s.stored.times == 0);
    Diagram {
        id: address("states", &[&column.database, &column.address]),
        name: visible(&column.address).into(),
        sum,
        open: column.taken().is_some_and(|(taken, all)| taken < all),
        note: match column.moves_seen {
            MovesSeen::No => "Moves could not be seen: only those that were refused are known.",
            MovesSeen::History => "Moves were seen in the application's own history of them.",
        },
        svg: if column.states.len() <= DRAWN_MAX { draw(column) } else { String::new() },
        rows: column.moves.iter().map(|one| row(column, one)).collect(),
        unstored: unstored.map(|s| visible(&s.state).into()).collect(),
    }
}

fn known(column: &StateColumn, one: &Move) -> Known {
    if one.taken.times > 0 {
        let undeclared = column.moves_declared && !one.declared;
        return if undeclared { Known::Undeclared } else { Known::Taken };
    }
    match (one.refused.times, column.moves_seen) {
        (1.., _) => Known::Refused,
        (_, MovesSeen::No) => Known::Unseen,
        _ => Known::Untaken,
    }
}

fn row(column: &StateColumn, one: &Move) -> Row {
    let (mark, state, open) = match known(column, one) {
        Known::Taken => ("✓", "taken", false),
        Known::Refused => ("×", "refused", false),
        Known::Untaken => ("✗", "never taken", true),
        Known::Unseen => ("–", "not known", false),
        Known::Undeclared => ("!", "taken, but not declared", true),
    };
    let times = |times: u64, tests: u64| match times {
        0 => "–".to_owned(),
        _ => format!("{} in {}", grouped(times), counted(tests, "test", "tests")),
    };
    Row {
        name: format!("{} → {}", visible(&one.from), visible(&one.to)),
        mark,
        state,
        open,
        taken: times(one.taken.times, one.taken.tests),
        refused: times(one.refused.times, one.refused.tests),
    }
}

struct Node {
    x: f64,
    y: f64,
    half: f64,
}

#[expect(clippy::cast_precision_loss, reason = "there are at most sixteen states")]
fn draw(column: &StateColumn) -> String {
    let count = column.states.len() as f64;
    let widest = column.states.iter().map(|s| shown(&s.state).chars().count()).max().unwrap_or(1);
    let half = widest as f64 * 3.9 + 14.0;
    let (rx, ry) = (half + 60.0 + count * 17.0, 60.0 + count * 17.0);
    let (width, height) = (2.0 * (rx + half + 10.0), 2.0 * (ry + 30.0));
    let nodes: Vec<Node> = (0..column.states.len())
        .map(|n| {
            let angle = std::f64::consts::TAU * n as f64 / count - std::f64::consts::FRAC_PI_2;
            let (x, y) = (width / 2.0 + rx * angle.cos(), height / 2.0 + ry * angle.sin());
            Node { x, y, half }
        })
        .collect();
    let mut svg = format!(
        "<svg class=\"states\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"Moves of {}, as in the table below\">",
        markup(&column.address)
    );
    for one in &column.moves {
        let at = |name: &str| column.states.iter().position(|s| s.state == name).map(|n| &nodes[n]);
        if let (Some(from), Some(to)) = (at(&one.from), at(&one.to)) {
            edge(&mut svg, from, to, known(column, one), one);
        }
    }
    for (node, state) in nodes.iter().zip(&column.states) {
        let never = column.states_seen && state.stored.times == 0;
        let _ = write!(
            svg,
            "<g{}><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{NODE_HEIGHT}\" rx=\"14\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text></g>",
            if never { " class=\"open\"" } else { "" },
            node.x - node.half,
            node.y - NODE_HEIGHT / 2.0,
            2.0 * node.half,
            node.x,
            node.y + 4.5,
            markup(&shown(&state.state)),
        );
    }
    svg + "</svg>"
}

/// A name that fits into its box.
fn shown(state: &str) -> String {
    match state.char_indices().nth(24) {
        Some((at, _)) => format!("{}…", &state[..at]),
        None => state.to_owned(),
    }
}

/// A bent arrow, so that a move and its return do not lie on each other.
fn edge(svg: &mut String, from: &Node, to: &Node, known: Known, one: &Move) {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = dx.hypot(dy);
    let (class, words) = match known {
        Known::Taken => ("taken", "taken"),
        Known::Refused => ("refused", "refused"),
        Known::Untaken => ("untaken", "never taken"),
        Known::Unseen => ("refused", "not known"),
        Known::Undeclared => ("untaken", "taken, but not declared"),
    };
    let title = format!("{} to {}: {words}", markup(&one.from), markup(&one.to));
    if length < 1.0 {
        let (x, y) = (from.x, from.y - NODE_HEIGHT / 2.0);
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{:.1} {y:.1}c-8 -26 24 -26 16 0\"><title>{title}</title></path>",
            x - 8.0
        );
        return;
    }
    let (cx, cy) = (
        f64::midpoint(from.x, to.x) - dy / length * 16.0,
        f64::midpoint(from.y, to.y) + dx / length * 16.0,
    );
    let (sx, sy) = rim(from, cx, cy);
    let (tx, ty) = rim(to, cx, cy);
    let (ax, ay) = (tx - cx, ty - cy);
    let reach = ax.hypot(ay).max(1.0);
    let (ux, uy) = (ax / reach, ay / reach);
    let _ = write!(
        svg,
        "<path class=\"{class}\" d=\"M{sx:.1} {sy:.1}Q{cx:.1} {cy:.1} {tx:.1} {ty:.1}M{:.1} {:.1}\
         L{tx:.1} {ty:.1}L{:.1} {:.1}\"><title>{title}</title></path>",
        tx - 9.0 * ux - 4.5 * uy,
        ty - 9.0 * uy + 4.5 * ux,
        tx - 9.0 * ux + 4.5 * uy,
        ty - 9.0 * uy - 4.5 * ux,
    );
}

/// Where the line from a node's middle towards a point leaves its box.
fn rim(node: &Node, x: f64, y: f64) -> (f64, f64) {
    let (dx, dy) = (x - node.x, y - node.y);
    let across = if dx.abs() < 0.01 { f64::MAX } else { (node.half + 2.0) / dx.abs() };
    let up = if dy.abs() < 0.01 { f64::MAX } else { (NODE_HEIGHT / 2.0 + 2.0) / dy.abs() };
    let part = across.min(up).min(1.0);
    (node.x + dx * part, node.y + dy * part)
}
