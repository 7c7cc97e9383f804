//! A part of it.
