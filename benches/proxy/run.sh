#!/usr/bin/env bash
# Measures the proxy against a direct connection and against pgbouncer. See README.md.
#
#   benches/proxy/run.sh                 five rounds of two seconds at every point
#   ROUNDS=9 SECONDS_EACH=1 benches/proxy/run.sh
#   BINARIES=<directory> benches/proxy/run.sh      with binaries that are built already
#   PRIORITY="chrt -r 5" benches/proxy/run.sh      on a machine that does other things
set -euo pipefail
cd "$(dirname "$0")/../.."

ROUNDS=${ROUNDS:-5}
SECONDS_EACH=${SECONDS_EACH:-2}
CLIENTS=${CLIENTS:-1 4 8}
MODES=${MODES:-simple prepared}
PRIORITY=${PRIORITY:-}

fail() { echo "error: $1" >&2; echo "help: $2" >&2; exit 1; }

bin=${PROOFMARK_POSTGRES_BIN:-$(pg_config --bindir 2>/dev/null || true)}
[ -x "$bin/pgbench" ] || bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -x "$bin/pgbench" ] || fail "no pgbench found" "install PostgreSQL, or set PROOFMARK_POSTGRES_BIN"
bouncer=$(command -v pgbouncer || ls /usr/sbin/pgbouncer 2>/dev/null || true)
[ -n "$bouncer" ] || fail "no pgbouncer found" "install pgbouncer"

if [ -z "${BINARIES:-}" ]; then
    cargo build --release --quiet -p proofmark-proxy --example bench_proxy
    cargo build --release --quiet -p proofmark-wire --example watch_cost
    target=$(cargo metadata --format-version 1 --no-deps |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    BINARIES=$target/release/examples
fi

# The server refuses to run as root, and so does pgbouncer.
unprivileged=()
if [ "$(id -u)" = 0 ]; then
    unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp)
