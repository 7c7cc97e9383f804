#!/usr/bin/env bash
# Every Dockerfile of the repository.
set -euo pipefail
mapfile -t files < <(git ls-files -- '*Dockerfile' ':!ci/proof')
[ "${#files[@]}" -gt 0 ] || { echo "error: no Dockerfile found, so nothing was checked"; exit 1; }
hadolint "${files[@]}"
