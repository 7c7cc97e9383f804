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

-- none

-- Events of: payment

-- none

-- Events of: store_credit

-- none
