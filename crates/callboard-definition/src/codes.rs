//! The stable codes of everything that can be wrong with a definition. The text of a message may change, its code does not.

use callboard_model::Code;

/// A document cannot be fetched.
pub const UNREADABLE_DOCUMENT: Code = Code("unreadable-document");
/// The text is something else than an OpenAPI definition.
pub const NOT_A_DEFINITION: Code = Code("not-a-definition");
/// A version of Swagger or OpenAPI that is not read.
pub const UNSUPPORTED_VERSION: Code = Code("unsupported-version");
/// More documents, or more text, than one definition may refer to.
pub const TOO_MANY_DOCUMENTS: Code = Code("too-many-documents");
/// A `$ref` leads nowhere.
pub const UNRESOLVABLE_REFERENCE: Code = Code("unresolvable-reference");
/// The definition has no `paths`.
pub const NO_PATHS: Code = Code("no-paths");
/// The definition has no `info`.
pub const MISSING_INFO: Code = Code("missing-info");
/// A key that must be there is not.
pub const MISSING_KEY: Code = Code("missing-key");
/// A value has another type than the specification asks for.
pub const WRONG_TYPE: Code = Code("wrong-type");
/// A key that the object does not have.
pub const UNKNOWN_KEY: Code = Code("unknown-key");
/// Two operations share one `operationId`.
pub const DUPLICATE_OPERATION_ID: Code = Code("duplicate-operation-id");
/// Two paths differ in the names of their parameters only.
pub const AMBIGUOUS_PATH: Code = Code("ambiguous-path");
/// A path that does not begin with `/`.
pub const PATH_WITHOUT_SLASH: Code = Code("path-without-slash");
/// A path template names a parameter that nobody declares.
pub const UNDECLARED_PATH_PARAMETER: Code = Code("undeclared-path-parameter");
/// A declared path parameter has no place in the template.
pub const UNUSED_PATH_PARAMETER: Code = Code("unused-path-parameter");
/// One list declares a parameter twice.
pub const DUPLICATE_PARAMETER: Code = Code("duplicate-parameter");
/// `in` says a place that does not exist.
pub const UNKNOWN_PARAMETER_LOCATION: Code = Code("unknown-parameter-location");
/// `style` or `collectionFormat` is unknown.
pub const UNKNOWN_PARAMETER_STYLE: Code = Code("unknown-parameter-style");
/// A key of `responses` is no status.
pub const INVALID_STATUS: Code = Code("invalid-status");
/// A security requirement names a scheme that is not there.
pub const UNKNOWN_SECURITY_SCHEME: Code = Code("unknown-security-scheme");
/// A link leads to no operation of this definition.
pub const UNKNOWN_LINK_TARGET: Code = Code("unknown-link-target");
/// A variable of a server URL has no default.
pub const UNKNOWN_SERVER_VARIABLE: Code = Code("unknown-server-variable");
