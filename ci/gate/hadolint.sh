#!/usr/bin/env bash
# Every Dockerfile of the repository.
set -euo pipefail
git rev-parse --git-dir >/dev/null 2>&1 || { echo "SKIPPED: this is no git repository"; exit 77; }
mapfile -t files < <(git ls-files -- '*Dockerfile' ':!ci/proof')
[ "${#files[@]}" -gt 0 ] || { echo "error: no Dockerfile found, so nothing was checked"; exit 1; }
hadolint "${files[@]}"
