#!/usr/bin/env bash
# Every shell script of the repository, by its ending or its first line.
set -euo pipefail
git rev-parse --git-dir >/dev/null 2>&1 || { echo "SKIPPED: this is no git repository"; exit 77; }
mapfile -t scripts < <(git ls-files -- '*.sh' .ci/run ':!ci/proof')
[ "${#scripts[@]}" -gt 0 ] || { echo "error: no script found, so nothing was checked"; exit 1; }
shellcheck --severity=warning "${scripts[@]}" || shellcheck_failed=$?
# What is only a remark of style is worth fixing where it concerns quoting.
shellcheck --include=SC2086,SC2046 "${scripts[@]}"
exit "${shellcheck_failed:-0}"
