//! Text from outside, made safe for Markdown.
//!
//! In: names, statements and sentences. Out: one line of Markdown.
//!
//! **Invariant:** no character keeps a meaning in GitHub Flavored Markdown: what could have one is
//! an entity, which Markdown reads as text only (CommonMark, section 2.5).

use std::fmt::Write as _;

use crate::terminal::visible;

/// A name or statement in code.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

/// A sentence in which names stand between backticks.
pub(super) fn prose(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((name, after)) = after.split_once('`') else { break };
        markdown.push_str(&plain(before));
        markdown.push_str(&code(name));
        rest = after;
    }
    markdown.push_str(&plain(rest));
    markdown
}

fn plain(text: &str) -> String {
    let text = visible(text);
    let mut plain = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let inside_word = before.is_alphanumeric() && next.is_alphanumeric();
        let harmless = match c {
            // Part of a word they neither emphasise nor link; `::` is no scheme.
            '_' | '-' | '.' => inside_word,
            ':' => before == ':' || next == ':',
            ' ' | ',' | ';' | '/' | '(' | ')' | '?' | '%' => true,
            c => c.is_alphanumeric() || !c.is_ascii(),
        };
        if harmless {
            plain.push(c);
        } else {
            let _ = write!(plain, "&#{};", u32::from(c));
        }
        before = c;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_markdown_would_obey() {
        assert_eq!(plain("orders::a_b (x)"), "orders::a_b (x)");
        assert_eq!(plain("<b>*|`[x](y)"), "&#60;b&#62;&#42;&#124;&#96;&#91;x&#93;(y)");
        assert_eq!(plain("@team #1 www.x"), "&#64;team &#35;1 www.x");
        assert_eq!(plain("https://x"), "https&#58;//x");
        assert_eq!(plain("a\nb"), "a&#92;nb");
        assert_eq!(prose("no `a|b`"), "no <code>a&#124;b</code>");
    }
}
