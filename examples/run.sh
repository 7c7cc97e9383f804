#!/usr/bin/env bash
# Runs the examples through Proofmark, as their READMEs say, and compares each report with what is
# known to be tried and untried there: `bash examples/run.sh`.
#
# Uses $PROOFMARK, or builds the release binary. Ends with 77 when an example could not run here
# (no python3, no node), and says so; with 1 when one is not as it should be.
set -euo pipefail
cd "$(dirname "$0")"

proofmark=${PROOFMARK:-}
if [ -z "$proofmark" ]; then
  (cd .. && cargo build --release --locked --package proofmark-cli)
  proofmark=$(cd .. && realpath "${CARGO_TARGET_DIR:-target}")/release/proofmark
fi
# A database that the caller's own environment points at is not meant.
unset DATABASE_URL PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD

wrong=0 skipped=0

skip() {
  echo "SKIPPED: $*"
  skipped=$((skipped + 1))
}

# same WHAT EXPECTED FOUND
same() {
  if [ "$2" = "$3" ]; then
    echo "ok: $1: $2"
  else
    echo "WRONG: $1: expected $2, found ${3:-nothing}"
    wrong=$((wrong + 1))
  fi
}

# prepared FOLDER FILE COMMAND...: runs the command unless it was run for this very file.
prepared() {
  local folder=$1 file=$2 mark=$1/.made-from
  shift 2
  cmp -s "$file" "$mark" && return
  rm -rf "$folder"
  "$@" && cp "$file" "$mark"
}

# run FOLDER: `proofmark run` there, with no report of an earlier run to be mistaken for its own.
run() {
  local code=0
  rm -f "$1/.proofmark/latest"
  (cd "$1" && "$proofmark" run) </dev/null || code=$?
  same "$1: exit code" 0 "$code"
}

python_example() {
  command -v python3 >/dev/null || { skip "examples/python: no python3 on this machine"; return; }
  python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    { skip "examples/python: python3 is older than 3.11 or has no venv"; return; }
  # shellcheck disable=SC2016
  prepared python/.venv python/requirements.txt sh -c 'python3 -m venv python/.venv &&
    python/.venv/bin/pip install --quiet --require-hashes -r python/requirements.txt' ||
    { skip "examples/python: the packages of requirements.txt cannot be installed"; return; }

  local path=$PATH
  PATH=$PWD/python/.venv/bin:$PATH
  run python
  # state NAME: what the report says of the promise with this name.
  state() {
    python3 - "$1" <<'PY'
import json, sys
report = json.load(open("python/.proofmark/latest/report.json"))
promises = [promise for owner in report["listing"] for promise in owner["promises"]]
print(*(promise["state"] for promise in promises if promise["name"] == sys.argv[1]))
PY
  }
  same "python: booking_one_per_room_and_day" covered "$(state booking_one_per_room_and_day)"
  same "python: booking_room_fkey" covered "$(state booking_room_fkey)"
  same "python: room_seats_positive" covered "$(state room_seats_positive)"
  same "python: booking_guests_positive" never-refused "$(state booking_guests_positive)"
  same "python: leases, one for each worker" 2 "$(python3 -c '
import json
print(json.load(open("python/.proofmark/latest/report.json"))["leases"]["count"])')"
  PATH=$path
}

node_example() {
  command -v node >/dev/null || { skip "examples/node: no node on this machine"; return; }
  command -v npm >/dev/null || { skip "examples/node: no npm on this machine"; return; }
  node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
    { skip "examples/node: node is older than 20"; return; }
  prepared node/node_modules node/package-lock.json npm ci --prefix node --no-audit --no-fund ||
    { skip "examples/node: the packages of package-lock.json cannot be installed"; return; }

  run node
  state() {
    node -e '
      const report = JSON.parse(require("fs").readFileSync("node/.proofmark/latest/report.json"));
      const promises = report.listing.flatMap((owner) => owner.promises);
      const found = promises.filter((promise) => promise.name === process.argv[1]);
      console.log(found.map((promise) => promise.state).join(" "));
    ' "$1"
  }
  same "node: voucher_not_overused" covered "$(state voucher_not_overused)"
  same "node: voucher_uses_max_positive" covered "$(state voucher_uses_max_positive)"
  same "node: redemption_once_per_customer" never-refused "$(state redemption_once_per_customer)"
  same "node: leases, one for each test file" 2 "$(node -p '
    JSON.parse(require("fs").readFileSync("node/.proofmark/latest/report.json")).leases.count')"
}

python_example
node_example

echo "examples: $wrong wrong, $skipped skipped"
[ "$wrong" = 0 ] || exit 1
[ "$skipped" = 0 ] || exit 77
