//! Finds out what a mistyped key was meant to be.
//!
//! In: the parser's message about a key that does not exist. Out: the key that was meant, if one
//! is near enough.
//!
//! **Invariant**: without a near key nothing is guessed.

/// From this likeness on (Jaro-Winkler, 0 to 1) two words are one word mistyped.
const LIKENESS_MIN: f64 = 0.8;

/// `; help: did you mean ...`, or nothing.
pub(super) fn suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let about = ["unknown field", "unknown variant"].iter().any(|what| message.contains(what));
    // The message also shows the line, which may hold anything.
    let Some(after) = message.find("unknown ").filter(|_| about) else { return String::new() };
    if after > 0 {
        quoted = message[after..].split('`').skip(1).step_by(2);
    }
    let Some(written) = quoted.next() else { return String::new() };
    let likeness = |known: &str| strsim::jaro_winkler(&written.to_lowercase(), known);
    let nearest = quoted.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|known| likeness(known) >= LIKENESS_MIN) {
        Some(known) => format!("; help: did you mean `{known}`?"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::suggestion;

    #[test]
    fn the_nearest_key_is_suggested_and_a_far_one_is_not() {
        let said = |written: &str| {
            let known = "expected one of `command`, `output`, `isolation`, `verify_every`";
            suggestion(&format!("TOML parse error\n`\n1 | x\nunknown field `{written}`, {known}"))
        };
        assert_eq!(said("comand"), "; help: did you mean `command`?");
        assert_eq!(said("Isolaton"), "; help: did you mean `isolation`?");
        assert_eq!(said("zzz"), "");
        assert_eq!(suggestion("invalid type: `comand`, expected `command`"), "");
    }
}
