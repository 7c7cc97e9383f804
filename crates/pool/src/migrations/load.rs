//! Reading a directory of migrations, or single seed files.
//!
//! In: a path and a [`Format`]. Out: [`Script`]s in the order in which they are applied.
//!
//! **Invariant**: no database is touched.

use std::path::{Path, PathBuf};

use super::format::{Format, Named};
use super::script::Script;

/// Why migrations could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or directory could not be read.
    #[error("cannot read `{}`; help: check the paths in proofmark.toml", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// The directory holds nothing to apply.
    #[error(
        "no migrations in `{}`; help: set `migrations` in proofmark.toml to the directory \
         that holds the .sql files",
        path.display()
    )]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// A file does not fit the naming scheme that was asked for.
    #[error(
        "`{}` is not named as {format:?} names migrations; help: rename it, move it elsewhere, \
         or set `format` in proofmark.toml",
        path.display()
    )]
    Name {
        /// The file.
        path: PathBuf,
        /// The scheme.
        format: Format,
    },
    /// Two files claim the same place in the order.
    #[error("`{first}` and `{second}` have the same version; help: renumber one of them")]
    SameVersion {
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// A psql command in a file that the server is to run.
    #[error(
        "{path}:{line}: `{command}` is a command of psql, not SQL; help: remove it, or let psql \
         apply the files: migrate = [\"psql\", \"-v\", \"ON_ERROR_STOP=1\", \"-f\", \"{path}\"]"
    )]
    PsqlCommand {
        /// The file.
        path: String,
        /// Its line, from 1.
        line: usize,
        /// The command's name.
        command: String,
    },
}

/// Reads the scripts of `directory`, in the order in which they are applied; paths in the result
/// are relative to `root` where they can be.
///
/// # Errors
/// [`LoadError`] when something cannot be read, is named otherwise, or there is nothing.
pub fn load_scripts(
    directory: &Path,
    format: Format,
    root: &Path,
) -> Result<Vec<Script>, LoadError> {
    let mut files = Vec::new();
    for path in sql_files(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, read(&path)?, path));
    }
    let format = match format {
        Format::Auto => {
            let names: Vec<String> = files.iter().map(|(name, ..)| name.clone()).collect();
            let any_dbmate = files.iter().any(|(_, text, _)| marker(text, "up").is_some());
            Format::detect(&names, any_dbmate)
        }
        named => named,
    };
    let mut ordered = Vec::new();
    for (name, text, path) in files {
        match format.classify(&name) {
            Named::Applied { order, version, description } => {
                let script = script(&path, text, root, format, version, description)?;
                ordered.push((order, script));
            }
            Named::LeftOut => {}
            Named::Foreign => return Err(LoadError::Name { path, format }),
        }
    }
    ordered.sort_by(|(left, _), (right, _)| left.cmp(right));
    for pair in ordered.windows(2) {
        let [(left, first), (right, second)] = pair else { continue };
        if first.version.is_some() && left.0 == right.0 {
            return Err(LoadError::SameVersion {
                first: first.path.clone(),
                second: second.path.clone(),
            });
        }
    }
    if ordered.is_empty() {
        return Err(LoadError::Empty { path: directory.to_owned() });
    }
    Ok(ordered.into_iter().map(|(_, script)| script).collect())
}

/// Reads one seed file.
pub(crate) fn load_seed(path: &Path, root: &Path) -> Result<Script, LoadError> {
    let description = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    script(path, read(path)?, root, Format::Plain, None, description)
}

/// A seed whose text is already known, under the name `path`.
pub(crate) fn script_of(path: &str, text: &str) -> Result<Script, LoadError> {
    let path = Path::new(path);
    script(path, text.to_owned(), Path::new(""), Format::Plain, None, String::new())
}

