//! Events of a reservation.

use crate::id::ReservationId;

crate::events! { Reservation;
    /// All of it has left or was withdrawn.
    "reservation.fulfilled" 1 => ReservationFulfilled {
        /// Which.
        reservation: ReservationId,
    }
}
