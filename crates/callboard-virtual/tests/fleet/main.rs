//! Virtual services over real sockets.

mod coherence;
mod crud;
mod judgement;
mod mutation;
mod payments;
mod petstore;
mod published;
mod support;
