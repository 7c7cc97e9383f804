#!/usr/bin/env bash
# Isolation beside its peers, everything on one server. See README.md.
#
#   benches/isolation/run.sh                  all of it, in about six minutes
#   QUICK=1 benches/isolation/run.sh          a fifth of the tests, one round
#   PEERS=1 benches/isolation/run.sh          installs the peers first (PyPI, npm, crates.io)
#   NO_BUILD=1 benches/isolation/run.sh       with the program that is there
#   PRIORITY="chrt -r 5" benches/isolation/run.sh       on a machine that does other things
#
# PROOFMARK_POSTGRES_BIN or PROOFMARK_POSTGRES_VERSION chooses the server.
set -euo pipefail
cd "$(dirname "$0")"

PRIORITY=${PRIORITY:-}
if [ -n "${QUICK:-}" ]; then tests=200 rounds=1 many=2000; else tests=1000 rounds=3 many=10000; fi

if [ -n "${PEERS:-}" ]; then
    (cd peers && python3 -m venv venv && venv/bin/pip -q install -r requirements.txt)
    (cd peers && npm install --silent --no-audit --no-fund)
    cargo build --quiet --release --manifest-path peers/pgtemp/Cargo.toml --target-dir peers/pgtemp/target
fi
[ -n "${NO_BUILD:-}" ] || cargo build --quiet --release --package isolation-bench
program=${CARGO_TARGET_DIR:-../../target}/release/isolation-bench

# measure: prints a title, runs one part.
measure() {
    printf '\n== %s\n' "$1"
    shift
    # shellcheck disable=SC2086  # several words, or none
    $PRIORITY "$program" "$@"
}

measure "our ways to a database" ours --tests "$tests" --rounds "$rounds"
measure "the peers, thirty tables" peers --tests "$tests" --rounds "$rounds"
measure "the peers, the shop" peers --shop --tests "$((tests / 2))" --rounds 1
measure "three hundred tables, 300 MB" scale --tests "$((tests / 2))" --rounds "$rounds"
measure "$many tests in one run" endurance --tests "$many"