fi
root=/dev/shm; [ -w "$root" ] || root=${TMPDIR:-/tmp}
work=$(mktemp -d "$root/proofmark-bench-proxy.XXXXXX")
[ "$(id -u)" = 0 ] && chown 65534:65534 "$work"
port=$((20000 + RANDOM % 20000)); bouncer_port=$((port + 1))
pids=()
clean_up() {
    exec 3>&- || true
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean_up EXIT

"${unprivileged[@]}" "$bin/initdb" -D "$work/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 \
    --no-sync >/dev/null
"${unprivileged[@]}" "$bin/postgres" -D "$work/data" -p "$port" -k "$work" \
    -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=500 -c logging_collector=off \
    >"$work/postgres.log" 2>&1 & pids+=($!); server=$!
until "$bin/psql" -qAt -h "$work" -p "$port" -U postgres -c 'create database shop' >/dev/null 2>&1
do kill -0 "$server" || fail "the server did not start" "$(tail -3 "$work/postgres.log")"; sleep 0.1; done
"$bin/pgbench" -h "$work" -p "$port" -U postgres -i -q shop >/dev/null 2>&1

cat >"$work/pgbouncer.ini" <<INI
[databases]
shop = host=$work port=$port dbname=shop
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $bouncer_port
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 1000
default_pool_size = 400
log_connections = 0
log_disconnections = 0
logfile = $work/pgbouncer.log
INI
sed -i "s/^shop = .*/& user=postgres/" "$work/pgbouncer.ini"
"${unprivileged[@]}" "$bouncer" -q "$work/pgbouncer.ini" >/dev/null 2>&1 & pids+=($!); bouncer_pid=$!

mkfifo "$work/proxy.in"
"$BINARIES/bench_proxy" "$work" "$port" shop <"$work/proxy.in" >"$work/proxy.port" &
pids+=($!); proxy_pid=$!
exec 3>"$work/proxy.in"
until [ -s "$work/proxy.port" ]; do sleep 0.05; done
proxy_port=$(cat "$work/proxy.port")

if [ -n "$PRIORITY" ]; then
    chrt -a -r -p 5 "$proxy_pid"; chrt -r -p 5 "$bouncer_pid"; chrt -r -p 5 "$server"
fi

# One burst; prints transactions per second.
burst() { # port mode clients
    local threads=1; [ "$3" -gt 1 ] && threads=2
    $PRIORITY "$bin/pgbench" -h 127.0.0.1 -p "$1" -U postgres -n -S -M "$2" -c "$3" -j "$threads" \
        -T "$SECONDS_EACH" shop 2>/dev/null | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

echo "# $("$bin/postgres" --version); $("$bouncer" --version | head -1); $(nproc) CPUs;" \
    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1); load $(cut -d' ' -f1 /proc/loadavg)"
names=(direct pgbouncer proxy); ports=("$port" "$bouncer_port" "$proxy_port")
for mode in $MODES; do for clients in $CLIENTS; do for round in $(seq "$ROUNDS"); do
    for step in 0 1 2; do
        which=$(((step + round) % 3))
        echo "$mode $clients ${names[$which]} $(burst "${ports[$which]}" "$mode" "$clients")"
    done
done; done; done >"$work/results"
[ -z "${RESULTS:-}" ] || cp "$work/results" "$RESULTS"

sort -k1,1r -k2,2n -k3,3 -k4,4n "$work/results" | awk '
    function flush_point() {
        if (point != "") printf "%-9s %7s %9.0f %9.0f %9.0f %13.2f %12.2f %16.2f\n", mode, clients,
            median["direct"], median["pgbouncer"], median["proxy"],
            median["pgbouncer"] / median["direct"], median["proxy"] / median["direct"],
            median["proxy"] / median["pgbouncer"]
    }
    BEGIN { printf "%-9s %7s %9s %9s %9s %13s %12s %16s\n", "mode", "clients", "direct",
        "pgbouncer", "proxy", "bouncer/direct", "proxy/direct", "proxy/pgbouncer" }
    {
        if ($1 " " $2 != point) { flush_point(); point = $1 " " $2; mode = $1; clients = $2 }
        if ($1 " " $2 " " $3 != series) { series = $1 " " $2 " " $3; n = 0 }
        value[++n] = $4; median[$3] = (n % 2) ? value[(n + 1) / 2] : (value[n / 2] + value[n / 2 + 1]) / 2
    }
    END { flush_point() }'

connect() { # port
    $PRIORITY "$bin/pgbench" -h 127.0.0.1 -p "$1" -U postgres -n -S -C -c 1 -T "$SECONDS_EACH" shop \
        2>/dev/null | sed -n 's/^average connection time = //p'
}
echo
for round in 1 2 3; do
    echo "time to connect: direct $(connect "$port"), proxy $(connect "$proxy_port")"
done

rss() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }
echo
echo "memory of the proxy: $(rss "$proxy_pid") kB without connections"
# An idle connection is one that sleeps in the client.
echo '\sleep 3 s' >"$work/idle.sql"
"$bin/pgbench" -h 127.0.0.1 -p "$proxy_port" -U postgres -n -c 200 -j 2 -t 1 -f "$work/idle.sql" shop \
    >/dev/null 2>&1 & idle=$!
sleep 2.5; echo "memory of the proxy: $(rss "$proxy_pid") kB with 200 idle connections"; wait $idle
"$bin/pgbench" -h 127.0.0.1 -p "$proxy_port" -U postgres -n -S -M prepared -c 200 -j 2 -T 4 shop \
    >/dev/null 2>&1 & busy=$!
sleep 3.5; echo "memory of the proxy: $(rss "$proxy_pid") kB with 200 busy connections"; wait $busy
echo "SELECT repeat('x', 1000000) FROM generate_series(1, 5);" >"$work/bulk.sql"
"$bin/pgbench" -h 127.0.0.1 -p "$proxy_port" -U postgres -n -c 200 -j 2 -T 4 -f "$work/bulk.sql" shop \
    >/dev/null 2>&1 & bulk=$!
sleep 3.5; echo "memory of the proxy: $(rss "$proxy_pid") kB with 200 connections that read 5 MB each"
wait $bulk
echo
echo "watching:"; $PRIORITY "$BINARIES/watch_cost"
