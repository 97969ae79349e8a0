//! Virtual services: match, respond, remember.
