#!/usr/bin/env bash
# Tries the running shop against its own OpenAPI document and reads its metrics as Prometheus
# would: `bash .ci/contract/run.sh`.
#
# A shop with a PostgreSQL of its own is started in a temporary directory and seeded; schemathesis
# then makes requests from the document, some of them wrong on purpose. No answer may be a server
# error, have a status, a media type, a header or a body that the document does not name. At the
# end every invariant of the database must hold.
#
# $SHOP is the binary to try, $CONTRACT_SECONDS how long (60), $CONTRACT_VENV where schemathesis is
# kept. Ends with 77 where python3 cannot be used.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=.ci/contract

skip() {
  echo "SKIPPED: $*"
  exit 77
}

command -v python3 >/dev/null || skip "no python3 on this machine"
python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  skip "python3 is older than 3.11 or has no venv"
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
venv=${CONTRACT_VENV:-$target/ci/contract}
if ! cmp -s $here/requirements.txt "$venv/.made-from"; then
  rm -rf "$venv"
  # Nothing is installed but what is pinned by a hash.
  { python3 -m venv "$venv" &&
    "$venv/bin/pip" install --quiet --only-binary :all: --require-hashes -r $here/requirements.txt; } ||
    skip "the packages of $here/requirements.txt cannot be installed"
  cp $here/requirements.txt "$venv/.made-from"
fi

shop=${SHOP:-}
if [ -z "$shop" ]; then
  # With its tests, because that is what `cargo test` has built already.
  cargo test --locked --package shop --no-run
  shop=$target/debug/shop
fi
# A database that the caller's own environment points at is not meant.
unset DATABASE_URL PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD

work=$(mktemp -d)
service=
ended() {
  [ -z "$service" ] || { kill "$service" && wait "$service"; } 2>/dev/null || true
  rm -rf "$work"
}
trap ended EXIT

"$shop" seed --size small --data "$work/data" >"$work/seed.log" 2>&1 || { cat "$work/seed.log"; exit 1; }
admin=()
if "$shop" serve --help | grep -q -- --admin; then admin=(--admin 127.0.0.1:0); fi
"$shop" serve --listen 127.0.0.1:0 "${admin[@]}" --data "$work/data" >"$work/out" 2>"$work/err" &
service=$!
for _ in $(seq 600); do
  grep -q '^ *ready ' "$work/out" && break
  kill -0 "$service" 2>/dev/null || { cat "$work/err"; exit 1; }
  sleep 0.1
done
named() { awk -v name="$1" '$1 == name { print $2; exit }' "$work/out"; }
url=$(named document)
key=$(named key)
[ -n "$url" ] && [ -n "$key" ] || { echo "the shop does not say where it is"; cat "$work/out" "$work/err"; exit 1; }

wrong=0 config=$PWD/$here/schemathesis.toml
# It leaves files where it runs.
(cd "$work" && "$venv/bin/st" --config-file "$config" run "$url" \
  --header "Authorization: Bearer $key" \
  --max-time "${CONTRACT_SECONDS:-60}") | tee "$work/said" || wrong=1
# That nothing was asked does not look like that nothing was found.
if grep -q 'No test cases were generated' "$work/said"; then
  echo "nothing was asked within the time: give more with CONTRACT_SECONDS"
  wrong=1
fi

# What Prometheus would read, read by its own parser; and it is about those requests.
"$venv/bin/python" - "${url%/openapi.json}/metrics" <<'PYTHON' || wrong=1
import sys, urllib.request
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families
text = urllib.request.urlopen(sys.argv[1], timeout=30).read().decode()
found = {family.name: family for family in families(text)}
routes = {s.labels["http_route"] for s in found["http_server_request_duration_seconds"].samples}
assert any(route.startswith("/v1/") for route in routes), routes
assert all(family.documentation for family in found.values()), "a metric says nothing of itself"
print(f"metrics: {len(found)} families, {len(text.splitlines())} lines, {len(routes)} routes")
PYTHON

kill -0 "$service" 2>/dev/null || { echo "the service has ended"; tail -n 20 "$work/err"; wrong=1; }
"$shop" check --data "$work/data" || wrong=1
exit $wrong
