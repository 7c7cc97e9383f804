#!/usr/bin/env bash
# Changes each changed line in a way that a test should notice; a mutant that survives is a failure.
#
# What has changed is what differs from $MUTATION_BASE in the pathspecs of $MUTATION_PATHS.
set -euo pipefail
base=${MUTATION_BASE:-$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD~1)}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
mkdir -p "$target/ci"
read -ra paths <<<"${MUTATION_PATHS:-*.rs}"
git diff "$base" -- "${paths[@]}" ':!**/tests/**' ':!**/tests.rs' >"$target/ci/changed.diff"
[ -s "$target/ci/changed.diff" ] || { echo "SKIPPED: no line of Rust has changed since $base"; exit 77; }
# Links to what the tests have built of the dependencies here, which is the same, cost nothing.
if [ ! -e "$target/mutants" ] && [ -d "$target/debug/deps" ]; then
  mkdir -p "$target/mutants/debug"
  cp -al "$target/debug/"{.fingerprint,build,deps} "$target/mutants/debug/"
fi
rm -rf "$target/ci/mutants.out"
status=0
# All members: without it only those that a bare `cargo build` means are looked at, and no mutant is
# a success. What was built of the dependencies stays for the next night. A mutant that runs thrice
# as long as the tests did without it hangs; less would take slow tests for a mutant that was noticed.
CARGO_TARGET_DIR=$target/mutants cargo mutants --workspace --in-diff "$target/ci/changed.diff" \
  --output "$target/ci" --no-shuffle --colors never --timeout-multiplier 3 \
  --minimum-test-timeout 60 || status=$?
# 2 says that a mutant was missed, 3 that one took too long; anything else was no whole run.
case $status in
  0 | 2 | 3)
    if [ -e "$target/ci/mutants.out/outcomes.json" ]; then
      cp "$target/ci/mutants.out/outcomes.json" "$target/ci/mutation.json"
    elif [ "$status" = 0 ]; then
      echo "SKIPPED: there is nothing to mutate in what has changed since $base"
      status=77
    fi
    ;;
esac
exit $status
