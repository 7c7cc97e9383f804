//! Text from outside, made safe for formats with markup.
//!
//! In: names, statements and sentences. Out: the same as HTML or XML text, also between quotes.
//!
//! **Invariant:** what comes out holds no character that a browser, an XML parser or a terminal
//! would obey; control characters and marks of writing direction are spelled out.

use crate::terminal::visible;

/// One line of text for HTML or XML, in an element or between quotes.
pub(crate) fn markup(text: &str) -> String {
    let text = visible(text);
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML 1.0, section 2.2: not a character of a document.
            '\u{fffe}' | '\u{ffff}' => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Several lines: as [`markup`], but lines stay lines and a tab is two spaces.
pub(crate) fn markup_lines(text: &str) -> String {
    let lines = text.lines().map(|line| markup(&line.replace('\t', "  ")));
    lines.collect::<Vec<_>>().join("\n")
}

/// A sentence in which `names` stand between backticks, as HTML with `<code>`.
pub(crate) fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((name, after)) = after.split_once('`') else { break };
        html.push_str(&markup(before));
        html.push_str("<code>");
        html.push_str(&markup(name));
        html.push_str("</code>");
        rest = after;
    }
    html.push_str(&markup(rest));
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_browser_would_obey() {
        assert_eq!(markup("<b a=\"x\">&'"), "&lt;b a=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(markup("a\u{202e}b\u{1b}[1m\n"), r"a\u{202e}b\u{1b}[1m\n");
        assert_eq!(markup_lines("a\n\t<\n"), "a\n  &lt;");
    }

    #[test]
    fn names_between_backticks_are_code_and_a_lonely_backtick_stays() {
        assert_eq!(prose("no `a<b>` here"), "no <code>a&lt;b&gt;</code> here");
        assert_eq!(prose("a ` b"), "a ` b");
    }
}
