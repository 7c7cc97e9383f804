//! What a Rust file is made of, on small files.

use super::*;

fn source(text: &str) -> RustSource {
    RustSource::new("crates/x/src/lib.rs", text)
}

#[test]
fn a_function_is_measured_from_its_keyword_to_its_closing_brace() {
    let source =
        source("trait T { fn declared(&self); }\npub fn long<T>(x: T) -> T\n{\n    x\n}\n");
    let long = Function { name: "long".into(), line: 2, lines: 4 };
    assert_eq!(source.functions(), [long]);
}

#[test]
fn a_string_over_several_lines_counts_as_one_line_of_its_function() {
    let source = source("fn f() {\n    check(\"a\nb\nc\");\n}\n");
    assert_eq!(source.functions(), [Function { name: "f".into(), line: 1, lines: 3 }]);
}

#[test]
fn production_ends_where_the_test_module_begins() {
    let source = source("fn f() {}\n\n#[cfg(test)]\nmod tests {\n}\n");
    assert_eq!(source.production_lines(), 2);
}

#[test]
fn a_module_that_is_compiled_without_tests_is_production() {
    let source = source("#[cfg(not(test))]\nmod real {\n}\n");
    assert_eq!(source.production_lines(), 3);
}

#[test]
fn a_method_call_in_a_comment_or_string_is_none() {
    let source = source("// x.unwrap()\nconst S: &str = \".unwrap()\";\nfn f() { x.unwrap(); }\n");
    assert_eq!(source.method_calls(), [("unwrap".to_owned(), None, 3)]);
}

#[test]
fn test_code_is_known_by_its_attribute() {
    let source = source(
        "fn real() {\n}\n#[tokio::test]\nasync fn t() {\n}\n#[cfg(test)]\nuse a;\nfn more() {}\n",
    );
    let tests: Vec<usize> = (1..=8).filter(|line| source.is_test_line(*line)).collect();
    assert_eq!(tests, [3, 4, 5, 6, 7]);
}

#[test]
fn an_attribute_without_a_reason_is_found_also_inside_another() {
    let source = source(
        "#[allow(dead_code)]\nfn a() {}\n#[expect(x, reason = \"y\")]\nfn b() {}\n\
         #[cfg_attr(unix, allow(z))]\nfn c() { x.expect(\"never empty\"); }\n",
    );
    assert_eq!(source.unreasoned_silences(), [("allow".to_owned(), 1), ("allow".to_owned(), 5)]);
}

#[test]
fn a_file_that_is_not_rust_says_why() {
    assert!(source("fn f( {").unreadable.is_some());
}
