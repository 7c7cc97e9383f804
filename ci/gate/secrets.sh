#!/usr/bin/env bash
# The tracked files. What looks like a secret and is none stands in ci/secrets.baseline, by its hash:
#   detect-secrets scan --exclude-files '^ci/(proof|tools)/|\.lock$|package-lock\.json$|requirements.*\.txt$' >ci/secrets.baseline
set -euo pipefail
git rev-parse --git-dir >/dev/null 2>&1 || { echo "SKIPPED: this is no git repository"; exit 77; }
mapfile -t files < <(git ls-files -- ':!ci/secrets.baseline' ':!ci/proof' ':!ci/tools/*.txt' ':!*.lock' ':!*package-lock.json' ':!*requirements*.txt' ':!shop/openapi*.json' ':!*.svg' ':!fuzz/corpus')
[ "${#files[@]}" -gt 0 ] || { echo "error: no file found"; exit 1; }
# A copy, because the hook writes moved line numbers into it, and ends with 3 when it has.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp ci/secrets.baseline "$work/baseline"
status=0
detect-secrets-hook --baseline "$work/baseline" "${files[@]}" || status=$?
[ "$status" = 0 ] || [ "$status" = 3 ]
