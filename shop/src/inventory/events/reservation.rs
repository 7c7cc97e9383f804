//! Events of a reservation. The statements that move many at once build these payloads in SQL; a
//! test reads each back into its type.

use chrono::{DateTime, Utc};

use crate::id::{CartId, LocationId, OrderLineId, ReservationId, VariantId};
use crate::value::Quantity;

crate::events! { Reservation;
    /// Stock is held for a cart.
    "reservation.held" 1 => ReservationHeld {
        /// Which reservation.
        reservation: ReservationId,
        /// For which cart.
        cart: CartId,
        /// Of which variant.
        variant: VariantId,
        /// Where.
        location: LocationId,
        /// How many.
        quantity: Quantity,
        /// Until when.
        expires_at: DateTime<Utc>,
    }
    /// Stock is held for longer.
    "reservation.extended" 1 => ReservationExtended {
        /// Which reservation.
        reservation: ReservationId,
        /// Until when.
        expires_at: DateTime<Utc>,
    }
    /// Stock is promised to an order.
    "reservation.committed" 1 => ReservationCommitted {
        /// Which reservation.
        reservation: ReservationId,
        /// To which line.
        order_line: OrderLineId,
        /// Of which variant.
        variant: VariantId,
        /// Where.
        location: LocationId,
        /// How many.
        quantity: Quantity,
    }
    /// Units that were promised to an order were given back.
    "reservation.withdrawn" 1 => ReservationWithdrawn {
        /// Which reservation.
        reservation: ReservationId,
        /// From which line.
        order_line: OrderLineId,
        /// Where.
        location: LocationId,
        /// How many.
        quantity: Quantity,
    }
    /// Stock is free again, because nobody wants it any more.
    "reservation.released" 1 => ReservationReleased {
        /// Which reservation.
        reservation: ReservationId,
        /// Of which variant.
        variant: VariantId,
        /// Where.
        location: LocationId,
        /// How many.
        quantity: Quantity,
    }
    /// Stock is free again, because its time was over.
    "reservation.expired" 1 => ReservationExpired {
        /// Which reservation.
        reservation: ReservationId,
        /// Of which variant.
        variant: VariantId,
        /// Where.
        location: LocationId,
        /// How many.
        quantity: Quantity,
    }
    /// All of it has left or was withdrawn.
    "reservation.fulfilled" 1 => ReservationFulfilled {
        /// Which.
        reservation: ReservationId,
    }
}
