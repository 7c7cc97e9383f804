//! A Markdown document, as far as the rules need it: fences, prose lines, headings, links.
//!
//! In: the text. Out: iterators with line numbers (from 1).
//!
//! **Invariant:** not a renderer; what is inside a fence or a code span is never prose.

/// A fenced block.
#[derive(Debug, PartialEq)]
pub(crate) struct Fence {
    /// The line of the opening fence.
    pub(crate) line: usize,
    /// The words after the opening fence: `sh ci`.
    pub(crate) info: String,
    pub(crate) body: String,
}

/// Fences and prose of one document.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    pub(crate) fences: Vec<Fence>,
    /// Lines outside of fences.
    prose: Vec<(usize, &'a str)>,
}

impl<'a> Document<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut document = Document { fences: Vec::new(), prose: Vec::new() };
        let mut open: Option<(&str, Fence)> = None;
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim_start();
            match &mut open {
                Some((mark, _)) if trimmed.trim_end() == *mark => {
                    document.fences.extend(open.take().map(|(_, fence)| fence));
                }
                Some((_, fence)) => {
                    fence.body.push_str(line);
                    fence.body.push('\n');
                }
                None => match fence_mark(trimmed) {
                    Some((mark, info)) => {
                        let info = info.trim().to_owned();
                        open = Some((mark, Fence { line: index + 1, info, body: String::new() }));
                    }
                    None => document.prose.push((index + 1, line)),
                },
            }
        }
        document.fences.extend(open.map(|(_, fence)| fence));
        document
    }

    /// Headings: line, level, text.
    pub(crate) fn headings(&self) -> impl Iterator<Item = (usize, usize, &'a str)> {
        self.prose.iter().filter_map(|(line, text)| {
            let level = text.chars().take_while(|c| *c == '#').count();
            let title = text.get(level..)?.strip_prefix(' ')?;
            (1..=6).contains(&level).then_some((*line, level, title.trim()))
        })
    }

    /// Targets of links and images, `[..](target)` and `[..]: target`: line and target.
    pub(crate) fn links(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (line, text) in &self.prose {
            let text = without_code(text);
            for (at, _) in text.match_indices("](") {
                let rest = &text[at + 2..];
                let end = rest.find([')', ' ']).unwrap_or(rest.len());
                found.push((*line, rest[..end].to_owned()));
            }
            if text.starts_with('[')
                && let Some((_, target)) = text.split_once("]: ")
            {
                found.push((*line, target.trim().to_owned()));
            }
        }
        found
    }

    /// The anchors that GitHub gives to the headings.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut given: Vec<String> = Vec::new();
        for (_, _, title) in self.headings() {
            let anchor = anchor(title);
            let same = given.iter().filter(|other| **other == anchor).count();
            given.push(if same == 0 { anchor } else { format!("{anchor}-{same}") });
        }
        given
    }
}

fn fence_mark(line: &str) -> Option<(&str, &str)> {
    let ticks = line.chars().take_while(|c| *c == '`').count();
    (ticks >= 3).then(|| line.split_at(ticks))
}

fn without_code(line: &str) -> String {
    line.split('`').enumerate().map(|(n, part)| if n % 2 == 0 { part } else { "`" }).collect()
}

fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_in_a_fence_is_no_heading() {
        let document = Document::new("# One\n```sh ci\n# comment\nls\n```\n## Two words, `x`\n");
        assert_eq!(
            document.headings().collect::<Vec<_>>(),
            [(1, 1, "One"), (6, 2, "Two words, `x`")]
        );
        assert_eq!(document.fences.len(), 1);
        assert_eq!(document.fences[0].info, "sh ci");
        assert_eq!(document.fences[0].body, "# comment\nls\n");
        assert_eq!(document.anchors(), ["one", "two-words-x"]);
    }

    #[test]
    fn links_are_found_but_not_in_code() {
        let document = Document::new("see [a](a.md#x \"title\") and `[b](b.md)`\n\n[c]: c.md\n");
        assert_eq!(document.links(), [(1, "a.md#x".to_owned()), (3, "c.md".to_owned())]);
    }
}
