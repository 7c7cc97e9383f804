//! Checks and rules over traces that are made by hand: what SQL alone does not bring about, and
//! sizes that no suite here has.

mod checks;
mod large;
mod made;
