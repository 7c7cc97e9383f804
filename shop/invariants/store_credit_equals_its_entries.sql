-- Must hold: issued, held and spent of a gift card or credit are the sums of its entries.
-- Why no constraint says it: the sums are kept by a trigger.
SELECT format('store credit %s', credit.id) AS subject,
       format('issued, held, spent are %s, entries say %s',
              ARRAY[credit.issued, credit.held, credit.spent]::bigint[], entry.sums) AS problem
  FROM store_credit AS credit,
       LATERAL (SELECT ARRAY[
           coalesce(sum(amount) FILTER (WHERE kind = 'issue'), 0),
           coalesce(sum(CASE kind WHEN 'hold' THEN amount WHEN 'release' THEN -amount
                                  WHEN 'spend' THEN -amount ELSE 0 END), 0),
           coalesce(sum(CASE kind WHEN 'spend' THEN amount WHEN 'give_back' THEN -amount
                                  ELSE 0 END), 0)]::bigint[] AS sums
                  FROM store_credit_entry
                 WHERE store_credit_entry.store_credit_id = credit.id) AS entry
 WHERE ARRAY[credit.issued, credit.held, credit.spent]::bigint[] <> entry.sums
