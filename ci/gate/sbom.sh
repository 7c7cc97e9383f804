#!/usr/bin/env bash
# What is inside of the two programs, as CycloneDX documents in target/ci/sbom/. Each package that
# cargo builds in must be in its document, with a licence.
set -euo pipefail
command -v cargo-sbom >/dev/null || { echo "SKIPPED: no cargo-sbom here"; exit 77; }
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
mkdir -p "$target/ci/sbom"
wrong=0
for package in ${PACKAGES:-proofmark-cli shop}; do
  document=$target/ci/sbom/$package.cdx.json
  cargo sbom --cargo-package "$package" --output-format cyclone_dx_json_1_6 >"$document"
  cargo tree --locked --package "$package" --edges normal --prefix none --format '{p}' |
    sed 's/ (.*//; s/ v/ /' | sort -u >"$target/ci/sbom/$package.tree"
  python3 - "$document" "$target/ci/sbom/$package.tree" <<'PYTHON' || wrong=1
import json, sys

document = json.load(open(sys.argv[1]))
wanted = {line.strip() for line in open(sys.argv[2])}
parts = document.get("components", [])
root = document.get("metadata", {}).get("component", {})
roots = [root, *root.get("components", [])]
described = {f"{part['name']} {part.get('version', '')}": part for part in [*roots, *parts]}
wrong = [f"MISSING     {name}" for name in sorted(wanted - described.keys())]
for name in sorted(wanted & described.keys()):
    part = described[name]
    licences = {licence.get("expression", "named") for licence in part.get("licenses", [])}
    if not licences or "NOASSERTION" in licences:
        wrong.append(f"NO LICENCE  {name}")
print(*wrong, sep="\n", end="\n" if wrong else "")
print(f"{sys.argv[1]}: {len(parts)} components, {len(wanted)} packages are built in")
sys.exit(bool(wrong) or not parts)
PYTHON
done
exit $wrong
