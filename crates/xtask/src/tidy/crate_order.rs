//! Dependencies point up the table of crates.
//!
//! In: `crates/README.md`, whose table is the order, and every manifest below `crates/`. Out: a
//! dependency on a row below, a crate without a row, a row without a crate.
//!
//! **Invariant:** the order is written in that table and nowhere else.

use super::finding::{Finding, Reporter};
use super::ratchet::{self, Ratchet};
use crate::tree::Tree;

pub(super) const NAME: &str = "crate-order";

const TABLE: &str = "crates/README.md";

/// One row of the table.
struct Row {
    line: usize,
    folder: String,
    package: String,
}

/// One internal dependency of a crate.
struct Dependency {
    on: String,
    line: usize,
    only_for_tests: bool,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let ratchet = match Ratchet::of(tree, reporter) {
        Ok(ratchet) => ratchet,
        Err(broken) => return vec![broken],
    };
    let rows = rows(tree.text(TABLE).unwrap_or_default());
    if rows.is_empty() {
        let help = "the table's rows begin with | [`folder/`](folder/) | `package` |";
        return vec![reporter.at(TABLE, 1, "no table of crates", help)];
    }
    let mut found = rows_without_a_crate(tree, &rows);
    for (path, text) in manifests(tree) {
        let folder = path.trim_start_matches("crates/").trim_end_matches("/Cargo.toml");
        let Some(at) = rows.iter().position(|row| row.folder == folder) else {
            let help = format!("add its row to {TABLE} where its data flows");
            found.push(reporter.at(path, 1, "a crate that is not in the table", help));
            continue;
        };
        found.extend(wrong_dependencies(path, text, &rows, at, &ratchet));
    }
    found
}

fn manifests(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.texts_with_extension("toml")
        .filter(|(path, _)| path.starts_with("crates/") && path.ends_with("/Cargo.toml"))
}

/// Rows of the form ``| [`folder/`](..) | `package` | ... |``.
fn rows(table: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, line) in table.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", folder, package, ..] = cells.as_slice()
            && let (Some(folder), Some(package)) = (in_code(folder), in_code(package))
        {
            let folder = folder.trim_end_matches('/').to_owned();
            rows.push(Row { line: index + 1, folder, package: package.to_owned() });
        }
    }
    rows
}

fn in_code(cell: &str) -> Option<&str> {
    cell.split('`').nth(1)
}

fn rows_without_a_crate(tree: &Tree, rows: &[Row]) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let mut found = Vec::new();
    for row in rows {
        let manifest = format!("crates/{}/Cargo.toml", row.folder);
        let named = tree.text(&manifest).map(|text| text.contains(&format!("\"{}\"", row.package)));
        let problem = match named {
            None => format!("a row for `{}`, but no {manifest}", row.folder),
            Some(false) => format!("{manifest} is not the package `{}`", row.package),
            Some(true) => continue,
        };
        found.push(reporter.at(TABLE, row.line, problem, "make the table true"));
    }
    found
}

fn wrong_dependencies(
    path: &str,
    text: &str,
    rows: &[Row],
    at: usize,
    ratchet: &Ratchet,
) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let package = &rows[at].package;
    let mut found = Vec::new();
    for Dependency { on, line, only_for_tests } in dependencies(text, rows) {
        let place = rows.iter().position(|row| row.package == on);
        let listed = ratchet
            .dev_dependencies
            .iter()
            .any(|entry| entry.package == *package && entry.on == on);
        if place.is_some_and(|place| place < at) || (only_for_tests && listed) {
            continue;
        }
        let message = match place {
            Some(_) => format!("`{package}` depends on `{on}`, which stands below it"),
            None => format!("`{package}` depends on `{on}`, which is outside of crates/"),
        };
        let help = if only_for_tests {
            format!(
                "test it where both are in reach, or list it with a reason in {}",
                ratchet::PATH
            )
        } else {
            format!("move the code to the crate that may know both (order: {TABLE})")
        };
        found.push(reporter.at(path, line, message, help));
    }
    found
}

/// Dependencies on packages of this repository: those in the table, and those given by a path.
fn dependencies(manifest: &str, rows: &[Row]) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut section = "";
    for (index, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            continue;
        }
        let kind = section.rsplit('.').next().unwrap_or_default();
        let only_for_tests = kind == "dev-dependencies";
        if !(only_for_tests || kind == "dependencies" || kind == "build-dependencies") {
            continue;
        }
        let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
        if rows.iter().any(|row| row.package == name) || line.contains("path =") {
            found.push(Dependency { on: name.to_owned(), line: index + 1, only_for_tests });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "# Crates\n\n| folder | package | gives |\n|---|---|---|\n\
                         | [`wire/`](wire/) | `p-wire` | messages |\n\
                         | [`proxy/`](proxy/) | `p-proxy` | events |\n";
    const WIRE: &str = "[package]\nname = \"p-wire\"\n";
    const PROXY: &str =
        "[package]\nname = \"p-proxy\"\n[dependencies]\np-wire.workspace = true\nserde = \"1\"\n";

    fn messages(order: &str, wire: &str, proxy: &str, listed: &str) -> Vec<String> {
        let tree = Tree::of(&[
            (TABLE, order),
            ("crates/wire/Cargo.toml", wire),
            ("crates/proxy/Cargo.toml", proxy),
            (ratchet::PATH, listed),
        ]);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_dependency_on_a_row_below_is_flagged() {
        let down = format!("{WIRE}[target.'cfg(unix)'.dependencies]\np-proxy.workspace = true\n");
        let expected = ["`p-wire` depends on `p-proxy`, which stands below it"];
        assert_eq!(messages(ORDER, &down, PROXY, ""), expected);
    }

    #[test]
    fn a_dependency_on_something_outside_of_the_crates_is_flagged() {
        let out = format!("{WIRE}[dependencies]\nshop = {{ path = \"../../shop\" }}\n");
        let expected = ["`p-wire` depends on `shop`, which is outside of crates/"];
        assert_eq!(messages(ORDER, &out, PROXY, ""), expected);
    }

    #[test]
    fn a_test_that_looks_down_needs_its_reason() {
        let down = format!("{WIRE}[dev-dependencies]\np-proxy.workspace = true\n");
        assert_eq!(messages(ORDER, &down, PROXY, "").len(), 1);
        let listed =
            "[[dev-dependencies]]\npackage = \"p-wire\"\non = \"p-proxy\"\nreason = \"x\"\n";
        assert_eq!(messages(ORDER, &down, PROXY, listed), Vec::<String>::new());
    }

    #[test]
    fn the_table_and_the_folders_agree_or_are_flagged() {
        let short = ORDER.replace("| [`proxy/`](proxy/) | `p-proxy` | events |\n", "");
        assert_eq!(messages(&short, WIRE, PROXY, ""), ["a crate that is not in the table"]);
        let long = format!("{ORDER}| [`pool/`](pool/) | `p-pool` | leases |\n");
        let expected = ["a row for `pool`, but no crates/pool/Cargo.toml"];
        assert_eq!(messages(&long, WIRE, PROXY, ""), expected);
        assert_eq!(messages("# Crates\n", WIRE, PROXY, ""), ["no table of crates"]);
    }

    #[test]
    fn dependencies_that_point_up_pass() {
        assert_eq!(messages(ORDER, WIRE, PROXY, ""), Vec::<String>::new());
    }
}
