//! The tests of the shop alone and those of the whole workspace are one build.
//!
//! In: what `cargo tree` says of the features of both. Out: a test. `proofmark run` runs
//! `cargo test --package shop` after `cargo test --workspace` in every pipeline, and a package
//! whose features differ is compiled again, with all that stands on it.
//!
//! **Invariant:** names no package but the shop; the features are whatever cargo resolves.

use std::collections::BTreeSet;
use std::process::Command;

/// Each package with its features, as they are for the tests of what is selected.
fn features(selection: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = Command::new(cargo)
        .args(["tree", "--locked", "--offline", "--edges", "normal,build,dev"])
        .args(["--prefix", "none", "--format", "{p} {f}"])
        .args(selection)
        .current_dir(crate::tree::root().expect("a root"))
        .output()
        .expect("cargo starts");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).expect("cargo writes UTF-8");
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

#[test]
fn the_shops_tests_need_nothing_that_the_workspace_has_not_built() {
    let (all, shop) = (features(&["--workspace"]), features(&["--package", "shop"]));
    assert!(shop.iter().any(|line| line.starts_with("sqlx ")), "{shop:#?}");
    let again: Vec<&String> = shop.difference(&all).collect();
    assert!(
        again.is_empty(),
        "built twice, because the shop alone asks for fewer features: {again:#?}\n\
         help: name the missing features in shop/Cargo.toml; compare with\n  \
         cargo tree --workspace --edges features --invert PACKAGE"
    );
}
