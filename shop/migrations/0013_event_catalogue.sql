-- The catalogue of events. Generated from the events of shop/src; a test compares, and
-- `UPDATE_EXPECT=1 cargo test -p shop --test shop events::catalogue` writes it anew.

-- Events of: product

-- none

-- Events of: variant

-- none

-- Events of: customer

-- none

-- Events of: cart

INSERT INTO event_type (type, version, schema) VALUES
    ('cart.created', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"A cart was made.","properties":{"cart":{"description":"Which.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"currency":{"description":"What its prices are in.","pattern":"^[A-Z]{3}$","type":"string"},"customer":{"description":"Whose; none for a guest''s.","pattern":"^cus_[0-9a-f]{32}$","type":["string","null"]}},"required":["cart","currency"],"title":"CartCreated","type":"object"}'),
    ('cart.line_set', 1, '{"$defs":{"Money":{"additionalProperties":false,"description":"Whole minor units of a currency, of either sign, at most [`MAX_MINOR`] either way.","properties":{"currency":{"pattern":"^[A-Z]{3}$","type":"string"},"minor":{"description":"In minor units: 1999 is 19.99 EUR and 1999 JPY.","format":"int64","maximum":999999999999999,"minimum":-999999999999999,"type":"integer"}},"required":["minor","currency"],"title":"Money","type":"object"}},"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"A variant is in the cart, now in this quantity.","properties":{"cart":{"description":"Which cart.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"quantity":{"description":"How much of it, in all.","maximum":100000,"minimum":1,"type":"integer"},"unit_price":{"$ref":"#/$defs/Money","description":"What one of it costs."},"variant":{"description":"Of what.","pattern":"^var_[0-9a-f]{32}$","type":"string"}},"required":["cart","variant","quantity","unit_price"],"title":"CartLineSet","type":"object"}'),
    ('cart.line_removed', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"A variant is no longer in the cart.","properties":{"cart":{"description":"Which cart.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"variant":{"description":"What was removed.","pattern":"^var_[0-9a-f]{32}$","type":"string"}},"required":["cart","variant"],"title":"CartLineRemoved","type":"object"}'),
    ('cart.repriced', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"The prices were looked up again.","properties":{"cart":{"description":"Which.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"changed":{"description":"How many of its lines cost something else now, or are gone.","format":"uint32","minimum":0,"type":"integer"},"until":{"description":"Until when the prices hold.","format":"date-time","type":"string"}},"required":["cart","changed","until"],"title":"CartRepriced","type":"object"}'),
    ('cart.voucher_entered', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"A voucher was entered; nothing is claimed by that.","properties":{"cart":{"description":"Which cart.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"voucher":{"description":"Which voucher.","pattern":"^vou_[0-9a-f]{32}$","type":"string"}},"required":["cart","voucher"],"title":"CartVoucherEntered","type":"object"}'),
    ('cart.voucher_withdrawn', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"A voucher was taken out again.","properties":{"cart":{"description":"Which cart.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"voucher":{"description":"Which voucher.","pattern":"^vou_[0-9a-f]{32}$","type":"string"}},"required":["cart","voucher"],"title":"CartVoucherWithdrawn","type":"object"}'),
    ('cart.claimed', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"A guest''s cart is a customer''s now.","properties":{"cart":{"description":"Which.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"customer":{"description":"Whose now.","pattern":"^cus_[0-9a-f]{32}$","type":"string"}},"required":["cart","customer"],"title":"CartClaimed","type":"object"}'),
    ('cart.lines_received', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"The lines of another cart came into this one.","properties":{"cart":{"description":"The cart that has them now.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"from":{"description":"The cart that had them.","pattern":"^cart_[0-9a-f]{32}$","type":"string"}},"required":["cart","from"],"title":"CartLinesReceived","type":"object"}'),
    ('cart.merged', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"Its lines went to another cart.","properties":{"cart":{"description":"Which.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"into":{"description":"Where its lines are now.","pattern":"^cart_[0-9a-f]{32}$","type":"string"}},"required":["cart","into"],"title":"CartMerged","type":"object"}'),
    ('cart.checkout_begun', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"Its stock and prices are held.","properties":{"cart":{"description":"Which.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"until":{"description":"Until when.","format":"date-time","type":"string"}},"required":["cart","until"],"title":"CartCheckoutBegun","type":"object"}'),
    ('cart.checkout_left', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"Its stock is free again and its lines can change.","properties":{"cart":{"description":"Which.","pattern":"^cart_[0-9a-f]{32}$","type":"string"}},"required":["cart"],"title":"CartCheckoutLeft","type":"object"}'),
    ('cart.converted', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"It became an order.","properties":{"cart":{"description":"Which.","pattern":"^cart_[0-9a-f]{32}$","type":"string"},"order":{"description":"The order.","pattern":"^ord_[0-9a-f]{32}$","type":"string"}},"required":["cart","order"],"title":"CartConverted","type":"object"}'),
    ('cart.abandoned', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"Its owner gave it up.","properties":{"cart":{"description":"Which.","pattern":"^cart_[0-9a-f]{32}$","type":"string"}},"required":["cart"],"title":"CartAbandoned","type":"object"}'),
    ('cart.expired', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"Its time was over.","properties":{"cart":{"description":"Which.","pattern":"^cart_[0-9a-f]{32}$","type":"string"}},"required":["cart"],"title":"CartExpired","type":"object"}');

-- Events of: reservation

-- none

-- Events of: stock_transfer

-- none

-- Events of: voucher

-- none

-- Events of: order

INSERT INTO event_type (type, version, schema) VALUES
    ('order.confirmed', 1, '{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"It is paid; its goods may leave.","properties":{"order":{"description":"Which.","pattern":"^ord_[0-9a-f]{32}$","type":"string"}},"required":["order"],"title":"OrderConfirmed","type":"object"}');

-- Events of: payment

-- none

-- Events of: store_credit

-- none
