//! Fake systems for tests, over real sockets.
