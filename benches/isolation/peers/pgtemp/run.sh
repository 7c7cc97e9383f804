#!/usr/bin/env bash
# pgtemp asks for `sudo` when it runs as root: it is run as nobody instead.
set -euo pipefail
program=$(dirname "$0")/target/release/pgtemp-peer
[ "$(id -u)" != 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp TMPDIR=/dev/shm "$program"
TMPDIR=/dev/shm exec "$program"
