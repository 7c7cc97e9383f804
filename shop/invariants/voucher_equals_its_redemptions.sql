-- Must hold: a voucher was used as often as it was redeemed and not given back, in total and per
-- customer.
-- Why no constraint says it: the counters are kept by triggers.
SELECT format('voucher %s', voucher.id) AS subject,
       format('used %s, redemptions %s', voucher.used, redeemed.total) AS problem
  FROM voucher,
       LATERAL (SELECT count(*) AS total FROM voucher_redemption AS redemption
                 WHERE redemption.voucher_id = voucher.id AND redemption.state = 'redeemed')
           AS redeemed
 WHERE voucher.used <> redeemed.total
 UNION ALL
SELECT format('voucher %s of customer %s', counter.voucher_id, counter.customer_id),
       format('used %s, redemptions %s', counter.used, redeemed.total)
  FROM voucher_customer AS counter,
       LATERAL (SELECT count(*) AS total FROM voucher_redemption AS redemption
                 WHERE redemption.voucher_id = counter.voucher_id
                   AND redemption.customer_id = counter.customer_id
                   AND redemption.limited_per_customer AND redemption.state = 'redeemed')
           AS redeemed
 WHERE counter.used <> redeemed.total
