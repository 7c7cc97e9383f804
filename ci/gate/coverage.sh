#!/usr/bin/env bash
# The tests once more, counting lines: as JSON, which is judged, and as LCOV, for other tools.
set -euo pipefail
# Without this cargo-llvm-cov would install a component of rustup by itself.
export CARGO_LLVM_COV_SETUP=no
llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
for tool in "llvm-cov-$llvm" "llvm-profdata-$llvm"; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool, which reads this compiler's profiles"; exit 77; }
done
LLVM_COV=$(command -v "llvm-cov-$llvm") LLVM_PROFDATA=$(command -v "llvm-profdata-$llvm")
export LLVM_COV LLVM_PROFDATA
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
mkdir -p "$target/ci"
# Lines are counted by the instrumentation; names for a debugger would only fill the disk.
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
# What was built stays for the next night, what was counted does not.
cargo llvm-cov clean --profraw-only
status=0
cargo llvm-cov test --workspace --locked --no-report --no-fail-fast || status=$?
# A process that a test kills may leave half a profile, which is not that of another.
cargo llvm-cov report --failure-mode all --json --output-path "$target/ci/coverage.json"
cargo llvm-cov report --failure-mode all --lcov --output-path "$target/ci/coverage.lcov"
xtask ci coverage-floors "$target/ci/coverage.json" || status=$?
exit $status
