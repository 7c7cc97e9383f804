//! What happens to orders and money when something breaks in the middle: connections, backends, the
//! server, a pool that is too small, a provider that is too slow.
//!
//! Nothing is charged twice, nothing that was answered is lost, and every invariant holds once
//! recovery has run.

mod backends;
mod cuts;
mod killed;
mod life;
mod pool_of_one;
mod slow;
