//! A fixture.

async fn f(db: &sqlx::PgPool, name: &str) {
    sqlx::query("select $1").bind(name).execute(db).await;
}
