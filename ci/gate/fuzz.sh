#!/usr/bin/env bash
# libFuzzer on what reads unchecked bytes: `FUZZ_SECONDS=600 bash ci/gate/fuzz.sh [wire|trace]`.
#
# It starts from fuzz/corpus and what was found in earlier runs (target/fuzz). An input that breaks
# something is kept in target/ci and belongs into fuzz/corpus once it is mended; `FUZZ_KEEP=1` puts
# the smallest set of inputs that reaches as much code there.
set -euo pipefail
seconds=${FUZZ_SECONDS:-10}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
names=("$@")
[ $# -gt 0 ] || names=(wire trace)
if [ -z "${FUZZ_PROGRAMS:-}" ]; then
  command -v c++ >/dev/null || { echo "SKIPPED: no C++ compiler here, which builds libFuzzer"; exit 77; }
  # The features are those of the other builds, so that only this workspace is built again.
  RUSTC_WORKSPACE_WRAPPER=$PWD/ci/gate/fuzz-rustc.sh cargo build --locked --workspace \
    --features proofmark-fuzz/libfuzzer --bin fuzz-wire --bin fuzz-trace
  FUZZ_PROGRAMS=$target/debug
fi
wrong=0
for name in "${names[@]}"; do
  mkdir -p "$target/fuzz/$name" "$target/ci/fuzz-$name"
  program=$FUZZ_PROGRAMS/fuzz-$name
  # Its own exit code for a finding is 77, which here would mean that it could not run.
  "$program" -error_exitcode=1 -timeout_exitcode=1 -timeout=10 -max_total_time="$seconds" \
    -max_len=16384 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$target/ci/fuzz-$name/" "$target/fuzz/$name" "fuzz/corpus/$name" || wrong=1
  if [ -n "${FUZZ_KEEP:-}" ]; then
    "$program" -set_cover_merge=1 -verbosity=0 "fuzz/corpus/$name" "$target/fuzz/$name"
  fi
done
exit $wrong
