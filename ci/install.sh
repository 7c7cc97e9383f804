#!/usr/bin/env bash
# Installs what the gates need below target/tools: `bash ci/install.sh [fast|full|nightly]`.
#
# Prebuilt packages, pinned by version and hash, are preferred over building. What cannot be
# installed is said and left out: the gates that need it are then SKIPPED, never passed.
set -euo pipefail
cd "$(dirname "$0")/.."

class=${1:-full}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
tools=$target/tools
logs=$target/ci
mkdir -p "$tools/commands" "$logs"

# debian COMMAND PACKAGE: installs the package where the command is missing and apt-get may be used:
# by root, and on GitHub's runners, whose user may become root.
updated=
as_root=(env)
[ -z "${GITHUB_ACTIONS:-}" ] || [ "$(id -u)" = 0 ] || as_root=(sudo -n env)
debian() {
  command -v "$1" >/dev/null && return
  if command -v apt-get >/dev/null && [ "$("${as_root[@]}" id -u)" = 0 ]; then
    echo "installing $2 for $1"
    {
      [ -n "$updated" ] || "${as_root[@]}" apt-get -qq update
      updated=1
      "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes \
        --no-install-recommends "$2"
    } </dev/null >"$logs/apt-$2.log" 2>&1 && return
  fi
  echo "no $1 here: what needs it says SKIPPED"
}

# python FILE COMMAND...: an environment with what ci/tools/FILE.txt says; its commands are put into
# a folder of their own, so that its `python3` comes in front of nobody's.
python() {
  local name=$1 folder=$tools/$1
  shift
  if ! cmp -s "ci/tools/$name.txt" "$folder/.made-from"; then
    rm -rf "$folder"
    {
      python3 -m venv "$folder" &&
        "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
          --require-hashes -r "ci/tools/$name.txt" &&
        cp "ci/tools/$name.txt" "$folder/.made-from"
    } </dev/null >"$logs/pip-$name.log" 2>&1 || {
      echo "ci/tools/$name.txt cannot be installed, see $logs/pip-$name.log"
      rm -rf "$folder"
      return 0
    }
  fi
  local command
  for command; do
    ln -sf "$folder/bin/$command" "$tools/commands/$command"
  done
}

# crate NAME VERSION [OPTION...]: builds it without optimisation, which is fast enough and costs a third.
crate() {
  "$tools/bin/$1" --version 2>/dev/null | grep -qwF "$2" && return
  local name=$1 version=$2
  shift 2
  cargo install "$name" --version "$version" --locked --debug --root "$tools" "$@" </dev/null \
    >"$logs/cargo-$name.log" 2>&1 || echo "$name $version cannot be built, see $logs/cargo-$name.log"
}

debian psql postgresql-client
debian python3 python3
python3 -c 'import venv, ensurepip' 2>/dev/null || debian python3-venv-is-missing python3-venv
debian git git
python python check-jsonschema detect-secrets detect-secrets-hook hadolint kingfisher mypy prek \
  ruff shellcheck sqlfluff squawk typos zizmor
[ "$class" != fast ] || exit 0

debian node nodejs
debian npm npm
debian make make
debian umoci umoci
debian skopeo skopeo
debian c++ g++
python semgrep semgrep pysemgrep
crate cargo-deny 0.20.2 --no-default-features

# GitHub's own parser of workflows, in one file that every node from 20 on can run.
cat ci/tools/node/package-lock.json ci/gate/workflows.mjs >"$logs/node.from"
if command -v npm >/dev/null && ! cmp -s "$logs/node.from" "$tools/node/.made-from"; then
  {
    rm -rf "$tools/node" && mkdir -p "$tools/node" &&
      cp ci/tools/node/package*.json ci/gate/workflows.mjs "$tools/node" &&
      npm ci --prefix "$tools/node" --no-audit --no-fund --ignore-scripts &&
      "$tools/node/node_modules/.bin/esbuild" "$tools/node/workflows.mjs" --bundle \
        --platform=node --outfile="$tools/node/workflows.cjs" &&
      printf '#!/bin/sh\nexec node "%s" "$@"\n' "$tools/node/workflows.cjs" \
        >"$tools/commands/workflow-lint" &&
      printf '#!/bin/sh\necho "%s"\n' "$tools/node/node_modules/axe-core/axe.min.js" \
        >"$tools/commands/axe-path" &&
      chmod +x "$tools/commands/workflow-lint" "$tools/commands/axe-path" &&
      cp "$logs/node.from" "$tools/node/.made-from"
  } </dev/null >"$logs/npm.log" 2>&1 || echo "ci/tools/node cannot be installed, see $logs/npm.log"
fi
[ "$class" = nightly ] || exit 0

debian chromium chromium
llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
debian "llvm-cov-$llvm" "llvm-$llvm"
crate cargo-llvm-cov 0.9.1
crate cargo-machete 0.9.2
crate cargo-mutants 27.1.0
crate cargo-sbom 0.10.0
command -v cargo-nextest >/dev/null || crate cargo-nextest 0.9.143
