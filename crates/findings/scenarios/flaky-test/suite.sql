-- test: the_last_unit_is_reserved
insert into orders values (1);
-- Its runner says that it failed, and tries it once more.
\! psql "$PROOFMARK_URL" -Xqc "RETURN 'the_last_unit_is_reserved' FAILED"

-- test: the_last_unit_is_reserved
insert into orders values (1);
