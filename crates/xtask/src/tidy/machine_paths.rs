//! The repository names no machine.
//!
//! In: every text. Out: absolute paths of the place where somebody worked, and hosts of package
//! registries (a clone uses the registry that its own tools are set to).
//!
//! **Invariant:** the patterns are put together from parts here, so that this file does not name
//! itself.

use super::finding::{Finding, Reporter};
use crate::tree::Tree;

pub(super) const NAME: &str = "machine-paths";

/// First folder of an absolute path.
const FOLDERS: [&str; 3] = ["work", "root", "farm"];

const HOSTS: [&str; 7] = [
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("pypi", ".org/simple"),
    concat!("files.", "pythonhosted.org"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("deb.", "debian.org"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let mut found = Vec::new();
    for (path, text) in tree.texts() {
        for (index, line) in text.lines().enumerate() {
            if let Some(folder) = FOLDERS.iter().find(|folder| has_path(line, folder)) {
                let message = format!("a path of one machine, below /{folder}");
                let help = "write it relative to the repository, or take it from the environment";
                found.push(reporter.at(path, index + 1, message, help));
            }
            if let Some(host) = HOSTS.iter().find(|host| line.contains(**host)) {
                let message = format!("the host of a package registry, {host}");
                let help = "leave the address out (npm: omit-lockfile-registry-resolved)";
                found.push(reporter.at(path, index + 1, message, help));
            }
        }
    }
    found
}

fn has_path(line: &str, folder: &str) -> bool {
    let pattern = format!("/{folder}/");
    line.match_indices(&pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "_.-*)}]\\/".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("docs/a.md", text)]);
        check(&tree).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_path_or_a_host_of_one_machine_is_flagged() {
        let text =
            format!("cd /{}/x\n\"/{}/.cargo\"\nhttps://{}/left-pad\n", "work", "root", HOSTS[0]);
        assert_eq!(lines(&text), [1, 2, 3]);
    }

    #[test]
    fn a_relative_path_or_an_ordinary_one_passes() {
        let text =
            format!("src/{}/x\n./{}/x\n/usr/lib\nhttps://crates.io/crates/x\n", "work", "root");
        assert_eq!(lines(&text), Vec::<usize>::new());
    }
}
