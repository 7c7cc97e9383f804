//! An error with its causes and what to do, for whoever reads a failed test.
//!
//! In: any error. Out: text: the state, why, and what can be done about it, a line for each.
//!
//! **Invariant**: adds nothing to what the errors say.

use std::error::Error;

use proofmark_postgres as postgres;

/// What stands in an error's text before what to do.
const HELP: &str = "; help: ";

/// The whole story of `error`.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    let (mut causes, mut help) = (Vec::<String>::new(), Vec::new());
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let (cause, inline) = text.split_once(HELP).unwrap_or((&text, ""));
        // Drivers repeat their source in their own text.
        if !causes.last().is_some_and(|last| last.ends_with(cause)) {
            causes.push(cause.to_owned());
        }
        help.extend(Some(inline.to_owned()).filter(|inline| !inline.is_empty()));
        help.extend(help_of(error));
        next = error.source();
    }
    let help = help.iter().map(|help| format!("\nhelp: {help}"));
    format!("{}{}", causes.join("\n  because: "), help.collect::<String>())
}

/// The state alone.
pub(super) fn state(error: &dyn Error) -> String {
    let text = error.to_string();
    text.split_once(HELP).map_or(text.as_str(), |(state, _)| state).to_owned()
}

/// What the errors around the server say apart from their text.
fn help_of(error: &(dyn Error + 'static)) -> Option<String> {
    // The larger ones are boxed where they become part of another error.
    let found = error.downcast_ref::<Box<postgres::FindError>>().map(|error| error.help());
    let image = error.downcast_ref::<Box<postgres::ImageError>>().map(|error| error.help());
    let start = error.downcast_ref::<Box<postgres::StartError>>().map(|error| error.help());
    let external = error.downcast_ref().map(postgres::external::ExternalError::help);
    found.or(image).or(start).or(external)
}

#[cfg(test)]
mod tests {
    use postgres::external::ExternalError;

    use super::*;
    use crate::bench::BenchError;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer thing: {0}; help: mend it")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn each_cause_has_its_line_and_what_to_do_comes_last() {
        let outer = Outer(std::io::Error::other("the inner thing"));
        assert_eq!(describe(&outer), "the outer thing: the inner thing\nhelp: mend it");
        assert_eq!(state(&outer), "the outer thing: the inner thing");
    }

    #[test]
    fn a_server_that_is_not_for_tests_is_refused_with_a_way_out() {
        let source = ExternalError::NotAllowed { host: "db.example.org".to_owned() };
        let error = BenchError::External { from: "DATABASE_URL", source };
        let text = describe(&error);
        let because = "\n  because: the server at db.example.org is";
        assert!(text.contains(because), "{text}");
        assert!(text.contains("\nhelp: ") && text.contains("allow = ["), "{text}");
    }

    #[test]
    fn a_machine_without_a_server_is_told_what_to_install() {
        let nothing = postgres::FindError::NotFound { wanted: None, attempts: Vec::new() };
        let text = describe(&BenchError::from(Box::new(nothing)));
        assert!(text.contains("\nhelp: install PostgreSQL"), "{text}");
    }
}
