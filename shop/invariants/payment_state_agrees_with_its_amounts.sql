-- Must hold: a payment that says it is captured, refunded or disputed has captured money; one that
-- has not got so far has none; a refunded one has given everything back.
-- Why no constraint says it: state and amounts move in separate statements of one transaction.
SELECT format('payment %s', id) AS subject,
       format('%s with captured %s, refunded %s, disputed %s', state, captured, refunded, disputed)
           AS problem
  FROM payment
 WHERE CASE WHEN state IN ('requires_payment_method', 'requires_action', 'processing',
                           'authorized', 'voided', 'expired')
                THEN captured <> 0
            WHEN state IN ('partially_captured', 'captured', 'partially_refunded', 'disputed',
                           'charged_back')
                THEN captured = 0
            WHEN state = 'refunded' THEN captured = 0 OR refunded + disputed <> captured
            ELSE false END
