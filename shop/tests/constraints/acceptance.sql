-- For every promise a question: is there a row that could have broken it? For a CHECK one for which
-- the expression is true and not just unknown; for a key or foreign key one with a value in every
-- column (and in the predicate); for a domain or a guard any value or row.
WITH about AS (
    SELECT conname::text AS promise, conrelid AS relation, conkey AS columns, NULL AS condition
      FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'p', 'u', 'x')
     UNION ALL
    SELECT conname::text, conrelid, NULL, pg_get_expr(conbin, conrelid)
      FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND contype = 'c' AND conrelid <> 0
     UNION ALL
    SELECT indexrelid::regclass::text, indrelid,
           array_remove(indkey::int2[], 0::int2), pg_get_expr(indpred, indrelid)
      FROM pg_index
     WHERE indisunique
       AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = pg_index.indexrelid
                                                   AND contype IN ('p', 'u', 'x'))
     UNION ALL
    SELECT tgname::text, tgrelid, NULL, NULL
      FROM pg_trigger
     WHERE tgconstraint <> 0 AND NOT tgisinternal AND tgfoid IN (SELECT oid FROM pg_proc WHERE proname IN (
               'refuse', 'refuse_unless_owner_is_gone', 'order_must_add_up'))
     UNION ALL
    SELECT conname::text, attrelid, ARRAY[attnum], NULL
      FROM pg_constraint
           CROSS JOIN LATERAL (SELECT attrelid, attnum FROM pg_attribute
                                WHERE atttypid = contypid AND attnum > 0 LIMIT 1) AS used
     WHERE contypid <> 0 AND connamespace = 'public'::regnamespace
)
SELECT relation::regclass::text AS table, promise,
       format('SELECT EXISTS (SELECT FROM %s WHERE %s)', relation::regclass,
              concat_ws(' AND ', 'true', condition,
                        (SELECT string_agg(format('%I IS NOT NULL', attname), ' AND ')
                           FROM pg_attribute
                          WHERE attrelid = relation AND attnum = ANY (columns))))
  FROM about
 WHERE relation <> coalesce(to_regclass('_sqlx_migrations'), 0)
 ORDER BY promise
