//! Catalogue: what is sold, at which price, under which tax.

pub mod events;
