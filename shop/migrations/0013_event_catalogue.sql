-- The catalogue of events. Generated from the events of shop/src; a test compares, and
-- `UPDATE_EXPECT=1 cargo test -p shop --test shop events::catalogue` writes it anew.

-- Events of: product

-- none

-- Events of: variant

-- none

-- Events of: customer

-- none

-- Events of: cart

-- none

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
