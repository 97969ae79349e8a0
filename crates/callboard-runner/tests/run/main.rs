//! Runs over real sockets, against servers that behave and servers that do not.

mod definition;
mod dispatch;
mod flow;
mod requests;
mod scenarios;
mod world;
