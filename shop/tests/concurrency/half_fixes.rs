//! The tempting half-fix of each race, on tables of its own that lack the constraints of the shop:
//! the exploration that the shop withstands catches every one of them, so it is one that can fail.
//! Beside some is the whole fix, in which it finds nothing.

use proofmark::race::{Explored, Race};
use sqlx::{PgConnection, PgPool};

use super::holds;
use crate::make::Make;

type Done = sqlx::Result<()>;

/// Runs two calls on `tables`, made anew for each schedule; all is well while `well` says so.
async fn explore(
    make: &Make,
    tables: &'static str,
    a: impl AsyncFn(&mut PgConnection) -> Done,
    b: impl AsyncFn(&mut PgConnection) -> Done,
    well: &'static str,
) -> Explored {
    Race::new(&make.lease)
        .explore(
            async |db: PgPool| {
                sqlx::raw_sql(tables).execute(&db).await.unwrap();
            },
            // A call that is refused, by a constraint or as a serialization failure, did no harm.
            async |mut db: PgConnection, (): &()| a(&mut db).await.is_ok(),
            async |mut db: PgConnection, (): &()| b(&mut db).await.is_ok(),
            async |db: PgPool, (): &(), _: &bool, _: &bool| {
                let well: bool = sqlx::query_scalar(well).fetch_one(&db).await.unwrap();
                assert!(well);
            },
        )
        .await
}

async fn run(db: &mut PgConnection, sql: &'static str) -> sqlx::Result<u64> {
    Ok(sqlx::query(sql).execute(db).await?.rows_affected())
}

async fn number(db: &mut PgConnection, sql: &'static str) -> sqlx::Result<i64> {
    sqlx::query_scalar(sql).fetch_one(db).await
}

