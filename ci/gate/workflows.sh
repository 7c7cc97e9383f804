#!/usr/bin/env bash
# Every workflow and action, by GitHub's own parser.
set -euo pipefail
mapfile -t files < <(git ls-files -- '.github/workflows/*.yml' action.yml '.github/actions/*/action.yml')
workflow-lint "${files[@]}"
