//! Rows of `0004_cart.sql`, and a cart that has left `active`.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row(
        "cart",
        &["customer"],
        &[
            ("id", "{cart}"),
            ("customer_id", "{customer}"),
            ("currency", "'EUR'"),
            ("tax_included", "true"),
            ("expires_at", "now() + interval '30 days'"),
            ("priced_at", "now()"),
            ("prices_expire_at", "now() + interval '1 hour'"),
        ],
    ),
    Factory::row(
        "guest_cart",
        &[],
        &[
            ("id", "{guest_cart}"),
            ("currency", "'EUR'"),
            ("tax_included", "true"),
            ("expires_at", "now() + interval '30 days'"),
        ],
    )
    .in_table("cart"),
    Factory::row(
        "cart_line",
        &["cart", "price"],
        &[
            ("cart_id", "{cart}"),
            ("variant_id", "{variant}"),
            ("currency", "'EUR'"),
            ("tax_included", "true"),
            ("price_id", "{price}"),
            ("unit_price", "1000"),
            ("price_min_quantity", "2"),
            ("quantity", "2"),
        ],
    ),
    Factory::row(
        "cart_session",
        &["cart"],
        &[
            ("id", "{cart_session}"),
            ("cart_id", "{cart}"),
            ("token_hash", "sha256('token')"),
            ("expires_at", "now() + interval '30 days'"),
            ("revoked_at", "now()"),
        ],
    ),
    Factory::steps(
        "closed_cart",
        &["cart_line"],
        &[
            "INSERT INTO cart_history (cart_id, seq, from_state, to_state, actor)
             VALUES ({cart}, 1, 'active', 'checkout', 'test')",
            "UPDATE cart SET state = 'checkout', state_seq = 1 WHERE id = {cart}",
        ],
    ),
    Factory::steps(
        "merged_cart",
        &["cart", "guest_cart"],
        &[
            "INSERT INTO cart_history (cart_id, seq, from_state, to_state, actor)
             VALUES ({guest_cart}, 1, 'active', 'merged', 'test')",
            "UPDATE cart SET state = 'merged', state_seq = 1, merged_into = {cart}
              WHERE id = {guest_cart}",
        ],
    ),
];
