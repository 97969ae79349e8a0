//! The definitions of the shop.
