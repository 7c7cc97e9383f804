#!/usr/bin/env bash
# The page of the latest run, or the one that is given, in headless Chromium.
set -euo pipefail
page=${1:-${CARGO_TARGET_DIR:-target}/proofmark/latest/report.html}
[ -e "$page" ] || { echo "SKIPPED: there is no $page"; exit 77; }
AXE=$(axe-path)
export AXE
node ci/gate/page.mjs "$page"
