//! A fixture.
