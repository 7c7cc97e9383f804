-- test: the_server_is_asked_where_it_is
\pset tuples_only on
\pset format unaligned
\o address
select format('host=%s port=%s user=%s',
              btrim(current_setting('unix_socket_directories'), '"'),
              current_setting('port'), current_user);

-- test: an_order_is_placed
\set address `cat address`
\set mine `psql "$PROOFMARK_URL" -XAtc 'SHOW LEASES' | grep placed | cut -d '|' -f 4`
\set past_the_proxy :address ' dbname=' :mine
\connect :"past_the_proxy"
insert into orders values (1);
