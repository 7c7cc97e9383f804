#!/usr/bin/env bash
# Changes each changed line in a way that a test should notice; a mutant that survives is a failure.
set -euo pipefail
base=${MUTATION_BASE:-$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD~1)}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
mkdir -p "$target/ci"
git diff "$base" -- '*.rs' ':!**/tests/**' >"$target/ci/changed.diff"
[ -s "$target/ci/changed.diff" ] || { echo "SKIPPED: no line of Rust has changed since $base"; exit 77; }
status=0
# What was built of the dependencies stays for the next night. A mutant that runs thrice as long as
# the tests did without it hangs; less would take slow tests for a mutant that was noticed.
CARGO_TARGET_DIR=$target/mutants cargo mutants --in-diff "$target/ci/changed.diff" \
  --output "$target/ci" --no-shuffle --colors never --timeout-multiplier 3 \
  --minimum-test-timeout 60 || status=$?
cp "$target/ci/mutants.out/outcomes.json" "$target/ci/mutation.json" 2>/dev/null || true
exit $status
