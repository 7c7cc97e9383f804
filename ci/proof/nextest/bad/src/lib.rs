//! A test that fails once and then passes.

#[test]
fn flaky() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tried");
    let before = std::path::Path::new(file).exists();
    std::fs::write(file, "").expect("the folder can be written");
    assert!(before, "the first try");
}