fn sql_files(directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let failed = |source| LoadError::Read { path: directory.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, LoadError> {
    let failed = |source| LoadError::Read { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(failed)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| failed(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn script(
    path: &Path,
    text: String,
    root: &Path,
    format: Format,
    version: Option<String>,
    description: String,
) -> Result<Script, LoadError> {
    let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    let mut up = 0..text.len();
    let mut transaction = !text.trim_start().starts_with("-- no-transaction");
    if format == Format::Dbmate {
        let (start, options) = marker(&text, "up").unwrap_or((0, ""));
        transaction = !options.contains("transaction:false");
        up = start..marker(&text[start..], "down").map_or(text.len(), |(end, _)| start + end);
    }
    refuse_psql_commands(&path, &text, &up)?;
    Ok(Script { path, text, up, transaction, version, description, format })
}

/// Where the line `-- migrate:<which>` ends (for `down`: begins), and what follows on it.
fn marker<'a>(text: &'a str, which: &str) -> Option<(usize, &'a str)> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let comment = line.trim_start().strip_prefix("--").map(str::trim_start);
        let marked = comment.and_then(|comment| comment.strip_prefix("migrate:"));
        if let Some(options) = marked.and_then(|marked| marked.strip_prefix(which)) {
            let at = if which == "down" { offset } else { offset + line.len() };
            return Some((at, options.trim()));
        }
        offset += line.len();
    }
    None
}

/// A backslash at the start of a line outside of strings is psql's. (`\restrict` lines of
/// pg_dump are refused as well: they promise something only psql can keep.)
fn refuse_psql_commands(
    path: &str,
    text: &str,
    up: &std::ops::Range<usize>,
) -> Result<(), LoadError> {
    for statement in proofmark_catalog::source::statements(&text[up.clone()]) {
        let Some(rest) = statement.text.trim_start().strip_prefix('\\') else { continue };
        let start = up.start + statement.span.start;
        return Err(LoadError::PsqlCommand {
            path: path.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            command: format!("\\{}", rest.split_whitespace().next().unwrap_or_default()),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(directory: &Path, name: &str, text: &str) {
        std::fs::write(directory.join(name), text).unwrap();
    }

    #[test]
    fn sqlx_files_come_in_the_order_of_their_numbers_without_the_down_files() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), "10_b.up.sql", "select 10;");
        write(directory.path(), "10_b.down.sql", "select -10;");
        write(directory.path(), "9_a.sql", "-- no-transaction\nselect 9;");
        write(directory.path(), "README.md", "not SQL");
        let scripts = load_scripts(directory.path(), Format::Auto, directory.path()).unwrap();
        let paths: Vec<&str> = scripts.iter().map(|script| script.path.as_str()).collect();
        assert_eq!(paths, ["9_a.sql", "10_b.up.sql"]);
        assert!(!scripts[0].transaction && scripts[1].transaction);
    }

    #[test]
    fn only_the_up_section_of_a_dbmate_file_runs() {
        let directory = tempfile::tempdir().unwrap();
        let text = "-- migrate:up transaction:false\nselect 1;\n-- migrate:down\nselect 2;\n";
        write(directory.path(), "20260101_a.sql", text);
        let scripts = load_scripts(directory.path(), Format::Auto, directory.path()).unwrap();
        assert_eq!(scripts[0].sql(), "select 1;\n");
        assert!(!scripts[0].transaction);
    }

    #[test]
    fn a_name_outside_of_the_scheme_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), "V1__a.sql", "");
        write(directory.path(), "notes.sql", "");
        let error = load_scripts(directory.path(), Format::Flyway, directory.path()).unwrap_err();
        assert!(matches!(&error, LoadError::Name { path, .. } if path.ends_with("notes.sql")));
    }

    #[test]
    fn two_files_of_one_version_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), "1_a.sql", "");
        write(directory.path(), "01_b.sql", "");
        let error = load_scripts(directory.path(), Format::Sqlx, directory.path()).unwrap_err();
        assert!(matches!(error, LoadError::SameVersion { .. }), "{error}");
    }

    #[test]
    fn a_psql_command_is_refused_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), "a.sql", "select '\n\\not a command';\n\\connect other\n");
        let error = load_scripts(directory.path(), Format::Auto, directory.path()).unwrap_err();
        let LoadError::PsqlCommand { line, command, .. } = error else { panic!("{error}") };
        assert_eq!((line, command.as_str()), (3, "\\connect"));
    }

    #[test]
    fn an_empty_directory_says_what_to_set() {
        let directory = tempfile::tempdir().unwrap();
        let error = load_scripts(directory.path(), Format::Auto, directory.path()).unwrap_err();
        assert!(error.to_string().contains("set `migrations` in proofmark.toml"), "{error}");
    }
}
