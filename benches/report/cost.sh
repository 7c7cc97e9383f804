#!/usr/bin/env bash
# What evidence and deep mode cost a suite: runs it by turns without evidence, with it, and with
# --deep, and prints a line per run: the mode, milliseconds of wall time that the suite took, and
# milliseconds of processor time of everything: suite, proxy and server.
# Usage: benches/report/cost.sh ROUNDS MIGRATIONS COMMAND...   (as root: it makes a control group)
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
rounds=$1 migrations=$(realpath "$2")
shift 2
proofmark=$(realpath "${PROOFMARK:-target/release/proofmark}")
work=$(mktemp -d)
group=/sys/fs/cgroup/cpuacct/proofmark-cost-$$
[ -d /sys/fs/cgroup/cpuacct ] || group=/sys/fs/cgroup/proofmark-cost-$$
mkdir "$group"
trap 'rm -rf "$work"; rmdir "$group" 2>/dev/null || true' EXIT

for mode in without with deep; do
  mkdir "$work/$mode"
  printf '[database.shop]\nmigrations = "%s"\n' "$migrations" >"$work/$mode/proofmark.toml"
done
printf '[evidence]\nstatements = false\nindexes = false\nrows = false\n' \
  >>"$work/without/proofmark.toml"

# used: processor time of the group so far, in microseconds.
used() {
  if [ -e "$group/cpuacct.usage" ]; then
    echo $(($(<"$group/cpuacct.usage") / 1000))
  else
    awk '$1 == "usage_usec" { print $2 }' "$group/cpu.stat"
  fi
}

# once MODE COMMAND...: one run in that mode.
once() {
  local mode=$1 before status=0 flags=(--quiet)
  shift
  [ "$mode" = deep ] && flags+=(--deep)
  before=$(used)
  (
    cd "$work/$mode"
    echo "$BASHPID" >"$group/cgroup.procs"
    exec "$proofmark" run "${flags[@]}" -- "$@" >run.log 2>&1
  ) || status=$?
  [ "$status" = 0 ] || { tail "$work/$mode/run.log" >&2; exit "$status"; }
  local trace
  trace=$(echo "$work/$mode"/*/latest/trace.jsonl "$work/$mode"/.proofmark/latest/trace.jsonl)
  trace=${trace##* }
  sed -n 's/.*"command_finished":{.*"elapsed_ms":\([0-9]*\).*/\1/p' "$trace" |
    awk -v mode="$mode" -v cpu=$((($(used) - before) / 1000)) '{ print mode, $1, cpu }'
}

for mode in without deep; do once "$mode" "$@" >/dev/null; done
for round in $(seq "$rounds"); do
  modes=(without with deep)
  # Each mode is first, second and last as often as the others.
  for place in 0 1 2; do once "${modes[(place + round) % 3]}" "$@"; done
done | tee "$work/all"

for mode in without with deep; do
  for column in 2 3; do
    awk -v mode="$mode" -v column="$column" '$1 == mode { print $column }' "$work/all" | sort -n |
      awk -v mode="$mode" -v what="$([ "$column" = 2 ] && echo wall || echo processor)" \
        '{ t[NR] = $1 } END { printf "%-8s %-10s median %6d ms of %d\n", mode, what, t[int((NR + 1) / 2)], NR }'
  done
done
