//! One test, as its attribute describes it.
//!
//! **Invariant**: known when the test is compiled; nothing here depends on where it runs.

use std::path::PathBuf;

use proofmark_proxy::Lane;

/// Whether the body is meant to panic (`#[should_panic]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panics {
    /// A panic is a failure.
    Never,
    /// Any panic will do.
    Somehow,
    /// Its message must contain this.
    Saying(&'static str),
}

/// SQL that runs in one database of a test before its body.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// The database; none: the test's own.
    pub database: Option<&'static str>,
    /// The file, relative to the package.
    pub path: &'static str,
    /// What is in it.
    pub text: &'static str,
}

/// A test.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The package that it belongs to.
    pub package: Option<&'static str>,
    /// The directory of that package, as it was when the test was compiled.
    pub manifest_dir: Option<&'static str>,
    /// The module's path; its first part is the crate.
    pub module: &'static str,
    /// The function's name.
    pub function: &'static str,
    /// The database that was asked for by name.
    pub database: Option<&'static str>,
    /// The databases that its arguments are bound to by name.
    pub beside: &'static [&'static str],
    /// What runs in its databases before it.
    pub seeds: &'static [Seed],
    /// How it wants to reach them.
    pub lane: Option<Lane>,
    /// Threads of its runtime; none: only its own.
    pub worker_threads: Option<usize>,
    /// What `#[should_panic]` says.
    pub panics: Panics,
}

impl Case {
    /// The name that no other test of the workspace has: `package::crate::module::function`,
    /// without the crate where it is the package's library. (Many packages have a test crate
    /// called `main`.)
    pub(super) fn name(&self) -> String {
        let krate = self.module.split("::").next().unwrap_or_default();
        match self.package {
            Some(package) if package.replace('-', "_") != krate => {
                format!("{package}::{}::{}", self.module, self.function)
            }
            _ => format!("{}::{}", self.module, self.function),
        }
    }

    /// Where to begin looking for `proofmark.toml`: the package that cargo or nextest says it
    /// runs, else the one that was compiled, else the current directory.
    pub(super) fn start(&self) -> PathBuf {
        let compiled = || self.manifest_dir.map(PathBuf::from).filter(|path| path.is_dir());
        std::env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .or_else(compiled)
            .or_else(|| std::env::current_dir().ok())
            .unwrap_or_else(|| PathBuf::from("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(package: Option<&'static str>, module: &'static str) -> String {
        let (manifest_dir, function) = (None, "refused");
        let case = Case {
            package,
            manifest_dir,
            module,
            function,
            database: None,
            beside: &[],
            seeds: &[],
            lane: None,
            worker_threads: None,
            panics: Panics::Never,
        };
        case.name()
    }

    #[test]
    fn tests_of_equal_paths_in_two_packages_have_two_names() {
        assert_eq!(name(Some("shop"), "main::payment"), "shop::main::payment::refused");
        assert_eq!(name(Some("my-shop"), "my_shop::payment"), "my_shop::payment::refused");
        assert_eq!(name(None, "main"), "main::refused");
    }
}
