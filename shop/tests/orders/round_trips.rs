//! How often placing an order asks the server.
//!
//! A relay between the pool and the server counts the answers `ReadyForQuery`, of which the server
//! gives exactly one per round trip.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shop::cart;
use shop::inventory::Strategy;
use shop::order;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::stage::eur;
use crate::make::Make;

/// Counts the messages of one kind in what the server sends.
#[derive(Default)]
struct Counter {
    header: Vec<u8>,
    rest: usize,
}

impl Counter {
    fn read(&mut self, bytes: &[u8], kind: u8) -> usize {
        let mut count = 0;
        for &byte in bytes {
            if self.rest > 0 {
                self.rest -= 1;
                continue;
            }
            self.header.push(byte);
            if let [first, length @ ..] = self.header.as_slice()
                && let Ok(length) = <[u8; 4]>::try_from(length)
            {
                count += usize::from(*first == kind);
                self.rest = u32::from_be_bytes(length) as usize - 4;
                self.header.clear();
            }
        }
        count
    }
}

/// A relay to the server of the test, which may listen on a socket of its machine only; gives its
/// port and what it has counted.
async fn relay(server: PgConnectOptions) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (port, socket) = (server.get_port(), server.get_socket());
            let socket = socket.map(|folder| folder.join(format!(".s.PGSQL.{port}")));
            let counted = Arc::clone(&counted);
            if let Some(path) = socket {
                let server = UnixStream::connect(path).await.unwrap();
                tokio::spawn(pass(client, server, counted));
            } else {
                let server = TcpStream::connect((server.get_host(), port)).await.unwrap();
                tokio::spawn(pass(client, server, counted));
            }
        }
    });
    (port, count)
}

/// Passes bytes on in both directions and counts answers.
async fn pass(
    mut client: TcpStream,
    mut server: impl AsyncRead + AsyncWrite + Unpin,
    counted: Arc<AtomicUsize>,
) {
    let mut counter = Counter::default();
    let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            Ok(length @ 1..) = client.read(&mut up) => {
                server.write_all(&up[..length]).await.unwrap();
            }
            Ok(length @ 1..) = server.read(&mut down) => {
                counted.fetch_add(counter.read(&down[..length], b'Z'), Ordering::SeqCst);
                client.write_all(&down[..length]).await.unwrap();
            }
            else => break,
        }
    }
}

#[proofmark::test]
async fn an_order_is_placed_in_six_round_trips_with_discounts_in_seven(make: Make) {
    make.german_tax().await;
    let server = make.db.connect_options();
    let (port, count) = relay((*server).clone()).await;
    let mut options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(server.get_username())
        .ssl_mode(PgSslMode::Disable);
    if let Some(database) = server.get_database() {
        options = options.database(database);
    }
    let through = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .unwrap();
    let voucher = make.voucher().await;
    let mut variants = Vec::new();
    for _ in 0..20 {
        variants.push(make.variant().priced(eur(1000)).in_stock(100).await);
    }
    // The first two prepare the statements.
    let cases = [(1, false), (1, true), (1, false), (20, false), (1, true), (20, true)];
    for (place, (lines, discounted)) in cases.into_iter().enumerate() {
        let mut cart = make.cart();
        for variant in &variants[..lines] {
            cart = cart.with(*variant, 1);
        }
        let cart = cart.await;
        if discounted {
            cart::enter_voucher(&make.db, &make.context, &cart.request(), &voucher.code)
                .await
                .unwrap();
        }
        cart::begin_checkout(&make.db, &make.context, &cart.request(), Strategy::MostStock)
            .await
            .unwrap();
        let before = count.load(Ordering::SeqCst);
        order::place(&through, &make.context, &make.placing(cart.request())).await.unwrap();
        let trips = count.load(Ordering::SeqCst) - before;
        let expected = if discounted { 7 } else { 6 };
        assert!(place < 2 || trips == expected, "{lines} lines took {trips} round trips");
    }
}
