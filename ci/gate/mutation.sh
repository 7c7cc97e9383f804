#!/usr/bin/env bash
# Changes each changed line in a way that a test should notice; a mutant that survives is a failure.
set -euo pipefail
base=${MUTATION_BASE:-$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD~1)}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
mkdir -p "$target/ci"
git diff "$base" -- '*.rs' ':!**/tests/**' >"$target/ci/changed.diff"
[ -s "$target/ci/changed.diff" ] || { echo "SKIPPED: no line of Rust has changed since $base"; exit 77; }
status=0
cargo mutants --in-diff "$target/ci/changed.diff" --output "$target/ci" --no-shuffle --colors never \
  --timeout 120 || status=$?
cp "$target/ci/mutants.out/outcomes.json" "$target/ci/mutation.json" 2>/dev/null || true
exit $status
