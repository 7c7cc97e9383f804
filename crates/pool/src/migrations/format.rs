//! How migration tools name their files.
//!
//! In: a file name and, for dbmate, its text. Out: what it is ([`Named`]) under one [`Format`].
//!
//! The schemes are those of the tools' own documentation: sqlx (`<version>_<what>.sql`,
//! `.up.sql`, `.down.sql`), refinery and Flyway (`V<version>__<what>.sql`; `U` is unversioned for
//! the one and undo for the other; `R__` repeatable), dbmate (`-- migrate:up` sections).
//!
//! **Invariant**: reads no file.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// The naming scheme of a directory of migrations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Decided by the names of the files.
    #[default]
    Auto,
    /// Every `.sql` file, in the order of the names; `*.down.sql` is left out.
    Plain,
    /// `<version>_<what>.sql` or `.up.sql`.
    Sqlx,
    /// `V<version>__<what>.sql` and `U<version>__<what>.sql`, both applied by version.
    Refinery,
    /// `-- migrate:up` sections.
    Dbmate,
    /// `V<version>__<what>.sql`, then `R__<what>.sql`; `U` (undo) is left out.
    Flyway,
}

/// What a file is under a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// Applied, in this order.
    Applied {
        /// Numbers first (so that 2 comes before 10), then the text.
        order: (Vec<u64>, String),
        version: Option<String>,
        description: String,
    },
    /// Belongs to the scheme but is not applied (an undo script).
    LeftOut,
    /// Not a name of this scheme.
    Foreign,
}

impl Format {
    /// Classifies `name` (with its `.sql`).
    pub(super) fn classify(self, name: &str) -> Named {
        let Some(stem) = name.strip_suffix(".sql") else { return Named::Foreign };
        match self {
            Self::Auto | Self::Plain => plain(stem),
            Self::Sqlx | Self::Dbmate => digits_then_description(stem),
            Self::Refinery => prefixed(stem, &['V', 'U']),
            Self::Flyway => flyway(stem),
        }
    }

    /// The format that fits all `names`; `text` decides between sqlx and dbmate.
    pub(super) fn detect(names: &[String], any_dbmate: bool) -> Self {
        let all = |format: Self| {
            !names.is_empty() && names.iter().all(|name| format.classify(name) != Named::Foreign)
        };
        if any_dbmate && all(Self::Dbmate) {
            Self::Dbmate
        } else if all(Self::Sqlx) {
            Self::Sqlx
        } else if all(Self::Flyway) {
            Self::Flyway
        } else {
            Self::Plain
        }
    }
}

fn plain(stem: &str) -> Named {
    if Path::new(stem).extension().is_some_and(|extension| extension == "down") {
        return Named::LeftOut;
    }
    Named::Applied {
        order: (Vec::new(), stem.to_owned()),
        version: None,
        description: stem.to_owned(),
    }
}

fn digits_then_description(stem: &str) -> Named {
    let (stem, down) = match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
        (Some(stem), _) => (stem, false),
        (_, Some(stem)) => (stem, true),
        _ => (stem, false),
    };
    let Some((version, description)) = stem.split_once('_') else { return Named::Foreign };
    let Ok(number) = version.parse::<u64>() else { return Named::Foreign };
    if down {
        return Named::LeftOut;
    }
    Named::Applied {
        order: (vec![number], description.to_owned()),
        version: Some(version.to_owned()),
        description: description.replace('_', " "),
    }
}

fn prefixed(stem: &str, prefixes: &[char]) -> Named {
    let Some(rest) = stem.strip_prefix(prefixes) else { return Named::Foreign };
    let Some((version, description)) = rest.split_once("__") else { return Named::Foreign };
    let numbers: Result<Vec<u64>, _> = version.split(['.', '_']).map(str::parse::<u64>).collect();
    let Ok(numbers) = numbers else { return Named::Foreign };
    Named::Applied {
        order: (numbers, description.to_owned()),
        version: Some(version.to_owned()),
        description: description.replace('_', " "),
    }
}

fn flyway(stem: &str) -> Named {
    if let Some(description) = stem.strip_prefix("R__") {
        // After every versioned one, by description.
        return Named::Applied {
            order: (vec![u64::MAX], description.to_owned()),
            version: None,
            description: description.replace('_', " "),
        };
    }
    match prefixed(stem, &['U']) {
        Named::Applied { .. } => Named::LeftOut,
        _ => prefixed(stem, &['V', 'B']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(format: Format, name: &str) -> Option<(Vec<u64>, String)> {
        match format.classify(name) {
            Named::Applied { order, .. } => Some(order),
            Named::LeftOut | Named::Foreign => None,
        }
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        let two = applied(Format::Sqlx, "2_b.sql");
        let ten = applied(Format::Sqlx, "10_a.sql");
        assert!(two.is_some() && two < ten);
        assert!(applied(Format::Flyway, "V1.9__x.sql") < applied(Format::Flyway, "V1.10__x.sql"));
        assert!(applied(Format::Flyway, "V99__x.sql") < applied(Format::Flyway, "R__views.sql"));
    }

    #[test]
    fn undo_scripts_are_left_out() {
        assert_eq!(Format::Sqlx.classify("1_a.down.sql"), Named::LeftOut);
        assert_eq!(Format::Flyway.classify("U1__a.sql"), Named::LeftOut);
        assert_eq!(Format::Plain.classify("a.down.sql"), Named::LeftOut);
        assert!(applied(Format::Refinery, "U1__a.sql").is_some());
    }

    #[test]
    fn a_directory_s_format_is_known_by_its_names() {
        let names =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(Format::detect(&names(&["0001_a.sql", "0002_b.up.sql"]), false), Format::Sqlx);
        assert_eq!(Format::detect(&names(&["20240101_a.sql"]), true), Format::Dbmate);
        assert_eq!(Format::detect(&names(&["V1__a.sql", "R__v.sql"]), false), Format::Flyway);
        assert_eq!(Format::detect(&names(&["schema.sql", "1_a.sql"]), false), Format::Plain);
        assert_eq!(Format::detect(&[], false), Format::Plain);
    }
}
