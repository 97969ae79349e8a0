//! A small shop of six services: the demo system.
