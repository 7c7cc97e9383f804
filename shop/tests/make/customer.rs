//! Customers and their addresses.

use std::future::IntoFuture;

use shop::customer::{AddAddress, AddressKind, PostalAddress, Register, add_address, register};
use shop::id::CustomerId;
use shop::value::Country;

use super::{Built, Make};

/// A customer with an email of their own.
#[derive(Debug, Clone)]
pub struct CustomerBuilder {
    make: Make,
    email: Option<String>,
    lives_in: Option<Country>,
}

impl Make {
    /// A customer with an email of their own and no address.
    pub fn customer(&self) -> CustomerBuilder {
        CustomerBuilder { make: self.clone(), email: None, lives_in: None }
    }

    /// An address in a country.
    #[allow(clippy::unused_self, reason = "factories are asked of `make`")]
    pub fn postal_address(&self, country: Country) -> PostalAddress {
        PostalAddress {
            recipient: "Ada Lovelace".parse().unwrap(),
            line1: "Main Street 1".parse().unwrap(),
            line2: None,
            city: "Town".parse().unwrap(),
            region: None,
            postcode: Some("12345".parse().unwrap()),
            country,
        }
    }
}

impl CustomerBuilder {
    /// With this email.
    #[must_use]
    pub fn email(mut self, email: &str) -> Self {
        self.email = Some(email.to_owned());
        self
    }

    /// With a shipping address in a country.
    #[must_use]
    pub fn living_in(mut self, country: Country) -> Self {
        self.lives_in = Some(country);
        self
    }

    async fn make(self) -> CustomerId {
        let make = self.make;
        let email = self.email.unwrap_or_else(|| format!("{}@example.org", make.name("ada")));
        let request = Register {
            email: email.parse().unwrap(),
            name: Some("Ada Lovelace".parse().unwrap()),
            phone: Some("+4930901820".parse().unwrap()),
        };
        let customer = register(&make.db, &make.context, request).await.unwrap();
        if let Some(country) = self.lives_in {
            let request = AddAddress {
                customer,
                kind: AddressKind::Shipping,
                address: make.postal_address(country),
                default: true,
            };
            add_address(&make.db, &make.context, request).await.unwrap();
        }
        customer
    }
}

impl IntoFuture for CustomerBuilder {
    type Output = CustomerId;
    type IntoFuture = Built<CustomerId>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}
