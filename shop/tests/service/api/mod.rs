//! Every route, good and bad.

mod products;
