//! pgtemp: a server for every test. Prints the times as a line of JSON.

use std::time::Instant;

use pgtemp::PgTempDBBuilder;
use tokio_postgres::{Client, NoTls};

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Connects as soon as the server is up: pgtemp waits for 100 ms and does not look.
async fn connect(url: &str) -> Client {
    for _ in 0..2000 {
        if let Ok((client, connection)) = tokio_postgres::connect(url, NoTls).await {
            tokio::spawn(connection);
            return client;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the server did not come up");
}

#[tokio::main]
async fn main() {
    let variable = |name: &str| std::env::var(name).expect("set by the benchmark");
    let tests: usize = variable("PEER_TESTS").parse().expect("a number");
    let mut files: Vec<_> = std::fs::read_dir(variable("PEER_SCHEMA"))
        .expect("the migrations")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    let read = |path| std::fs::read_to_string(path).expect("a file of SQL");
    let migrations: Vec<String> = files.iter().map(read).collect();
    let (begun, mut times) = (Instant::now(), Vec::new());
    for _ in 0..tests {
        let from = Instant::now();
        let builder = PgTempDBBuilder::new()
            .with_bin_path(variable("PEER_BIN"))
            .with_config_param("fsync", "off");
        let db = builder.start_async().await;
        let client = connect(&db.connection_uri()).await;
        for sql in &migrations {
            client.batch_execute(sql).await.expect("the migrations run");
        }
        client.simple_query("insert into tag (name) values ('new')").await.expect("it runs");
        client.simple_query("select count(*) from tag").await.expect("it runs");
        drop(client);
        db.shutdown();
        times.push(format!("{:.3}", ms(from)));
    }
    println!("{{\"tests_ms\": [{}], \"wall_ms\": {:.3}}}", times.join(", "), ms(begun));
}
