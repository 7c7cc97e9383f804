# shellcheck shell=sh disable=SC2034,SC2062,SC2217,SC3067
# Ends a private server when nobody uses it any more, whatever became of its owner.
#
# Arguments: how to wait, the run directory, how many seconds to linger.
#   flock  wait until no process holds users.lock, then take start.lock and look again
#   pipe   wait until standard input closes
#   now    the caller holds the locks
# Standard output is keeper.lock, locked for as long as this shell lives; standard error is the
# server's log. Whatever runs for long must not inherit standard output.
set -u
umask 077
trap '' HUP INT QUIT TERM
wait_by=$1
dir=$2
linger=$3
id=${dir##*/}
base=${dir%/*}

say() {
    echo "proofmark keeper: $*" >&2
}

# Nothing is touched but a run directory of this user: <run root>/proofmark-<uid>/<id>, marked.
ours() {
    case $dir in
    */../* | */./* | *//*) return 1 ;;
    /*/"proofmark-$(id -u)/$id") ;;
    *) return 1 ;;
    esac
    [ -n "$id" ] && [ ! -L "$dir" ] && [ -f "$dir/proofmark-run" ] && [ -O "$dir/proofmark-run" ]
}

wait_for_locks() {
    exec 8<"$dir/users.lock" 7<"$dir/start.lock"
    while :; do
        flock -x 8 </dev/null >/dev/null || exit 1
        [ -d "$dir" ] || exit 0
        flock -u 8 </dev/null >/dev/null || exit 1
        [ "$linger" = 0 ] || sleep "$linger" </dev/null >/dev/null
        flock -x 7 </dev/null >/dev/null || exit 1
        flock -n -x 8 </dev/null >/dev/null && return
        flock -u 7 </dev/null >/dev/null || exit 1
    done
}

# Each lister prints /proc/<pid>/... of the processes in question. The pattern is joined to its
# option, so that no process has it as an argument of its own.
commands_of_the_run() {
    grep -slzxF -e"PROOFMARK_RUN=$id" /proc/[0-9]*/environ
}

# The server is the one program that was started with our data directory as an argument.
server() {
    if [ -r /proc/self/cmdline ]; then
        grep -slzxF -e"$dir/data" /proc/[0-9]*/cmdline
        return
    fi
    ps -A -o pid= -o command= | while read -r pid command; do
        case $command in
        *"/postgres -D $dir/data" | *"/initdb -D $dir/data "*) echo "/proc/$pid/cmdline" ;;
        esac
    done
}

# end LISTER SIGNAL TENTHS: sends the signal and waits; fails while there are some left.
end() {
    for found in $("$1"); do
        found=${found#/proc/}
        kill -s "$2" "${found%%/*}" 2>/dev/null
    done
    tenths=$3
    while [ -n "$("$1")" ]; do
        [ "$tenths" -gt 0 ] || return 1
        tenths=$((tenths - 1))
        sleep 0.1
    done
}

keep_data() {
    [ -s "$dir/keep" ] && [ -d "$dir/data" ] || return 0
    to=$(cat "$dir/keep")
    case $to in
    /*) ;;
    *) return 0 ;;
    esac
    if mkdir -p "$to" && [ ! -e "$to/data" ] && cp -R "$dir/data" "$to/data" &&
        rm -f "$to/data/postmaster.pid" && cp "$dir/keep.json" "$to/image.json"; then
        say "kept the data directory in $to"
    else
        say "could not keep the data directory in $to"
    fi
}

# Renamed first, so that nobody joins; the marker goes last, so that this can be resumed.
remove() {
    gone=$dir.gone.$$
    mv "$dir" "$gone" || return 1
    for attempt in 1 2 3 4 5; do
        for entry in "$gone"/*; do
            [ "$entry" = "$gone/proofmark-run" ] || rm -rf "$entry"
        done
        rm -f "$gone/proofmark-run" && rmdir "$gone" && break
        sleep 0.1
    done
    rmdir "$base" 2>/dev/null
    return 0
}

case $wait_by in
flock) wait_for_locks ;;
pipe) while read -r _; do :; done ;;
now) ;;
*) exit 2 ;;
esac
[ -e "$dir" ] || exit 0
ours || exit 3
say "nobody uses $dir any more: ending it"
end commands_of_the_run TERM 20 || end commands_of_the_run KILL 20
end server INT 50 || end server QUIT 20 || end server KILL 20
keep_data
remove
