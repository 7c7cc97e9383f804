//! What a test does with its database.
//!
//! **Invariant**: every statement is one round trip; nothing is prepared ahead.

use tokio_postgres::Client;

/// Which migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Thirty tables and 1,396 seed rows, in `schema/`.
    Thirty,
    /// The shop's, in `shop/migrations`.
    Shop,
}

impl Schema {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Thirty => "thirty",
            Self::Shop => "shop",
        }
    }

    pub(crate) fn migrations(self) -> std::path::PathBuf {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        match self {
            Self::Thirty => here.join("schema"),
            Self::Shop => here.join("../../shop/migrations"),
        }
    }

    /// A test that writes one row and reads it.
    pub(crate) fn trivial(self) -> Body {
        match self {
            Self::Thirty => Body(TRIVIAL),
            Self::Shop => Body(TRIVIAL_SHOP),
        }
    }
}

/// The statements of one test.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body(&'static [&'static str]);

/// What the peers run as well.
const TRIVIAL: &[&str] = &["insert into tag (name) values ('new')", "select count(*) from tag"];

const TRIVIAL_SHOP: &[&str] =
    &["insert into tax_class (code, name) values ('new', 'New')", "select count(*) from tax_class"];

/// A purchase: nine tables, two seed rows edited, one deleted.
pub(crate) const FLOW: Body = Body(&[
    "begin",
    "insert into customer (email, name) values ('ann@example.org', 'Ann')",
    "insert into address (customer_id, country, line) \
     values (currval('customer_id_seq'), 'C1', '1 Road')",
    "insert into cart (customer_id) values (currval('customer_id_seq'))",
    "insert into cart_line (cart_id, product_id, quantity) values (currval('cart_id_seq'), 7, 2)",
    "update stock set on_hand = on_hand - 2 where product_id = 7",
    "update voucher set uses_left = uses_left - 1 where code = 'SPRING'",
    "delete from voucher where code = 'SUMMER'",
    "insert into purchase (customer_id, address_id, voucher, total_minor) \
     values (currval('customer_id_seq'), currval('address_id_seq'), 'SPRING', 214)",
    "insert into purchase_line (purchase_id, product_id, quantity, minor) \
     values (currval('purchase_id_seq'), 7, 2, 107)",
    "insert into payment (purchase_id, state, minor) \
     values (currval('purchase_id_seq'), 'captured', 214)",
    "commit",
]);

impl Body {
    pub(crate) async fn run(self, client: &Client) -> Result<(), tokio_postgres::Error> {
        for statement in self.0 {
            client.simple_query(statement).await?;
        }
        Ok(())
    }

    /// The same, taken back: what it costs where nothing is isolated.
    pub(crate) async fn bare(self, client: &Client) -> Result<(), tokio_postgres::Error> {
        let inside: Vec<_> =
            self.0.iter().filter(|text| !matches!(**text, "begin" | "commit")).collect();
        client.simple_query("begin").await?;
        for statement in inside {
            client.simple_query(statement).await?;
        }
        client.simple_query("rollback").await?;
        Ok(())
    }
}
