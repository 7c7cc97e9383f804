#!/usr/bin/env bash
# Runs the examples through Proofmark, as their READMEs say, and compares each report with what is
# known to be tried and untried there: `bash examples/run.sh`, or some of them:
# `bash examples/run.sh python node`.
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
target=$(cd .. && realpath -m "${CARGO_TARGET_DIR:-target}")
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

# virtual FOLDER: an environment with what its requirements.txt says, in front of PATH.
virtual() {
  command -v python3 >/dev/null || { skip "examples/$1: no python3 on this machine"; return 1; }
  python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    { skip "examples/$1: python3 is older than 3.11 or has no venv"; return 1; }
  # shellcheck disable=SC2016
  prepared "$1/.venv" "$1/requirements.txt" sh -c 'python3 -m venv "$0/.venv" &&
    "$0/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
      -r "$0/requirements.txt"' "$1" ||
    { skip "examples/$1: the packages of requirements.txt cannot be installed"; return 1; }
  PATH=$PWD/$1/.venv/bin:$PATH
}

# packages FOLDER: what its package-lock.json says.
packages() {
  command -v node >/dev/null || { skip "examples/$1: no node on this machine"; return 1; }
  command -v npm >/dev/null || { skip "examples/$1: no npm on this machine"; return 1; }
  node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
    { skip "examples/$1: node is older than 20"; return 1; }
  prepared "$1/node_modules" "$1/package-lock.json" npm ci --prefix "$1" --no-audit --no-fund ||
    { skip "examples/$1: the packages of package-lock.json cannot be installed"; return 1; }
}

# promise FOLDER NAME STATE: compares with what the report says of the promise with this name.
promise() {
  same "$1: $2" "$3" "$(python3 - "$1" "$2" <<'PY'
import json, sys
folder, name = sys.argv[1:]
report = json.load(open(f"{folder}/.proofmark/latest/report.json"))
promises = [promise for owner in report["listing"] for promise in owner["promises"]]
print(*(promise["state"] for promise in promises if promise["name"] == name))
PY
)"
}

# leases FOLDER WHAT COUNT: compares the number of databases that were given.
leases() {
  same "$1: leases, $2" "$3" "$(python3 -c "
import json
print(json.load(open('$1/.proofmark/latest/report.json'))['leases']['count'])")"
}

example_python() {
  virtual python || return 0
  run python
  promise python booking_one_per_room_and_day covered
  promise python booking_room_fkey covered
  promise python room_seats_positive covered
  promise python booking_guests_positive never-refused
  leases python "one for each worker" 2
}

example_python_fastapi() {
  virtual python-fastapi || return 0
  pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable \
    ../clients/python || { skip "examples/python-fastapi: no plugin"; return 0; }
  local code=0
  rm -f python-fastapi/.proofmark/latest
  # The plugin starts Proofmark itself.
  (cd python-fastapi && PROOFMARK_BINARY=$proofmark pytest -n 2 --dist loadfile) </dev/null || code=$?
  same "python-fastapi: exit code" 0 "$code"
  promise python-fastapi ticket_one_per_seat covered
  promise python-fastapi ticket_event_fkey covered
  promise python-fastapi event_seats_positive covered
  promise python-fastapi ticket_seat_positive never-refused
  leases python-fastapi "one for each of seven tests, one for two" 8
}

example_python_django() {
  virtual python-django || return 0
  run python-django
  promise python-django pet_name_once_per_owner covered
  promise python-django pet_age_sensible covered
  promise python-django pet_age_not_absurd never-refused
  leases python-django "one for the process of all tests" 1
}

example_node() {
  packages node || return 0
  run node
  promise node voucher_not_overused covered
  promise node voucher_uses_max_positive covered
  promise node redemption_once_per_customer never-refused
  leases node "one for each test file" 2
}

example_node_vitest() {
  packages node-vitest || return 0
  run node-vitest
  promise node-vitest wallet_not_overdrawn covered
  promise node-vitest wallet_one_per_owner covered
  promise node-vitest transfer_amount_positive never-refused
  leases node-vitest "one for a worker, one for each of two tests" 3
}

example_rust_nextest() {
  cargo nextest --version >/dev/null 2>&1 ||
    { skip "examples/rust-nextest: no cargo-nextest on this machine"; return 0; }
  (cd rust-nextest && CARGO_TARGET_DIR=$target cargo nextest run --locked --no-run) ||
    { skip "examples/rust-nextest: its dependencies cannot be built"; return 0; }
  CARGO_TARGET_DIR=$target run rust-nextest
  promise rust-nextest reading_once_a_day covered
  promise rust-nextest reading_of_meter covered
  promise rust-nextest reading_not_negative never-refused
  leases rust-nextest "one for each test" 4
}

example_processes() {
  command -v make >/dev/null || { skip "examples/processes: no make on this machine"; return 0; }
  command -v psql >/dev/null || { skip "examples/processes: no psql on this machine"; return 0; }
  run processes
  promise processes account_one_per_owner covered
  promise processes entry_amount_not_zero covered
  promise processes entry_account_fkey never-refused
  leases processes "one for each process" 2
}

all=(python python-fastapi python-django node node-vitest rust-nextest processes)
if ! command -v python3 >/dev/null; then
  skip "no python3 on this machine, which compares the reports"
else
  inherited=$PATH
  for example in "${@:-${all[@]}}"; do
    case " ${all[*]} " in
      *" $example "*) "example_${example//-/_}" ;;
      *) same "an example" "one of ${all[*]}" "$example" ;;
    esac
    PATH=$inherited
  done
fi

echo "examples: $wrong wrong, $skipped skipped"
[ "$wrong" = 0 ] || exit 1
[ "$skipped" = 0 ] || exit 77
