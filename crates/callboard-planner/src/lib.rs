//! Links and entities, and from a sentence to a plan.
