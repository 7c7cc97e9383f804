#!/usr/bin/env bash
# Every workflow and action, by GitHub's own parser.
set -euo pipefail
git rev-parse --git-dir >/dev/null 2>&1 || { echo "SKIPPED: this is no git repository"; exit 77; }
mapfile -t files < <(git ls-files -- '.github/workflows/*.yml' action.yml '.github/actions/*/action.yml')
workflow-lint "${files[@]}"
