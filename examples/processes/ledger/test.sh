# shellcheck shell=sh
# The tests of the package `ledger`. Its first account has the number 1, too.
query() { psql "$DATABASE_URL" -X -A -t -q -v ON_ERROR_STOP=1 -c "$1"; }

test "$(query "INSERT INTO account (owner) VALUES ('bob') RETURNING account_id")" = 1
query "INSERT INTO entry VALUES (1, 5), (1, -5)"
test "$(query "SELECT sum(amount) FROM entry")" = 0

refused=$(query "INSERT INTO entry VALUES (1, 0)" 2>&1) && exit 1
case $refused in *entry_amount_not_zero*) ;; *) echo "refused otherwise: $refused"; exit 1 ;; esac

echo "ok ledger"
