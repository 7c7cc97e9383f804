#!/usr/bin/env bash
# Stands in front of rustc for the crates of this workspace: lets libFuzzer see which code an input
# reaches. Dependencies are those of every other build.
set -euo pipefail
exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 \
  -Copt-level=1 -Cdebug-assertions=on -Coverflow-checks=on
