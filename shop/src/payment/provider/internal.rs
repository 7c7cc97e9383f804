//! Gift cards and store credit: the provider that is this shop.
//!
//! In: the questions that every provider is asked. Out: entries of the account, whose id is the
//! key, so that nothing is booked twice.
//!
//! **Invariant**: an account is never overspent, because `store_credit_never_overspent` refuses.

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool};

use super::{Answer, Ask, AskError, Provider, Sensitive, Source, TokenizeError, Tokenized, What};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::StoreCreditId;
use crate::payment::events::store_credit::{
    CreditGivenBack, CreditHeld, CreditReleased, CreditSpent,
};
use crate::payment::reference::ProviderReference;
use crate::value::Slug;

/// The shop's own accounts as a provider.
#[derive(Debug, Clone)]
pub struct InternalProvider {
    pool: PgPool,
    context: Context,
}

/// Why an entry was not booked.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The account holds less.
    #[error("the balance is too small")]
    Overspent,
    /// The account is in another currency.
    #[error("the payment is in another currency")]
    OtherCurrency,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(BookError {
    "store_credit_never_overspent" => BookError::Overspent,
    "store_credit_entry_in_the_currency_of_its_credit" => BookError::OtherCurrency,
});

impl InternalProvider {
    /// The accounts in the database behind `pool`.
    pub fn new(pool: PgPool, context: Context) -> Self {
        Self { pool, context }
    }

    async fn book(&self, ask: &Ask) -> Result<Answer, BookError> {
        crate::transact!(&self.pool, BookError, |connection| {
            if booked(connection, ask).await? {
                Ok(done(ask))
            } else {
                match &ask.what {
                    What::Authorize { source, .. } | What::Purchase { source } => {
                        self.hold(connection, ask, source.as_ref()).await
                    }
                    What::Cancel => Ok(Answer::Canceled),
                    What::Capture { of } => self.move_held(connection, ask, of, "spend").await,
                    What::Void { of } => self.move_held(connection, ask, of, "release").await,
                    What::Refund { of } => self.move_held(connection, ask, of, "give_back").await,
                }
            }
        })
    }

    async fn hold(
        &self,
        connection: &mut PgConnection,
        ask: &Ask,
        source: Option<&Source>,
    ) -> Result<Answer, BookError> {
        // An attempt that recovery has closed in the meantime must not hold anything any more.
        let open: Option<bool> = sqlx::query_scalar(
            "SELECT true FROM payment_attempt WHERE id = $1 AND state = 'pending' FOR SHARE",
        )
        .bind(ask.key)
        .fetch_optional(&mut *connection)
        .await?;
        let account = match source {
            _ if open.is_none() => return Ok(Answer::Canceled),
            None => return Ok(declined("not_heard")),
            Some(Source::Credit(id)) => Some(*id),
            Some(Source::GiftCard(code)) => {
                sqlx::query_scalar("SELECT id FROM store_credit WHERE code_hash = $1")
                    .bind(code.digest().to_vec())
                    .fetch_optional(&mut *connection)
                    .await?
            }
            Some(Source::Token(_) | Source::Customer) => None,
        };
        let Some(account) = account else { return Ok(declined("unknown_account")) };
        let usable: Option<bool> = sqlx::query_scalar(
            "SELECT expires_at IS NULL OR expires_at > $2 FROM store_credit
              WHERE id = $1 FOR NO KEY UPDATE",
        )
        .bind(account)
        .bind(self.context.now())
        .fetch_optional(&mut *connection)
        .await?;
        match usable {
            None => return Ok(declined("unknown_account")),
            Some(false) => return Ok(declined("expired_account")),
            Some(true) => {}
        }
        self.enter(connection, ask, account, "hold").await
    }

    /// Moves what the hold of the authorisation `of` has claimed.
    async fn move_held(
        &self,
        connection: &mut PgConnection,
        ask: &Ask,
        of: &ProviderReference,
        kind: &'static str,
    ) -> Result<Answer, BookError> {
        let account: Option<StoreCreditId> = sqlx::query_scalar(
            "SELECT store_credit_id FROM store_credit_entry
              WHERE payment_id = $1 AND kind = 'hold' AND 'entry_' || replace(id::text, '-', '') = $2",
        )
        .bind(ask.payment)
        .bind(of.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        match account {
            None => Ok(Answer::Failed { code: code("unknown_authorization") }),
            Some(account) => self.enter(connection, ask, account, kind).await,
        }
    }

    async fn enter(
        &self,
        connection: &mut PgConnection,
        ask: &Ask,
        account: StoreCreditId,
        kind: &'static str,
    ) -> Result<Answer, BookError> {
        let written = sqlx::query(
            "INSERT INTO store_credit_entry
                    (id, store_credit_id, currency, kind, amount, payment_id, actor, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT ON CONSTRAINT store_credit_entry_identity DO NOTHING",
        )
        .bind(ask.key)
        .bind(account)
        .bind(ask.amount.currency())
        .bind(kind)
        .bind(ask.amount.minor())
        .bind(ask.payment)
        .bind(self.context.actor().as_str())
        .bind(self.context.now())
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if written == 1 {
            let (payment, amount) = (ask.payment, ask.amount);
            let context = &self.context;
            match kind {
                "hold" => {
                    let held = CreditHeld { store_credit: account, payment, amount };
                    event::append(connection, context, account, &held).await?;
                }
                "spend" => {
                    let spent = CreditSpent { store_credit: account, payment, amount };
                    event::append(connection, context, account, &spent).await?;
                }
                "release" => {
                    let released = CreditReleased { store_credit: account, payment, amount };
                    event::append(connection, context, account, &released).await?;
                }
                _ => {
                    let given = CreditGivenBack { store_credit: account, payment, amount };
                    event::append(connection, context, account, &given).await?;
                }
            }
        }
        Ok(done(ask))
    }
}

/// Whether the key has its entry already.
async fn booked(connection: &mut PgConnection, ask: &Ask) -> Result<bool, BookError> {
    let found: Option<bool> =
        sqlx::query_scalar("SELECT true FROM store_credit_entry WHERE id = $1")
            .bind(ask.key)
            .fetch_optional(connection)
            .await?;
    Ok(found.is_some())
}

fn done(ask: &Ask) -> Answer {
    let reference: ProviderReference = format!("entry_{}", ask.key.simple())
        .parse()
        .expect("a word and hexadecimal digits are a reference");
    match ask.what {
        What::Capture { .. } | What::Void { .. } | What::Refund { .. } => {
            Answer::Succeeded { reference }
        }
        _ => Answer::Authorized { reference },
    }
}

fn code(text: &str) -> Slug {
    text.parse().expect("the codes here are slugs")
}

fn declined(text: &str) -> Answer {
    Answer::Declined { code: code(text) }
}

#[async_trait]
impl Provider for InternalProvider {
    fn code(&self) -> &'static str {
        "internal"
    }

    fn purchases(&self) -> bool {
        false
    }

    async fn tokenize(&self, _: Sensitive<'_>) -> Result<Tokenized, TokenizeError> {
        Err(TokenizeError::Unsupported)
    }

    async fn ask(&self, ask: &Ask) -> Result<Answer, AskError> {
        match self.book(ask).await {
            Ok(answer) => Ok(answer),
            Err(BookError::Overspent) => Ok(declined("insufficient_balance")),
            Err(BookError::OtherCurrency) => Ok(declined("other_currency")),
            Err(BookError::Database(_)) => Err(AskError::Unreachable),
        }
    }
}
