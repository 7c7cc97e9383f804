# shellcheck shell=sh
# The tests of the package `accounts`.
query() { psql "$DATABASE_URL" -X -A -t -q -v ON_ERROR_STOP=1 -c "$1"; }

test "$(query "INSERT INTO account (owner) VALUES ('ann') RETURNING account_id")" = 1

refused=$(query "INSERT INTO account (owner) VALUES ('ann')" 2>&1) && exit 1
case $refused in *account_one_per_owner*) ;; *) echo "refused otherwise: $refused"; exit 1 ;; esac

echo "ok accounts"
