//! Which lines a change touches.
//!
//! In: what `git diff --unified=0` prints. Out: a [`Diff`]: lines of the new side, by path.
//!
//! **Invariant:** a path is as git shows it without `a/` and `b/`; what cannot be read as a hunk
//! touches nothing.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The lines that a change adds or alters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// What it is the difference to, for sentences: `origin/main`.
    pub base: String,
    /// Lines of the new side, counted from 1, by path.
    pub lines: BTreeMap<String, Vec<RangeInclusive<usize>>>,
}

impl Diff {
    /// Reads what `git diff --unified=0 --no-prefix` prints.
    pub fn parse(base: &str, text: &str) -> Self {
        let mut diff = Self { base: base.to_owned(), lines: BTreeMap::new() };
        let mut path: Option<String> = None;
        // Lines of a hunk still to come: one of them may look like the head of a file.
        let mut inside = 0;
        for line in text.lines() {
            if inside > 0 {
                inside -= usize::from(line.starts_with(['+', '-']));
                continue;
            }
            if let Some(name) = line.strip_prefix("+++ ") {
                path = (name != "/dev/null").then(|| unquoted(name));
            } else if let (Some(head), Some(path)) = (line.strip_prefix("@@ "), &path)
                && let Some((old, new)) = hunk(head)
            {
                inside = old.1 + new.1;
                if new.1 > 0 {
                    let touched = new.0..=new.0 + new.1 - 1;
                    diff.lines.entry(path.clone()).or_default().push(touched);
                }
            } else if let Some(ranges) = line.strip_prefix("@@ ") {
                inside = hunk(ranges).map_or(0, |(old, new)| old.1 + new.1);
            }
        }
        diff
    }

    /// Adds a file that is new as a whole.
    pub fn add_file(&mut self, path: &str) {
        self.lines.insert(path.to_owned(), vec![1..=usize::MAX]);
    }

    /// Whether any of these lines of a file is touched.
    pub fn touches(&self, path: &str, lines: &RangeInclusive<usize>) -> bool {
        self.lines.get(path).is_some_and(|touched| {
            touched.iter().any(|one| one.start() <= lines.end() && lines.start() <= one.end())
        })
    }
}

type Span = (usize, usize);

/// `-12,3 +14,2 @@ ...` as first line and number of lines of each side.
fn hunk(head: &str) -> Option<(Span, Span)> {
    let mut words = head.split(' ');
    let old = words.next()?.strip_prefix('-')?;
    let new = words.next()?.strip_prefix('+')?;
    let span = |text: &str| match text.split_once(',') {
        Some((first, lines)) => Some((first.parse().ok()?, lines.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    };
    Some((span(old)?, span(new)?))
}

/// Git puts a path with unusual characters in quotes, with C's escapes and octal bytes.
fn unquoted(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) else {
        // A path with a blank ends in a tab.
        return name.trim_end_matches('\t').to_owned();
    };
    let mut bytes = Vec::new();
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(digit @ b'0'..=b'3') => {
                let mut value = digit - b'0';
                for _ in 0..2 {
                    let digit = rest.next().filter(u8::is_ascii_digit).unwrap_or(b'0');
                    value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                }
                bytes.push(value);
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Diff;

    const DIFF: &str = "\
diff --git migrations/1.sql migrations/1.sql
index 1..2 100644
--- migrations/1.sql
+++ migrations/1.sql
@@ -3 +3,2 @@ create table t (
-    a int
+    a int,
+++ b int
@@ -9,2 +9,0 @@
-gone
--- gone too
diff --git old.sql old.sql
--- old.sql
+++ /dev/null
@@ -1,2 +0,0 @@
-a
-b
diff --git \"m\\303\\274ll.sql\" \"m\\303\\274ll.sql\"
--- /dev/null
+++ \"m\\303\\274ll.sql\"
@@ -0,0 +1 @@
+x
";

    #[test]
    fn the_lines_of_the_new_side_are_touched_and_no_others() {
        let diff = Diff::parse("origin/main", DIFF);
        let touched = |line: usize| diff.touches("migrations/1.sql", &(line..=line));
        assert_eq!((1..=12).filter(|line| touched(*line)).collect::<Vec<_>>(), [3, 4]);
        assert!(diff.touches("migrations/1.sql", &(1..=3)));
        assert!(!diff.touches("old.sql", &(1..=2)));
        assert!(diff.touches("müll.sql", &(1..=1)));
        assert_eq!(diff.lines.len(), 2);
    }

    #[test]
    fn a_new_file_is_touched_everywhere() {
        let mut diff = Diff::default();
        diff.add_file("2.sql");
        assert!(diff.touches("2.sql", &(7..=7)));
        assert!(!diff.touches("3.sql", &(7..=7)));
    }

    #[test]
    fn what_is_no_diff_touches_nothing() {
        for text in ["", "@@ -1 +1 @@\n+a", "+++ x\n@@ nonsense @@\n", "+++ x\n@@ -1 @@\n"] {
            assert!(Diff::parse("main", text).lines.is_empty(), "{text:?}");
        }
    }
}