/// Serializable or not, a transaction that ends in an error is rolled back with its connection.
async fn all(db: &mut PgConnection, statements: &[&'static str]) -> Done {
    for statement in statements {
        run(db, statement).await?;
    }
    Ok(())
}

mod half_fix {
    use super::{Done, PgConnection, all, number, run};

    /// Checks, then writes what it has computed; in a transaction, which helps nothing.
    pub async fn oversell_in_a_transaction(db: &mut PgConnection) -> Done {
        run(db, "BEGIN").await?;
        let left = number(db, "SELECT quantity FROM half_stock").await?;
        if left < 1 {
            return Ok(());
        }
        sqlx::query("UPDATE half_stock SET quantity = $1").bind(left - 1).execute(&mut *db).await?;
        all(db, &["INSERT INTO half_sold VALUES (1)", "COMMIT"]).await
    }

    /// Takes one off whatever is there, having looked before.
    pub async fn oversell_relative_without_a_guard(db: &mut PgConnection) -> Done {
        if number(db, "SELECT quantity FROM half_stock").await? < 1 {
            return Ok(());
        }
        all(
            db,
            &[
                "BEGIN",
                "UPDATE half_stock SET quantity = quantity - 1",
                "INSERT INTO half_sold VALUES (1)",
                "COMMIT",
            ],
        )
        .await
    }

    /// Asks the provider between looking and writing.
    pub async fn capture_updates_the_state_at_the_end(db: &mut PgConnection) -> Done {
        let held = "SELECT count(*) FROM half_payment WHERE state = 'authorized'";
        if number(db, held).await? == 0 {
            return Ok(());
        }
        all(
            db,
            &[
                "INSERT INTO half_moved VALUES (100)",
                "UPDATE half_payment SET state = 'captured' WHERE state = 'authorized'",
            ],
        )
        .await
    }

    /// Sums what was given back in a snapshot that does not change, and adds to it.
    pub async fn refund_sums_then_inserts_at_repeatable_read(db: &mut PgConnection) -> Done {
        run(db, "BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
        if number(db, "SELECT coalesce(sum(amount), 0)::bigint FROM half_refund").await? > 40 {
            return Ok(());
        }
        all(db, &["INSERT INTO half_refund VALUES (60)", "COMMIT"]).await
    }

    /// Locks the payment when it has believed the sum already.
    pub async fn refund_locks_after_the_sum(db: &mut PgConnection) -> Done {
        run(db, "BEGIN").await?;
        let back = number(db, "SELECT coalesce(sum(amount), 0)::bigint FROM half_refund").await?;
        run(db, "SELECT FROM half_payment FOR UPDATE").await?;
        if back > 40 {
            return Ok(());
        }
        all(db, &["INSERT INTO half_refund VALUES (60)", "COMMIT"]).await
    }

    /// Counts and inserts in one statement.
    pub async fn voucher_counts_and_inserts_in_one_statement(db: &mut PgConnection) -> Done {
        let redeem = "
            WITH used AS (SELECT count(*) AS times FROM half_redemption)
            INSERT INTO half_redemption SELECT 1 FROM used WHERE times < 1";
        run(db, redeem).await.map(drop)
    }

    /// Locks the cart, sums it, and copies its lines.
    pub async fn checkout_alone_locks_the_cart(db: &mut PgConnection) -> Done {
        all(
            db,
            &[
                "BEGIN",
                "SELECT FROM half_cart FOR UPDATE",
                "INSERT INTO half_order SELECT sum(amount) FROM half_line",
                "INSERT INTO half_order_line SELECT amount FROM half_line",
                "COMMIT",
            ],
        )
        .await
    }

    /// Adds a line and knows nothing of the lock.
    pub async fn add_without_the_lock(db: &mut PgConnection) -> Done {
        run(db, "INSERT INTO half_line VALUES (500)").await.map(drop)
    }

    /// Reads the guest's lines, adds them to the customer's, and deletes them.
    pub async fn merge_selects_then_inserts(db: &mut PgConnection) -> Done {
        run(db, "BEGIN").await?;
        let guest = number(db, "SELECT coalesce(sum(quantity), 0)::bigint FROM half_guest").await?;
        sqlx::query("UPDATE half_own SET quantity = quantity + $1")
            .bind(guest)
            .execute(&mut *db)
            .await?;
        all(db, &["DELETE FROM half_guest", "COMMIT"]).await
    }

    /// Takes the total from one read, and the lines from a second that locks the prices.
    pub async fn price_locked_on_the_second_read(db: &mut PgConnection) -> Done {
        run(db, "BEGIN").await?;
        let total = number(db, "SELECT amount FROM half_price").await?;
        sqlx::query("INSERT INTO half_order VALUES ($1)").bind(total).execute(&mut *db).await?;
        let line = "INSERT INTO half_order_line SELECT amount FROM half_price FOR SHARE";
        all(db, &[line, "COMMIT"]).await
    }

    /// Does the work first, and inserts the key last.
    pub async fn idempotency_key_inserted_last(db: &mut PgConnection) -> Done {
        if number(db, "SELECT count(*) FROM half_key").await? > 0 {
            return Ok(());
        }
        all(
            db,
            &[
                "BEGIN",
                "INSERT INTO half_sold VALUES (1)",
                "INSERT INTO half_key VALUES ('k') ON CONFLICT DO NOTHING",
                "COMMIT",
            ],
        )
        .await
    }

    /// Claims the reservation, as it should.
    pub async fn sweeper_claims(db: &mut PgConnection) -> Done {
        run(db, "BEGIN").await?;
        let claim = "UPDATE half_hold SET state = 'expired' WHERE state = 'active'";
        if run(db, claim).await? == 1 {
            run(db, "UPDATE half_stock SET quantity = quantity + 1").await?;
        }
        run(db, "COMMIT").await.map(drop)
    }

    /// Checks the state, and writes without checking.
    pub async fn confirmation_does_not_claim(db: &mut PgConnection) -> Done {
        run(db, "BEGIN").await?;
        let active = "SELECT count(*) FROM half_hold WHERE state = 'active'";
        if number(db, active).await? == 1 {
            run(db, "UPDATE half_hold SET state = 'committed'").await?;
            run(db, "INSERT INTO half_sold VALUES (1)").await?;
        }
        run(db, "COMMIT").await.map(drop)
    }

    /// Spends of one of two accounts what both together hold, in a snapshot.
    pub async fn spend_at_repeatable_read(db: &mut PgConnection, account: &'static str) -> Done {
        run(db, "BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
        if number(db, "SELECT sum(balance)::bigint FROM half_account").await? < 100 {
            return Ok(());
        }
        all(db, &[account, "COMMIT"]).await
    }

    /// Looks for a default, and makes one.
    pub async fn default_address_checked_first(db: &mut PgConnection) -> Done {
        let none = "SELECT count(*) FROM half_address WHERE is_default";
        if number(db, none).await? == 0 {
            run(db, "INSERT INTO half_address VALUES (true)").await?;
        }
        Ok(())
    }

    /// The highest number and one.
    pub async fn number_is_the_highest_and_one(db: &mut PgConnection) -> Done {
        run(db, "INSERT INTO half_number SELECT coalesce(max(number), 0) + 1 FROM half_number")
            .await
            .map(drop)
    }

    /// Writes what was counted, although some of it was sold meanwhile.
    pub async fn count_written_as_it_is(db: &mut PgConnection) -> Done {
        let counted = number(db, "SELECT quantity FROM half_stock").await?;
        sqlx::query("UPDATE half_stock SET quantity = $1").bind(counted).execute(db).await?;
        Ok(())
    }

    /// A change made on a version; whether it was made nobody looks.
    pub async fn version_that_nobody_looks_at(db: &mut PgConnection) -> Done {
        let version = number(db, "SELECT version FROM half_document").await?;
        sqlx::query("UPDATE half_document SET version = version + 1 WHERE version = $1")
            .bind(version)
            .execute(&mut *db)
            .await?;
        run(db, "INSERT INTO half_told VALUES ('saved')").await.map(drop)
    }
}

/// What is right, on the same tables.
mod whole_fix {
    use super::{Done, PgConnection, all, number, run};

    pub async fn sell(db: &mut PgConnection) -> Done {
        run(db, "BEGIN").await?;
        let claim = "UPDATE half_stock SET quantity = quantity - 1 WHERE quantity >= 1";
        if run(db, claim).await? == 1 {
            run(db, "INSERT INTO half_sold VALUES (1)").await?;
        }
        run(db, "COMMIT").await.map(drop)
    }

    pub async fn capture(db: &mut PgConnection) -> Done {
        let claim = "UPDATE half_payment SET state = 'captured' WHERE state = 'authorized'";
        if run(db, claim).await? == 1 {
            run(db, "INSERT INTO half_moved VALUES (100)").await?;
        }
        Ok(())
    }

    pub async fn refund(db: &mut PgConnection) -> Done {
        all(db, &["BEGIN", "SELECT FROM half_payment FOR UPDATE"]).await?;
        if number(db, "SELECT coalesce(sum(amount), 0)::bigint FROM half_refund").await? > 40 {
            return Ok(());
        }
        all(db, &["INSERT INTO half_refund VALUES (60)", "COMMIT"]).await
    }

    pub async fn confirm(db: &mut PgConnection) -> Done {
        run(db, "BEGIN").await?;
        let claim = "UPDATE half_hold SET state = 'committed' WHERE state = 'active'";
        if run(db, claim).await? == 1 {
            run(db, "INSERT INTO half_sold VALUES (1)").await?;
        }
        run(db, "COMMIT").await.map(drop)
    }

    pub async fn idempotent(db: &mut PgConnection) -> Done {
        run(db, "BEGIN").await?;
        if run(db, "INSERT INTO half_key VALUES ('k') ON CONFLICT DO NOTHING").await? == 1 {
            run(db, "INSERT INTO half_sold VALUES (1)").await?;
        }
        run(db, "COMMIT").await.map(drop)
    }

    pub async fn save(db: &mut PgConnection) -> Done {
        let version = number(db, "SELECT version FROM half_document").await?;
        let sql = "UPDATE half_document SET version = version + 1 WHERE version = $1";
        let saved = sqlx::query(sql).bind(version).execute(&mut *db).await?.rows_affected();
        if saved == 1 {
            run(db, "INSERT INTO half_told VALUES ('saved')").await?;
        }
        Ok(())
    }
}

const ONE_UNIT: &str = "
    DROP TABLE IF EXISTS half_stock, half_sold, half_hold, half_key;
    CREATE TABLE half_stock (quantity bigint NOT NULL);
    CREATE TABLE half_sold (units bigint NOT NULL);
    CREATE TABLE half_hold (state text NOT NULL);
    CREATE TABLE half_key (key text PRIMARY KEY);
    INSERT INTO half_stock VALUES (1);
    INSERT INTO half_hold VALUES ('active')";
const NEVER_OVERSOLD: &str =
    "SELECT (SELECT min(quantity) FROM half_stock) >= 0 AND (SELECT count(*) FROM half_sold) <= 1";

#[proofmark::test]
async fn a_check_before_the_write_oversells(make: Make) {
    use half_fix::{oversell_in_a_transaction, oversell_relative_without_a_guard};
    let half = oversell_in_a_transaction;
    explore(&make, ONE_UNIT, half, half, NEVER_OVERSOLD).await.assert_breaks();
    let half = oversell_relative_without_a_guard;
    explore(&make, ONE_UNIT, half, half, NEVER_OVERSOLD).await.assert_breaks();
    let whole = whole_fix::sell;
    holds(&explore(&make, ONE_UNIT, whole, whole, NEVER_OVERSOLD).await);
}

const HELD_MONEY: &str = "
    DROP TABLE IF EXISTS half_payment, half_moved, half_refund;
    CREATE TABLE half_payment (state text NOT NULL);
    CREATE TABLE half_moved (amount bigint NOT NULL);
    CREATE TABLE half_refund (amount bigint NOT NULL);
    INSERT INTO half_payment VALUES ('authorized')";

#[proofmark::test]
async fn a_state_that_is_updated_at_the_end_captures_twice(make: Make) {
    let half = half_fix::capture_updates_the_state_at_the_end;
    let once = "SELECT sum(amount) = 100 FROM half_moved";
    explore(&make, HELD_MONEY, half, half, once).await.assert_breaks();
    let whole = whole_fix::capture;
    holds(&explore(&make, HELD_MONEY, whole, whole, once).await);
}

#[proofmark::test]
async fn a_sum_before_the_insert_refunds_too_much(make: Make) {
    let within = "SELECT sum(amount) <= 100 FROM half_refund";
    let half = half_fix::refund_sums_then_inserts_at_repeatable_read;
    explore(&make, HELD_MONEY, half, half, within).await.assert_breaks();
    let half = half_fix::refund_locks_after_the_sum;
    explore(&make, HELD_MONEY, half, half, within).await.assert_breaks();
    let whole = whole_fix::refund;
    holds(&explore(&make, HELD_MONEY, whole, whole, within).await);
}

#[proofmark::test]
async fn a_count_and_an_insert_in_one_statement_redeem_twice(make: Make) {
    let tables = "
        DROP TABLE IF EXISTS half_redemption;
        CREATE TABLE half_redemption (uses bigint NOT NULL)";
    let half = half_fix::voucher_counts_and_inserts_in_one_statement;
    let once = "SELECT count(*) = 1 FROM half_redemption";
    explore(&make, tables, half, half, once).await.assert_breaks();
}

const A_CART: &str = "
    DROP TABLE IF EXISTS half_cart, half_line, half_order, half_order_line, half_price;
    CREATE TABLE half_cart (id bigint NOT NULL);
    CREATE TABLE half_line (amount bigint NOT NULL);
    CREATE TABLE half_order (total bigint NOT NULL);
    CREATE TABLE half_order_line (amount bigint NOT NULL);
    CREATE TABLE half_price (amount bigint NOT NULL);
    INSERT INTO half_cart VALUES (1);
    INSERT INTO half_line VALUES (1000);
    INSERT INTO half_price VALUES (1000)";
const TOTAL_IS_THE_SUM: &str =
    "SELECT (SELECT sum(total) FROM half_order) = (SELECT sum(amount) FROM half_order_line)";

#[proofmark::test]
async fn a_lock_in_the_checkout_only_gives_a_line_away(make: Make) {
    let checkout = half_fix::checkout_alone_locks_the_cart;
    let add = half_fix::add_without_the_lock;
    explore(&make, A_CART, checkout, add, TOTAL_IS_THE_SUM).await.assert_breaks();
    let locking = async |db: &mut PgConnection| {
        let line = "INSERT INTO half_line VALUES (500)";
        all(db, &["BEGIN", "SELECT FROM half_cart FOR UPDATE", line, "COMMIT"]).await
    };
    holds(&explore(&make, A_CART, checkout, locking, TOTAL_IS_THE_SUM).await);
}

#[proofmark::test]
async fn a_price_locked_on_the_second_read_is_not_the_one_of_the_first(make: Make) {
    let order = half_fix::price_locked_on_the_second_read;
    let change = async |db: &mut PgConnection| {
        run(db, "UPDATE half_price SET amount = 1200").await.map(drop)
    };
    explore(&make, A_CART, order, change, TOTAL_IS_THE_SUM).await.assert_breaks();
}

#[proofmark::test]
async fn a_merge_that_selects_then_inserts_brings_the_lines_twice(make: Make) {
    let tables = "
        DROP TABLE IF EXISTS half_guest, half_own;
        CREATE TABLE half_guest (quantity bigint NOT NULL);
        CREATE TABLE half_own (quantity bigint NOT NULL);
        INSERT INTO half_guest VALUES (2);
        INSERT INTO half_own VALUES (1)";
    let half = half_fix::merge_selects_then_inserts;
    let summed = "SELECT quantity = 3 FROM half_own";
    explore(&make, tables, half, half, summed).await.assert_breaks();
}

#[proofmark::test]
async fn a_key_that_is_inserted_last_lets_the_work_be_done_twice(make: Make) {
    let half = half_fix::idempotency_key_inserted_last;
    let once = "SELECT count(*) = 1 FROM half_sold";
    explore(&make, ONE_UNIT, half, half, once).await.assert_breaks();
    let whole = whole_fix::idempotent;
    holds(&explore(&make, ONE_UNIT, whole, whole, once).await);
}

#[proofmark::test]
async fn a_claim_on_one_side_only_sells_what_has_expired(make: Make) {
    let either = "
        SELECT (SELECT quantity FROM half_stock) + (SELECT count(*) FROM half_sold) = 2";
    let (sweep, half) = (half_fix::sweeper_claims, half_fix::confirmation_does_not_claim);
    explore(&make, ONE_UNIT, sweep, half, either).await.assert_breaks();
    let whole = whole_fix::confirm;
    holds(&explore(&make, ONE_UNIT, sweep, whole, either).await);
}

#[proofmark::test]
async fn a_balance_over_two_rows_is_overspent_at_repeatable_read(make: Make) {
    let tables = "
        DROP TABLE IF EXISTS half_account;
        CREATE TABLE half_account (id bigint NOT NULL, balance bigint NOT NULL);
        INSERT INTO half_account VALUES (1, 50), (2, 50)";
    let spend = half_fix::spend_at_repeatable_read;
    let first = async |db: &mut PgConnection| {
        spend(db, "UPDATE half_account SET balance = balance - 100 WHERE id = 1").await
    };
    let second = async |db: &mut PgConnection| {
        spend(db, "UPDATE half_account SET balance = balance - 100 WHERE id = 2").await
    };
    let within = "SELECT sum(balance) >= 0 FROM half_account";
    explore(&make, tables, first, second, within).await.assert_breaks();
}

#[proofmark::test]
async fn a_default_that_is_looked_for_first_is_made_twice(make: Make) {
    let tables = "
        DROP TABLE IF EXISTS half_address;
        CREATE TABLE half_address (is_default boolean NOT NULL)";
    let half = half_fix::default_address_checked_first;
    let one = "SELECT count(*) = 1 FROM half_address";
    explore(&make, tables, half, half, one).await.assert_breaks();
}

#[proofmark::test]
async fn the_highest_number_and_one_is_given_twice(make: Make) {
    let tables = "
        DROP TABLE IF EXISTS half_number;
        CREATE TABLE half_number (number bigint NOT NULL)";
    let half = half_fix::number_is_the_highest_and_one;
    let unique = "SELECT count(*) = count(DISTINCT number) FROM half_number";
    explore(&make, tables, half, half, unique).await.assert_breaks();
}

#[proofmark::test]
async fn a_count_that_is_written_as_it_is_undoes_a_sale(make: Make) {
    let sold = "
        SELECT (SELECT quantity FROM half_stock) + (SELECT count(*) FROM half_sold) = 1";
    let (count, sell) = (half_fix::count_written_as_it_is, whole_fix::sell);
    explore(&make, ONE_UNIT, count, sell, sold).await.assert_breaks();
}

#[proofmark::test]
async fn a_version_that_nobody_looks_at_loses_a_change(make: Make) {
    let tables = "
        DROP TABLE IF EXISTS half_document, half_told;
        CREATE TABLE half_document (version bigint NOT NULL);
        CREATE TABLE half_told (what text NOT NULL);
        INSERT INTO half_document VALUES (0)";
    let saved = "SELECT (SELECT version FROM half_document) = (SELECT count(*) FROM half_told)";
    let half = half_fix::version_that_nobody_looks_at;
    explore(&make, tables, half, half, saved).await.assert_breaks();
    let whole = whole_fix::save;
    holds(&explore(&make, tables, whole, whole, saved).await);
}
