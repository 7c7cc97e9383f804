//! Colours, each with one meaning.
//!
//! In: a tone. Out: text in that tone, or unchanged without colour.
//!
//! **Invariant:** a colour only repeats what a word says; without colour nothing is lost.

use anstyle::{AnsiColor, Style};

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Something to look at.
    Warning,
    /// Something is wrong.
    Bad,
    /// A neutral heading.
    Heading,
    /// Said in passing.
    Faint,
    /// A number or name that carries the line.
    Strong,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Heading => AnsiColor::Cyan.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }

    /// The text in this tone.
    pub fn paint(self, color: bool, text: &str) -> String {
        let style = self.style();
        if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
