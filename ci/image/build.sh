#!/usr/bin/env bash
# An OCI image of `proofmark` without an engine, and what must be true of it:
# `bash ci/image/build.sh [FOLDER]`.
#
# umoci puts the released binary and the libraries that it loads into an empty image; skopeo reads
# it back as a registry's client would. Judged is the image that was read back: its user, its entry
# point, its labels, that there is no shell in it, its size, and that its binary runs inside of it.
set -euo pipefail
for tool in umoci skopeo ldd; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool here"; exit 77; }
done

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
binary=${PROOFMARK:-$target/release/proofmark}
[ -x "$binary" ] || { echo "error: no $binary; cargo build --release --package proofmark-cli"; exit 1; }
user=${IMAGE_USER:-65532:65532}
work=${1:-$(mktemp -d)}
[ -n "${1:-}" ] || trap 'rm -rf "$work"' EXIT

umoci init --layout "$work/oci"
umoci new --image "$work/oci:proofmark"
umoci unpack --rootless --image "$work/oci:proofmark" "$work/bundle" >/dev/null
root=$work/bundle/rootfs
install -D -m 0755 "$binary" "$root/usr/local/bin/proofmark"
# The loader and the libraries, at the paths at which the binary looks for them.
ldd "$binary" | grep -oE '/[^ ]+' | while read -r library; do
  install -D -m 0755 "$(realpath "$library")" "$root$library"
done
[ -z "${IMAGE_EXTRA:-}" ] || install -D -m 0755 "$IMAGE_EXTRA" "$root/bin/sh"
umoci repack --image "$work/oci:proofmark" "$work/bundle"
umoci config --image "$work/oci:proofmark" --config.user "$user" --config.workingdir /work \
  --config.entrypoint /usr/local/bin/proofmark --config.cmd --help \
  --config.label org.opencontainers.image.title=proofmark \
  --config.label org.opencontainers.image.source=https://github.com/proofmark/proofmark \
  --config.label "org.opencontainers.image.licenses=MIT OR Apache-2.0"

skopeo copy --quiet --insecure-policy "oci:$work/oci:proofmark" "oci-archive:$work/image.tar:proofmark"
skopeo inspect --config "oci-archive:$work/image.tar" >"$work/config.json"
umoci unpack --rootless --image "$work/oci:proofmark" "$work/read" >/dev/null

wrong=0
must() {
  if [ "$2" = "$3" ]; then echo "ok     $1: $3"; else echo "WRONG  $1: $3, not $2"; wrong=1; fi
}
of() { python3 -c "import json,sys; c = json.load(open('$work/config.json'))['config']; print($1)"; }
must user 65532:65532 "$(of "c.get('User', '')")"
must "entry point" "['/usr/local/bin/proofmark']" "$(of "c.get('Entrypoint')")"
must licence "MIT OR Apache-2.0" "$(of "c['Labels'].get('org.opencontainers.image.licenses')")"
shells=$(cd "$work/read/rootfs" && find . -regex '.*/\(sh\|bash\|dash\|busybox\|apt\|apk\)' | wc -l)
must "shells and package tools" 0 "$shells"
size=$(($(stat -c %s "$work/image.tar") / 1048576))
must "below 60 MB" yes "$([ $size -lt 60 ] && echo yes || echo "$size MB")"
inside=(chroot)
[ "$(id -u)" = 0 ] || inside=(unshare --map-root-user chroot)
if "${inside[@]}" / true 2>/dev/null; then
  must "says its version" "$("$binary" --version)" \
    "$("${inside[@]}" "$work/read/rootfs" /usr/local/bin/proofmark --version 2>&1)"
elif [ $wrong = 0 ]; then
  echo "SKIPPED: the image is as it must be, but neither root nor a user namespace is had to run it"
  exit 77
fi
exit $wrong
