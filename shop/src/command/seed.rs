//! `shop seed`: something to look at.

use std::time::Instant;

use shop::context::Context;
use shop::seed::{self, SeedError, Seeded};

use super::args::{Seed, Size};
use super::database::{Database, Sharing};
use super::failure::Failure;
use super::{migrate, say};

pub(super) async fn seed(arguments: &Seed) -> Result<(), Failure> {
    let database = Database::open(&arguments.database, Sharing::Join).await?;
    migrate::bring(&database.pool).await?;
    let size = match arguments.size {
        Size::Small => seed::Size::SMALL,
        Size::Large => seed::Size::LARGE,
    };
    let (begun, now) = (Instant::now(), Context::system().now());
    let told = |text: &str| say::progress("seeded", text);
    let Seeded { products, variants, customers, orders, carts } =
        seed::seed(&database.pool, now, size, arguments.number, &told).await.map_err(|error| {
            let failure = Failure::of("the shop was not filled", &error);
            match error {
                SeedError::NotEmpty => failure.help("seed an empty one: another --data"),
                _ => failure,
            }
        })?;
    say::named(
        "seeded",
        &format!(
            "{products} products with {variants} variants, {customers} customers, {orders} orders, \
             {carts} open carts in {:.1} s",
            begun.elapsed().as_secs_f64()
        ),
    );
    database.close().await
}
