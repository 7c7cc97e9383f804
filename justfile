# The verbs of this repository. Logic is in `cargo xtask` and `.ci/run`; this is the list.

# Shows this list.
default:
    @{{ just_executable() }} --list --unsorted

# The main job: the shop's suite through Proofmark, and the report.
run *args:
    cargo run --release -- run {{ args }}

# Every test, as the README says it.
test *args:
    cargo test --workspace {{ args }}

# The same with one process per test (cargo-nextest), so that every test has its own database.
nextest *args:
    cargo nextest run --workspace {{ args }}

# Formats.
fmt:
    cargo fmt --all

# What the compiler and clippy say, warnings being errors.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# The house rules that a program can check.
tidy:
    cargo xtask tidy

# Licences, duplicates, sources, and known vulnerabilities of the dependencies.
deny:
    cargo xtask deny
    cargo xtask advisories

# Writes generated files again: schemas, and the snapshots of the tests.
generate:
    cargo xtask generate
    UPDATE_EXPECT=1 cargo test --workspace

# The API documentation.
docs:
    cargo doc --workspace --no-deps

# Runs the commands that the documentation shows.
docs-commands:
    cargo build --release
    cargo xtask docs-commands

# The small apps in other languages, through Proofmark; or some of them.
examples *names:
    cargo build --release
    bash examples/run.sh {{ names }}

# The pytest plugin: format, lints, types, and its tests on every Python at hand.
python:
    cargo build --release
    bash clients/python/check.sh

# A benchmark: proxy, lease, ...; the README in its folder says what it needs.
bench name *args:
    bash benches/{{ name }}/run.sh {{ args }}

# Every gate, as CI runs them; or some: `just ci fast`, `just ci clippy`.
ci *what:
    bash .ci/run {{ what }}

# Shows that every gate can fail.
prove *gates:
    cargo xtask ci prove {{ gates }}
