#!/usr/bin/env bash
# Branch protection as code: `bash .github/rulesets/apply.sh OWNER/NAME` applies every ruleset of
# this folder, `bash .github/rulesets/apply.sh --check OWNER/NAME` compares them with what is applied
# and ends with 1 if they differ. Needs `gh`, logged in as somebody who may administer.
set -euo pipefail
cd "$(dirname "$0")"

check=
[ "${1:-}" != --check ] || { check=1; shift; }
repository=${1:?usage: apply.sh [--check] OWNER/NAME}
command -v gh >/dev/null || { echo "SKIPPED: no gh here"; exit 77; }

# What is ours of a ruleset, in one order.
ours='{name, target, enforcement, conditions, bypass_actors: (.bypass_actors // []), rules: (.rules | sort_by(.type))}'
wrong=0
for file in *.json; do
  name=$(jq -r .name "$file")
  id=$(gh api "repos/$repository/rulesets" --jq ".[] | select(.name == \"$name\") | .id")
  if [ -n "$check" ]; then
    [ -n "$id" ] || { echo "$name: not applied"; wrong=1; continue; }
    # GitHub adds defaults to parameters; only what we set must be as we set it.
    gh api "repos/$repository/rulesets/$id" | jq --slurpfile want "$file" -e \
      "($ours) as \$is | (\$want[0] | $ours) as \$want | (\$is * \$want | del(.rules)) == (\$is | del(.rules))
       and ([\$want.rules[] | . as \$rule | any(\$is.rules[]; .type == \$rule.type and
         ((.parameters // {}) * (\$rule.parameters // {})) == (.parameters // {}))] | all)" >/dev/null ||
      { echo "$name: differs from $file"; wrong=1; }
  elif [ -n "$id" ]; then
    gh api --method PUT "repos/$repository/rulesets/$id" --input "$file" >/dev/null
    echo "$name: updated"
  else
    gh api --method POST "repos/$repository/rulesets" --input "$file" >/dev/null
    echo "$name: made"
  fi
done
exit $wrong
