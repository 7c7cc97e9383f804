//! Electricity meters and what they read. The connection comes from `DATABASE_URL`.

use tokio_postgres::{Client, Error, NoTls};

/// Connects; nothing here knows of tests.
pub async fn connect() -> Result<Client, Error> {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL is set");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Adds a meter and gives its number.
pub async fn install(client: &Client, serial: &str) -> Result<i64, Error> {
    let insert = "INSERT INTO meter (serial) VALUES ($1) RETURNING meter_id";
    Ok(client.query_one(insert, &[&serial]).await?.get(0))
}

/// Writes down what a meter reads today.
pub async fn read(client: &Client, meter: i64, kwh: i32) -> Result<(), Error> {
    let insert = "INSERT INTO reading (meter_id, day, kwh) VALUES ($1, current_date, $2)";
    client.execute(insert, &[&meter, &kwh]).await.map(drop)
}
