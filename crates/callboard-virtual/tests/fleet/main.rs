//! Virtual services over real sockets.

mod crud;
mod judgement;
mod petstore;
mod published;
mod support;
