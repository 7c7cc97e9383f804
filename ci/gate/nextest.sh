#!/usr/bin/env bash
# Every test in a process of its own, in any order; one that fails and then passes is a failure.
set -euo pipefail
command -v cargo-nextest >/dev/null || { echo "SKIPPED: no cargo-nextest here"; exit 77; }
cargo nextest run --workspace --locked --profile ci
