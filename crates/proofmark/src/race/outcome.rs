//! What came of the schedules, for the test and for its reader.
//!
//! **Invariant**: a race that was not run is not reported as absent.

use std::fmt;

use proofmark_proxy::gate::{Actor, Ending, Happened};

use super::schedule::Schedule;

/// One line of a schedule that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A call began.
    Began(Actor),
    /// A step was let go.
    Step(Happened),
}

/// Why a schedule is a bad one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// The check objects.
    Check(String),
    /// A call panicked.
    Call(Actor, String),
    /// Nobody could go on.
    Stuck(String),
}

/// A schedule that was run.
#[derive(Debug, Clone)]
pub struct Ran {
    pub(super) schedule: Schedule,
    pub(super) lines: Vec<Line>,
    pub(super) steps: [usize; 2],
    pub(super) preemptions: usize,
    pub(super) broken: Option<Broken>,
    /// How often it was run once more, and how often it was broken again.
    pub(super) repeated: Option<bool>,
    pub(super) test: String,
}

impl Ran {
    /// The schedule; printed, it is the replay token.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// What was let go, in that order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// How often a call that could have gone on had to let the other one go first.
    pub fn preemptions(&self) -> usize {
        self.preemptions
    }

    /// Whether any step had to wait for a lock of the other call.
    pub fn waited(&self) -> bool {
        self.lines.iter().any(|line| matches!(line, Line::Step(step) if step.waited))
    }

    /// What is wrong with it, if anything.
    pub fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }
}

/// The schedules that were run.
#[derive(Debug, Clone)]
pub struct Explored {
    pub(super) ran: Vec<Ran>,
}

impl Explored {
    /// All of them, in the order in which they were run.
    pub fn schedules(&self) -> &[Ran] {
        &self.ran
    }

    /// How many had a preemption: the others are the serial orders, and those that locks made so.
    pub fn preempted(&self) -> usize {
        self.ran.iter().filter(|ran| ran.preemptions > 0).count()
    }

    /// Those that broke something.
    pub fn witnesses(&self) -> impl Iterator<Item = &Ran> {
        self.ran.iter().filter(|ran| ran.broken.is_some())
    }

    /// Fails the test when a schedule broke something, or when nothing was raced.
    ///
    /// # Panics
    /// With the witness, as a list of steps.
    #[track_caller]
    pub fn assert_holds(&self) -> &Self {
        let count = self.ran.len();
        if let Some(witness) = self.witnesses().next() {
            let broken = self.witnesses().count();
            panic!("{broken} of {count} schedules broke something\n\n{witness}");
        }
        self.assert_raced()
    }

    /// The first schedule that broke something; for a test that knows there is a race, and proves
    /// by it that its check can fail.
    ///
    /// # Panics
    /// When no schedule broke anything.
    #[track_caller]
    pub fn assert_breaks(&self) -> &Ran {
        let witness = self.witnesses().next();
        witness.unwrap_or_else(|| panic!("none of {} schedules broke anything", self.ran.len()))
    }

    #[track_caller]
    fn assert_raced(&self) -> &Self {
        // A single schedule is one that was asked for.
        let has_steps = self.ran.iter().all(|ran| ran.steps.iter().all(|steps| *steps > 1));
        assert!(
            has_steps && (self.preempted() > 0 || self.ran.len() == 1),
            "nothing was raced: in {} schedules, {} with a preemption, some call sent no statement \
             through the connection it was given",
            self.ran.len(),
            self.preempted()
        );
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match line {
                Line::Began(actor) => writeln!(formatter, "    {actor}  begins")?,
                Line::Step(happened) => {
                    let Happened { step, waited, ending } = happened;
                    let actor = step.actor();
                    writeln!(formatter, "    {actor}  {}", cut(&step.to_string()))?;
                    let waits = if *waited { "waits for a lock, then " } else { "" };
                    writeln!(formatter, "         {waits}{}", told(ending.as_ref()))?;
                }
            }
        }
        match &self.broken {
            None => writeln!(formatter, "\n  nothing is broken")?,
            Some(Broken::Check(why)) => writeln!(formatter, "\n  the check: {why}")?,
            Some(Broken::Call(actor, why)) => writeln!(formatter, "\n  {actor} panicked: {why}")?,
            Some(Broken::Stuck(why)) => writeln!(formatter, "\n  stuck: {why}")?,
        }
        match self.repeated {
            Some(true) => writeln!(formatter, "  run a second time, it broke again")?,
            Some(false) => writeln!(formatter, "  run a second time, it did NOT break again")?,
            None => {}
        }
        let token = self.schedule.to_string();
        // `package::binary::path` is what `cargo test` knows as `path`.
        let test = self.test.splitn(3, "::").last().unwrap_or_default();
        writeln!(formatter, "replay token: {token}")?;
        write!(formatter, "help: PROOFMARK_SCHEDULE='{token}' cargo test {test}")
    }
}

fn told(ending: Option<&Ending>) -> String {
    match ending {
        None => "has not ended".to_owned(),
        Some(Ending::Done(command)) if command.is_empty() => "ok".to_owned(),
        Some(Ending::Done(command)) => format!("ok, {command}"),
        Some(Ending::Failed { sqlstate, message }) => format!("error {sqlstate}: {message}"),
        Some(Ending::Lost) => "its connection was closed".to_owned(),
    }
}

fn cut(text: &str) -> String {
    const LENGTH_MAX: usize = 200;
    if text.chars().count() <= LENGTH_MAX {
        return text.to_owned();
    }
    text.chars().take(LENGTH_MAX).chain(" ...".chars()).collect()
}
