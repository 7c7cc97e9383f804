//! How many backends are kept, and for how long.
//!
//! **Invariant**: the limits hold at every moment; what is one too many is closed.

/// Limits of the backends that stay open when their client has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarmOptions {
    /// Backends kept per database of the server.
    pub per_database: usize,
    /// Backends kept in all. They count towards the server's `max_connections`.
    pub total: usize,
    /// Clients that a backend serves before it is closed.
    pub uses_max: u32,
    /// Whether they stay when a lease ends, because the same database will be handed out again.
    /// The source is told which they are ([`Seen::warm`](crate::Seen::warm)).
    pub across_leases: bool,
}

impl Default for WarmOptions {
    /// 8 per database, 64 in all, 1,000 clients each, closed when the lease ends.
    fn default() -> Self {
        Self { per_database: 8, total: 64, uses_max: 1_000, across_leases: false }
    }
}
