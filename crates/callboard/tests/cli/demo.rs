//! Not there.
