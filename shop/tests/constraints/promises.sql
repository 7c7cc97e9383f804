-- Every named promise of the schema: constraints, unique indexes that no constraint owns, and
-- domain checks. The bookkeeping of sqlx's migrator is not ours.
SELECT constraint_.conname::text AS name,
       CASE constraint_.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key'
                                WHEN 'x' THEN 'exclude' WHEN 't' THEN 'guard'
                                ELSE 'unique' END AS kind,
       table_.relname::text AS "table"
  FROM pg_constraint AS constraint_
  LEFT JOIN pg_class AS table_ ON table_.oid = constraint_.conrelid
 WHERE constraint_.connamespace = 'public'::regnamespace AND constraint_.contype <> 'n'
   AND constraint_.conrelid <> coalesce(to_regclass('_sqlx_migrations'), 0)
 UNION ALL
SELECT index_.relname::text, 'unique', table_.relname::text
  FROM pg_index
  JOIN pg_class AS index_ ON index_.oid = pg_index.indexrelid
  JOIN pg_class AS table_ ON table_.oid = pg_index.indrelid
 WHERE pg_index.indisunique AND table_.relnamespace = 'public'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_constraint
                    WHERE conindid = pg_index.indexrelid AND contype IN ('p', 'u', 'x'))
