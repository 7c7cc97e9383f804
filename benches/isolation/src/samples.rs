//! What was measured.
//!
//! In: times of single tests. Out: medians, a table, ratios.
//!
//! **Invariant**: a ratio is taken between measurements of the same round, and the median of these
//! is what is told: what disturbs the machine disturbs both.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One measurement: many tests of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples {
    /// Each test from its beginning to its end, in milliseconds.
    pub(crate) tests: Vec<f64>,
    /// All of them together, divided by their number: less than a test takes where several run.
    pub(crate) wall_ms: f64,
    /// Milliseconds of processor time that the server spent on each, where it is known.
    pub(crate) server_ms: Option<f64>,
}

impl Samples {
    /// From tests that ran since `begun`.
    pub(crate) fn since(begun: Instant, tests: Vec<f64>) -> Self {
        let wall_ms = ms(begun.elapsed()) / count(tests.len());
        Self { tests, wall_ms, server_ms: None }
    }
}

/// A number of tests as a divisor.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
pub(crate) fn count(number: usize) -> f64 {
    number.max(1) as f64
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The value below which a part of `values` lies.
pub(crate) fn quantile(values: &[f64], per_cent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * per_cent + 50) / 100).copied().unwrap_or(f64::NAN)
}

/// All measurements of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    round: Mutex<usize>,
    rows: Mutex<Vec<Row>>,
}

#[derive(Debug, Clone)]
struct Row {
    round: usize,
    what: String,
    schema: &'static str,
    samples: Samples,
}

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
impl Report {
    pub(crate) fn round(&self, number: usize) {
        *self.round.lock().unwrap_or_else(PoisonError::into_inner) = number;
    }

    /// Notes a measurement and prints it as a line of JSON.
    pub(crate) fn add(&self, what: &str, schema: &'static str, samples: Samples) {
        let round = *self.round.lock().unwrap_or_else(PoisonError::into_inner);
        let line = serde_json::json!({
            "round": round, "what": what, "schema": schema, "tests": samples.tests.len(),
            "median_ms": quantile(&samples.tests, 50), "p95_ms": quantile(&samples.tests, 95),
            "wall_ms_per_test": samples.wall_ms, "server_cpu_ms_per_test": samples.server_ms,
        });
        println!("{line}");
        let row = Row { round, what: what.to_owned(), schema, samples };
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }

    fn rows(&self) -> Vec<Row> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The median over the rounds, for every kind in the order in which they came.
    pub(crate) fn table(&self) {
        let rows = self.rows();
        let mut order = Vec::new();
        let mut groups = BTreeMap::<(&str, &str), Vec<&Samples>>::new();
        for row in &rows {
            let key = (row.schema, row.what.as_str());
            if !groups.contains_key(&key) {
                order.push(key);
            }
            groups.entry(key).or_default().push(&row.samples);
        }
        println!("\n| schema | what | median | p95 | wall per test | server CPU |");
        println!("|---|---|---|---|---|---|");
        for key in order {
            let all = &groups[&key];
            let over = |of: fn(&Samples) -> f64| {
                quantile(&all.iter().map(|samples| of(samples)).collect::<Vec<_>>(), 50)
            };
            let median = over(|samples| quantile(&samples.tests, 50));
            let p95 = over(|samples| quantile(&samples.tests, 95));
            let (wall, cpu) = (
                over(|samples| samples.wall_ms),
                over(|samples| samples.server_ms.unwrap_or(f64::NAN)),
            );
            let cpu = if cpu.is_nan() { String::new() } else { format!("{cpu:.2}") };
            println!("| {} | {} | {median:.2} | {p95:.2} | {wall:.2} | {cpu} |", key.0, key.1);
        }
    }

    /// How many times slower everything is than two of ours, by wall time per test.
    pub(crate) fn against(&self, warm: &str, own: &str) {
        let rows = self.rows();
        let wall = |round: usize, what: &str| {
            let found = rows.iter().find(|row| row.round == round && row.what == what)?;
            Some(found.samples.wall_ms)
        };
        let mut kinds: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
        kinds.dedup();
        let mut seen = std::collections::BTreeSet::new();
        kinds.retain(|kind| seen.insert(*kind));
        println!("\n| how many times the wall time of | {warm} | {own} |\n|---|---|---|");
        for kind in kinds.iter().filter(|kind| !kind.starts_with("ours")) {
            let ratio = |base: &str| {
                let of_round = |row: &Row| Some(row.samples.wall_ms / wall(row.round, base)?);
                let all = rows.iter().filter(|row| row.what == **kind).filter_map(of_round);
                quantile(&all.collect::<Vec<_>>(), 50)
            };
            println!("| {kind} | {:.1} | {:.1} |", ratio(warm), ratio(own));
        }
    }
}
