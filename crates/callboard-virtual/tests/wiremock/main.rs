//! The WireMock-compatible server over real sockets: each matcher, response field and admin route, and what re-implementers get wrong.

mod admin;
mod clients;
mod documentation;
mod matchers;
mod observed;
mod responses;
mod support;
