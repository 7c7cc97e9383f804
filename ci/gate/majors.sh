#!/usr/bin/env bash
# The shop's migrations and invariants on every major that the shop is for, from empty: Proofmark
# builds a template of a private server for each, and runs nothing on it. And on every major that
# Proofmark is for, a suite of one statement: what it stored must be seen.
set -euo pipefail
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
proofmark=${PROOFMARK:-$target/release/proofmark}
[ -x "$proofmark" ] || { echo "error: no $proofmark; cargo build --release --package proofmark-cli"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '[database.shop]\nmigrations = "%s"\ninvariants = "%s"\n' "$PWD/shop/migrations" \
  "$PWD/shop/invariants.sql" >"$work/proofmark.toml"
missing=() wrong=0
for major in ${MAJORS:-15 16 17 18}; do
  status=0
  (cd "$work" && PROOFMARK_POSTGRES_VERSION=$major PROOFMARK_SERVER_URL=private \
    "$proofmark" run -- true) >"$work/said" 2>&1 || status=$?
  case $status in
    # Nothing was observed, because nothing ran; the template is there.
    3) echo "ok       PostgreSQL $major: $(grep -m 1 -oE 'Template .*' "$work/said")" ;;
    5) missing+=("$major") ;;
    *) echo "REFUSED  PostgreSQL $major, exit code $status:" && cat "$work/said" && wrong=1 ;;
  esac
done
mkdir "$work/one" "$work/one/migrations"
echo 'CREATE TABLE one (id int CONSTRAINT one_identity PRIMARY KEY);' >"$work/one/migrations/1.sql"
printf '[database.one]\nmigrations = "migrations"\n' >"$work/one/proofmark.toml"
if command -v psql >/dev/null; then
  for major in ${SEEN:-14 15 16 17 18}; do
    status=0
    (cd "$work/one" && PROOFMARK_POSTGRES_VERSION=$major PROOFMARK_SERVER_URL=private \
      "$proofmark" run -- psql -qc 'INSERT INTO one VALUES (1)') >"$work/said" 2>&1 || status=$?
    if [ "$status" = 0 ] && grep -q 'PRIMARY KEY 0 refused, 1 accepted of 1' "$work/said"; then
      echo "seen     PostgreSQL $major: what a test stored"
    elif [ "$status" = 5 ]; then
      missing+=("$major")
    else
      echo "NOT SEEN PostgreSQL $major, exit code $status:" && cat "$work/said" && wrong=1
    fi
  done
else
  missing+=("psql")
fi
[ "$wrong" = 0 ] || exit 1
[ ${#missing[@]} = 0 ] || { echo "SKIPPED: not here, and cannot be fetched: ${missing[*]}"; exit 77; }
