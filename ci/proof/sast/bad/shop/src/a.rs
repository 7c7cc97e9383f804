//! A fixture.

async fn f(db: &sqlx::PgPool, name: &str) {
    sqlx::query(sqlx::AssertSqlSafe(format!("select {name}"))).execute(db).await;
}
