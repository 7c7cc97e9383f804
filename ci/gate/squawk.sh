#!/usr/bin/env bash
# Migrations. Those of the first release run on an empty database, where a lock or a rewrite hurts
# nobody: only what is wrong there too is asked of them. Every later one is asked everything.
set -euo pipefail
first=ci/first-release.txt
# Rules about running systems, and about types that the schema has chosen with reasons.
lenient=prefer-robust-stmts,require-concurrent-index-creation,require-concurrent-index-deletion
lenient+=,constraint-missing-not-valid,adding-foreign-key-constraint,require-timeout-settings
lenient+=,adding-serial-primary-key-field,ban-create-domain-with-constraint,ban-drop-constraint
lenient+=,prefer-bigint-over-int,prefer-bigint-over-smallint,prefer-text-field
chosen=ban-create-domain-with-constraint,prefer-bigint-over-int,prefer-bigint-over-smallint
chosen+=,prefer-text-field,require-concurrent-index-creation,require-concurrent-index-deletion
released=() later=()
for file in shop/migrations/*.sql; do
  if [ -e "$first" ] && grep -qxF "${file##*/}" "$first"; then
    released+=("$file")
  else
    later+=("$file")
  fi
done
[ $((${#released[@]} + ${#later[@]})) -gt 0 ] || { echo "error: no migration found"; exit 1; }
status=0
if [ ${#released[@]} -gt 0 ]; then
  squawk --assume-in-transaction --exclude="$lenient" "${released[@]}" || status=1
fi
if [ ${#later[@]} -gt 0 ]; then
  # They run inside of a transaction, in which nothing is concurrent.
  squawk --assume-in-transaction --exclude="$chosen" "${later[@]}" || status=1
fi
exit $status
