#!/usr/bin/env bash
# How long `proofmark run -- true` takes: with the template cached, and with an empty cache.
# Prints minimum, median and maximum in milliseconds. Usage: benches/run/run.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-15}
[ -n "${NO_BUILD:-}" ] || cargo build --quiet --release --package proofmark-cli
proofmark=${CARGO_TARGET_DIR:-target}/release/proofmark

# once: runs it, prints the wall time in microseconds; the run observes nothing, which is exit 3.
once() {
  local begun ended status=0
  begun=$(date +%s%N)
  "$proofmark" --quiet run -- true >/dev/null 2>&1 || status=$?
  ended=$(date +%s%N)
  [ "$status" = 3 ] || { echo "exit code $status instead of 3" >&2; exit 1; }
  echo $(((ended - begun) / 1000))
}

summary() {
  sort -n | awk '{ t[NR] = $1 / 1000 } END {
    printf "min %7.1f   median %7.1f   max %7.1f ms   (%d runs)\n", t[1], t[int((NR + 1) / 2)], t[NR], NR }'
}

once >/dev/null
printf 'template cached    '
for _ in $(seq "$rounds"); do once; done | summary
printf 'empty cache        '
for _ in $(seq 5); do
  PROOFMARK_CACHE=$(mktemp -d)
  export PROOFMARK_CACHE
  once
  rm -rf "$PROOFMARK_CACHE"
done | summary
