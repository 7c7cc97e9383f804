#!/usr/bin/env bash
# Checks the pytest plugin: format, lints, types, and its tests on every Python from 3.11 to 3.13
# that is at hand: `bash clients/python/check.sh`.
#
# Uses $PROOFMARK, or builds the release binary. Ends with 77 where there is no such Python or its
# packages cannot be installed, and says so.
set -euo pipefail
cd "$(dirname "$0")"

proofmark=${PROOFMARK:-}
if [ -z "$proofmark" ]; then
  (cd ../.. && cargo build --release --locked --package proofmark-cli)
  proofmark=$(cd ../.. && realpath "${CARGO_TARGET_DIR:-target}")/release/proofmark
fi
# A database or a run that the caller's own environment points at is not meant.
unset DATABASE_URL PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PROOFMARK_URL PROOFMARK_RUN
export PROOFMARK_BINARY=$proofmark

# interpreter VERSION: the command that starts it, if there is one and it can make environments.
interpreter() {
  local candidate
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python3; do
    if "$candidate" -c "import venv, ensurepip, sys
sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

# environment PYTHON FOLDER: makes it unless it was made from this very file.
environment() {
  cmp -s requirements-dev.txt "$2/.made-from" || {
    rm -rf "$2"
    "$1" -m venv "$2" &&
      "$2/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
        -r requirements-dev.txt &&
      "$2/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        --editable . &&
      cp requirements-dev.txt "$2/.made-from"
  }
}

tested=0 wrong=0
for version in 3.11 3.12 3.13; do
  python=$(interpreter "$version")
  [ -n "$python" ] || { echo "no Python $version here"; continue; }
  folder=.venv/$version
  environment "$python" "$folder" ||
    { echo "SKIPPED: the packages of requirements-dev.txt cannot be installed"; exit 77; }
  if [ "$tested" = 0 ]; then
    "$folder/bin/ruff" format --check . || wrong=1
    "$folder/bin/ruff" check . || wrong=1
    "$folder/bin/mypy" || wrong=1
  fi
  # The first Python runs everything; the others what may differ between versions, because every
  # pytest in a process of its own takes seconds.
  selected=()
  [ "$tested" = 0 ] || selected=(-m "not slow")
  echo "Python $version"
  "$folder/bin/python" -m pytest --quiet "${selected[@]}" || wrong=1
  tested=$((tested + 1))
done
[ "$tested" != 0 ] || { echo "SKIPPED: no Python from 3.11 to 3.13 with venv here"; exit 77; }
[ "$wrong" = 0 ]
