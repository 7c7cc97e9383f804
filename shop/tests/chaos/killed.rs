//! The server is killed with all its processes while people buy, and comes back from its data
//! directory.

use chrono::TimeDelta;
use shop::id::{OrderId, PaymentId, VariantId};
use shop::payment::provider::fake::{FakeProvider, Moved};

use super::life::{Answers, Said, keep_buying};
use crate::make::Make;
use crate::make::kill::kill_all;
use crate::make::payment::eur;
use crate::payments::books::ours;
use crate::scale::server::{pool_of, start_from, start_migrated};
use crate::workflows::Workflow;

const SHOPPERS: usize = 4;

/// Whatever somebody was told is so.
async fn assert_kept(make: &Make, said: &[Said], fake: &FakeProvider) {
    let placed: Vec<OrderId> = said
        .iter()
        .filter_map(|said| if let Said::Placed(order) = said { Some(*order) } else { None })
        .collect();
    let found: i64 = sqlx::query_scalar("SELECT count(*) FROM orders WHERE id = ANY($1)")
        .bind(&placed)
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(usize::try_from(found), Ok(placed.len()), "orders that were placed");
    for said in said {
        match said {
            Said::Placed(_) => {}
            Said::Taken(payment) => {
                assert_eq!(ours(make, *payment).await.captured, 2_000, "{said:?}");
            }
            Said::Back(payment) => {
                assert_eq!(ours(make, *payment).await.refunded, 500, "{said:?}");
            }
        }
    }
    // Nobody was charged twice, nor paid back twice.
    let payments: Vec<PaymentId> =
        sqlx::query_scalar("SELECT id FROM payment").fetch_all(&make.db).await.unwrap();
    for payment in payments {
        let Moved { captured, refunded, .. } = fake.moved(payment);
        assert!([0, 2_000].contains(&captured) && [0, 500].contains(&refunded), "{payment}");
    }
}

/// Stock is what was there, less what is promised to orders that stand.
async fn assert_stock(flow: &Workflow, variant: VariantId, received: i64) {
    let promised: i64 =
        sqlx::query_scalar("SELECT coalesce(sum(quantity - cancelled), 0)::bigint FROM order_line")
            .fetch_one(&flow.make.db)
            .await
            .unwrap();
    assert_eq!(flow.stock(variant).await, (received, promised, 0));
}

/// Orders are still taken, paid and sent.
async fn bought_and_paid(flow: &Workflow, variant: VariantId) {
    let mut guest = flow.guest();
    guest.take(variant, 2).await;
    let bought = guest.check_out().await;
    bought.pay().await;
}

#[proofmark::test(worker_threads = 2)]
async fn what_was_answered_survives_the_death_of_the_server(make: Make) {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start_migrated(&[]).await;
    let mut db = pool_of(&server).await;
    let mut flow = Workflow::new(&make.through(&db)).await;
    let variant = flow.make.variant().priced(eur(1_000)).in_stock(100_000).await;
    let answers = Answers::new();
    for round in 1..=2 {
        let before = answers.all().len();
        let shoppers: Vec<_> = (0..SHOPPERS)
            .map(|_| {
                let (make, fake) = (flow.make.clone(), flow.fake.clone());
                tokio::spawn(keep_buying(make, fake, variant, answers.clone()))
            })
            .collect();
        answers.until(before + 30).await;
        kill_all(server.pid());
        for shopper in shoppers {
            shopper.await.unwrap();
        }
        db.close().await;

        let image = server.save_to(&folder.path().join(round.to_string())).unwrap();
        server = start_from(&image, &[]);
        db = pool_of(&server).await;
        flow = flow.through(&db);
        flow.recover().await;
        let said = answers.all();
        assert!(said.len() >= before + 30, "round {round}");
        assert_kept(&flow.make, &said, &flow.fake).await;
        // Carts that were in the middle of checkout hold their stock until their time is over.
        make.clock.advance(TimeDelta::hours(1));
        shop::inventory::sweep(&flow.make.db, &flow.make.context, 1_000).await.unwrap();
        assert_stock(&flow, variant, 100_000).await;
        bought_and_paid(&flow, variant).await;
        flow.adds_up().await;
    }
    db.close().await;
    server.stop().unwrap();
}
