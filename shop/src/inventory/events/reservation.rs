//! Events of a reservation.

crate::events! { Reservation;
}
