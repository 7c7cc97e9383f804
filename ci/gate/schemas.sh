#!/usr/bin/env bash
# The shapes that GitHub asks for, by the schemas that come with check-jsonschema.
set -euo pipefail
git rev-parse --git-dir >/dev/null 2>&1 || { echo "SKIPPED: this is no git repository"; exit 77; }
mapfile -t workflows < <(git ls-files -- '.github/workflows/*.yml')
mapfile -t actions < <(git ls-files -- action.yml '.github/actions/*/action.yml')
[ "${#workflows[@]}" -gt 0 ] || { echo "error: no workflow found"; exit 1; }
status=0
check-jsonschema --builtin-schema vendor.github-workflows "${workflows[@]}" || status=1
if [ "${#actions[@]}" -gt 0 ]; then
  check-jsonschema --builtin-schema vendor.github-actions "${actions[@]}" || status=1
fi
if [ -e .github/dependabot.yml ]; then
  check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml || status=1
fi
exit $status
