//! A fixture; see [`nowhere`].
