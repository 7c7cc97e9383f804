//! How many units.

use std::fmt;

/// How many units one line may hold: the domain `line_quantity` of the database.
pub const MAX_QUANTITY: i32 = 100_000;

/// A number that no line may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a whole number from 1 to {MAX_QUANTITY}")]
pub struct QuantityError;

/// A number of units from 1 to [`MAX_QUANTITY`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "i64")]
pub struct Quantity(i32);

impl Quantity {
    /// One unit.
    pub const ONE: Self = Self(1);

    /// So many units.
    ///
    /// # Errors
    /// Less than one, or more than [`MAX_QUANTITY`]; also what no `int4` holds.
    pub fn new(units: i64) -> Result<Self, QuantityError> {
        match i32::try_from(units) {
            Ok(units @ 1..=MAX_QUANTITY) => Ok(Self(units)),
            _ => Err(QuantityError),
        }
    }

    /// The number.
    pub const fn get(self) -> i32 {
        self.0
    }

    /// Both together.
    ///
    /// # Errors
    /// More than [`MAX_QUANTITY`].
    pub fn plus(self, other: Self) -> Result<Self, QuantityError> {
        Self::new(i64::from(self.0) + i64::from(other.0))
    }
}

impl TryFrom<i64> for Quantity {
    type Error = QuantityError;

    fn try_from(units: i64) -> Result<Self, QuantityError> {
        Self::new(units)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl schemars::JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": MAX_QUANTITY })
    }
}

impl sqlx::Type<sqlx::Postgres> for Quantity {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <i32 as sqlx::Type<sqlx::Postgres>>::type_info()
    }
}

impl sqlx::postgres::PgHasArrayType for Quantity {
    fn array_type_info() -> sqlx::postgres::PgTypeInfo {
        <i32 as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}

impl<'q> sqlx::Encode<'q, sqlx::Postgres> for Quantity {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        <i32 as sqlx::Encode<'q, sqlx::Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

impl<'r> sqlx::Decode<'r, sqlx::Postgres> for Quantity {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        let units = <i32 as sqlx::Decode<'r, sqlx::Postgres>>::decode(value)?;
        Ok(Self::new(i64::from(units))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_from_one_to_the_bound_of_the_database() {
        for units in [1, 2, 99_999, 100_000] {
            assert_eq!(Quantity::new(units).map(|quantity| i64::from(quantity.get())), Ok(units));
        }
        for units in [i64::MIN, -1, 0, 100_001, 1 << 31, (1 << 32) + 1, i64::MAX] {
            assert_eq!(Quantity::new(units), Err(QuantityError), "{units}");
        }
    }
}
