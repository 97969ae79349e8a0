//! Virtual services over real sockets.

mod crud;
mod judgement;
mod payments;
mod petstore;
mod published;
mod support;
