//! Promotions, vouchers, tax, shipping, and what a cart comes to.

mod carts;
