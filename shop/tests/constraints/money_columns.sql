-- Columns that hold money by their domain or name, and are nullable, not bigint, or in a table
-- without a currency that is NOT NULL. A generated amount is never null because its sources are
-- not.
WITH money AS (
    SELECT attrelid, attname, atttypid, attnotnull OR attgenerated <> '' AS attnotnull,
           coalesce(nullif(typbasetype, 0), atttypid) AS base
      FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
     WHERE attnum > 0 AND NOT attisdropped
       AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
                                                   AND relkind IN ('r', 'p'))
       AND (typname IN ('minor_amount', 'positive_amount', 'signed_amount', 'unit_amount')
            OR attname IN ('amount', 'subtotal', 'total', 'authorized', 'captured',
                           'capture_pending', 'voided', 'refunded', 'refund_pending', 'disputed')
               AND typname <> 'int8range')
)
SELECT format('%s.%s', attrelid::regclass, attname)
  FROM money
 WHERE NOT attnotnull OR base <> 'bigint'::regtype
    OR NOT EXISTS (SELECT FROM pg_attribute AS currency
                    WHERE currency.attrelid = money.attrelid AND currency.attname = 'currency'
                      AND currency.attnotnull)
