//! OpenAPI documents to the API model.
