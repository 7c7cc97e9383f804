-- test: an_order_is_placed
insert into orders values (1);
-- The test gives its database back, as a plugin does, while its client is still connected.
\! psql "$PROOFMARK_URL" -Xqc "RETURN 'an_order_is_placed'"
