//! Webhooks: out to a receiver on this machine, and in from a provider.

mod inbound;
mod outbound;
mod receiver;
