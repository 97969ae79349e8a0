//! JSON Schema as definitions use it: validate, synthesise, serialise.
