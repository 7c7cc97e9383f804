//! From an event to a delivery for each endpoint that wants it.

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::context::Context;
use crate::event::{Envelope, NotifyPublisher, PublishError, Published, Publisher, Stuck};
use crate::id::{EventId, WebhookDeliveryId, WebhookEndpointId};

/// Publishes to PostgreSQL's `NOTIFY`, and writes the deliveries of webhooks, in the transaction
/// that marks the event: a delivery is there once, whoever dies when.
#[derive(Debug, Clone)]
pub struct Fan {
    context: Context,
    notify: NotifyPublisher,
}

impl Fan {
    /// With the ids and the clock of this context.
    pub fn new(context: Context) -> Self {
        Self { context, notify: NotifyPublisher::default() }
    }

    /// Two statements for a whole batch, one where nobody subscribed.
    async fn fan_out(
        &self,
        connection: &mut PgConnection,
        events: &[Envelope],
    ) -> Result<(), sqlx::Error> {
        let pairs: Vec<(EventId, WebhookEndpointId)> = sqlx::query_as(
            "SELECT event.id, endpoint.id
               FROM webhook_subscription AS subscription
               JOIN unnest($1::uuid[], $2::text[], $3::smallint[]) AS event (id, type, version)
                    USING (type, version)
               JOIN webhook_endpoint AS endpoint ON endpoint.id = subscription.endpoint_id
              WHERE endpoint.deleted_at IS NULL",
        )
        .bind(events.iter().map(|event| event.id).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.version).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await?;
        if pairs.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO webhook_delivery (id, endpoint_id, event_id, next_attempt_at, created_at)
             SELECT delivery.*, $4, $4
               FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS delivery
                 ON CONFLICT ON CONSTRAINT webhook_delivery_once DO NOTHING",
        )
        .bind(pairs.iter().map(|_| self.context.id::<WebhookDeliveryId>()).collect::<Vec<_>>())
        .bind(pairs.iter().map(|(_, endpoint)| *endpoint).collect::<Vec<_>>())
        .bind(pairs.iter().map(|(event, _)| *event).collect::<Vec<_>>())
        .bind(self.context.now())
        .execute(connection)
        .await?;
        Ok(())
    }
}

#[async_trait]
impl Publisher for Fan {
    async fn publish(
        &self,
        connection: &mut PgConnection,
        event: &Envelope,
    ) -> Result<(), PublishError> {
        let event = std::slice::from_ref(event);
        self.fan_out(connection, event).await.map_err(|error| PublishError(error.to_string()))?;
        self.notify.publish(connection, &event[0]).await
    }

    async fn publish_all(&self, connection: &mut PgConnection, events: &[Envelope]) -> Published {
        match self.fan_out(connection, events).await {
            Ok(()) => self.notify.publish_all(connection, events).await,
            // The transaction is lost with the statement, for all of them.
            Err(error) => Stuck::all(events, &PublishError(error.to_string())),
        }
    }
}
