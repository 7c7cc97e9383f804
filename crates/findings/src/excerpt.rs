//! The lines of a migration that declare a promise.
//!
//! In: migrations and a place in one of them. Out: an [`Excerpt`] that can be shown without the
//! file.
//!
//! **Invariant:** an excerpt holds whole lines, and its span lies within them.

use proofmark_catalog::source::{Location, Migration};

use crate::Excerpt;

/// Lines of one excerpt; a longer declaration (a table's, a trigger's) is cut after them.
const LINES_MAX: usize = 12;

/// The lines of `location`; `None` if the place is not in the migrations.
pub(super) fn excerpt(migrations: &[Migration], location: &Location) -> Option<Excerpt> {
    let migration = migrations.iter().find(|migration| migration.path == location.path)?;
    let text = migration.text.as_str();
    let declaration = text.get(location.span.clone())?;
    let first = text[..location.span.start].rfind('\n').map_or(0, |line_feed| line_feed + 1);
    let declared_lines = declaration.split_inclusive('\n').take(LINES_MAX);
    let declared_length = declared_lines.map(str::len).sum::<usize>();
    let end = location.span.start + declared_length;
    let declared_end = first + text[first..end].trim_end().len();
    let rest = text[declared_end..].find('\n').map_or(text.len(), |feed| declared_end + feed);
    let shown = text[first..rest].trim_end_matches('\r');
    Some(Excerpt {
        path: location.path.clone(),
        first_line: location.line,
        line: location.line,
        start: location.span.start - first,
        end: (declared_end - first).min(shown.len()),
        text: shown.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "create table t (\n  a int,\n  constraint c\n    check (a > 0)\n);\n";

    fn of(declaration: &str) -> Excerpt {
        let start = TEXT.find(declaration).expect("it is in the text");
        let migrations = [Migration { path: "1.sql".to_owned(), text: TEXT.to_owned() }];
        let location = Location {
            path: "1.sql".to_owned(),
            line: TEXT[..start].matches('\n').count() + 1,
            span: start..start + declaration.len(),
        };
        excerpt(&migrations, &location).expect("the place is in the migration")
    }

    #[test]
    fn an_excerpt_is_the_whole_lines_with_the_declaration_marked() {
        let excerpt = of("constraint c\n    check (a > 0)");
        assert_eq!(excerpt.text, "  constraint c\n    check (a > 0)");
        assert_eq!(&excerpt.text[excerpt.start..excerpt.end], "constraint c\n    check (a > 0)");
        assert_eq!(excerpt.line, 3);
        assert_eq!(of("a int").text, "  a int,");
        assert_eq!(of("create table t (").text, "create table t (");
    }

    #[test]
    fn a_place_that_is_not_there_has_no_excerpt() {
        let migrations = [Migration { path: "1.sql".to_owned(), text: TEXT.to_owned() }];
        let at = |path: &str, span| Location { path: path.to_owned(), line: 1, span };
        assert_eq!(excerpt(&migrations, &at("2.sql", 0..3)), None);
        assert_eq!(excerpt(&migrations, &at("1.sql", 0..TEXT.len() + 1)), None);
    }

    #[test]
    fn a_long_declaration_is_cut() {
        let text = format!("begin\n{}end", "x\n".repeat(40));
        let migrations = [Migration { path: "1.sql".to_owned(), text: text.clone() }];
        let location = Location { path: "1.sql".to_owned(), line: 1, span: 0..text.len() };
        let excerpt = excerpt(&migrations, &location).expect("the place is in the migration");
        assert_eq!(excerpt.text.lines().count(), LINES_MAX);
        assert_eq!(excerpt.end, excerpt.text.len());
    }
}
