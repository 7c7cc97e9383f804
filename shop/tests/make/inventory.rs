//! Locations and stock.

use std::future::IntoFuture;

use shop::id::{LocationId, StockOperationId, VariantId};
use shop::inventory::{CreateLocation, Receive, ReceivedLine, create_location, receive};
use shop::value::{Country, Quantity};

use super::{Built, Make};

/// A location in Germany.
#[derive(Debug, Clone)]
pub struct LocationBuilder {
    make: Make,
    code: Option<String>,
    country: Country,
    priority: i32,
}

impl Make {
    /// A location in Germany, with a code of its own.
    pub fn location(&self) -> LocationBuilder {
        LocationBuilder { make: self.clone(), code: None, country: Country::DE, priority: 0 }
    }

    /// The location `main`, made when it is asked for the first time.
    pub async fn main_location(&self) -> LocationId {
        let found = sqlx::query_scalar(
            "SELECT id FROM location WHERE code = 'main' AND deleted_at IS NULL",
        )
        .fetch_optional(&self.db)
        .await
        .unwrap();
        match found {
            Some(location) => location,
            None => self.location().code("main").await,
        }
    }

    /// So many units arrive at a location.
    pub async fn receive(&self, location: LocationId, variant: VariantId, units: i64) {
        let request = Receive {
            operation: self.context.id::<StockOperationId>(),
            location,
            lines: vec![ReceivedLine { variant, quantity: Quantity::new(units).unwrap() }],
            reason: None,
        };
        receive(&self.db, &self.context, request).await.unwrap();
    }
}

impl LocationBuilder {
    /// With this code.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    /// In another country.
    #[must_use]
    pub fn located_in(mut self, country: Country) -> Self {
        self.country = country;
        self
    }

    /// Served first when nothing else decides, the lower it is.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    async fn make(self) -> LocationId {
        let make = self.make;
        let code = self.code.unwrap_or_else(|| make.name("loc"));
        let request = CreateLocation {
            name: format!("Warehouse {code}").parse().unwrap(),
            code: code.parse().unwrap(),
            country: self.country,
            priority: self.priority,
        };
        create_location(&make.db, &make.context, request).await.unwrap()
    }
}

impl IntoFuture for LocationBuilder {
    type Output = LocationId;
    type IntoFuture = Built<LocationId>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}
