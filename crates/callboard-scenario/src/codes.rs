//! The codes of everything that can be wrong with a scenario file.

use callboard_model::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code($text);)*

        /// All codes of this crate.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    /// The document is something else.
    NOT_ARAZZO = "not-arazzo";
    /// A version of Arazzo that is not known here.
    UNSUPPORTED_VERSION = "unsupported-version";
    /// A field that came with a later version than the document declares.
    NEEDS_NEWER_VERSION = "needs-newer-version";
    /// A field that nobody reads.
    UNKNOWN_FIELD = "unknown-field";
    /// A field that is there but has no effect.
    IGNORED_FIELD = "ignored-field";
    /// A field that must be there.
    MISSING_FIELD = "missing-field";
    /// A value of the wrong type.
    WRONG_TYPE = "wrong-type";
    /// A value that is none of those allowed.
    INVALID_VALUE = "invalid-value";
    /// A list that must hold something.
    EMPTY_LIST = "empty-list";
    /// An id or name with characters that it must not have.
    INVALID_ID = "invalid-id";
    /// Two workflows with one id.
    DUPLICATE_WORKFLOW = "duplicate-workflow";
    /// Two steps of a workflow with one id.
    DUPLICATE_STEP = "duplicate-step";
    /// Two source descriptions with one name.
    DUPLICATE_SOURCE = "duplicate-source";
    /// One parameter twice in a list.
    DUPLICATE_PARAMETER = "duplicate-parameter";
    /// Two actions with one name in a list.
    DUPLICATE_ACTION = "duplicate-action";
    /// A step that calls nothing.
    MISSING_TARGET = "missing-target";
    /// A step or action with two targets.
    AMBIGUOUS_TARGET = "ambiguous-target";
    /// A runtime expression that cannot be read.
    BAD_EXPRESSION = "bad-expression";
    /// A simple condition that cannot be read.
    BAD_CONDITION = "bad-condition";
    /// A regular expression that cannot be read.
    BAD_REGEX = "bad-regex";
    /// A JSONPath that cannot be read.
    BAD_JSONPATH = "bad-jsonpath";
    /// A JSON Pointer that cannot be read.
    BAD_POINTER = "bad-pointer";
    /// An `operationPath` that cannot be read.
    BAD_OPERATION_PATH = "bad-operation-path";
    /// A criterion type that needs a context and has none.
    MISSING_CONTEXT = "missing-context";
    /// XPath, which is not supported.
    UNSUPPORTED_XPATH = "unsupported-xpath";
    /// A step on an AsyncAPI channel or operation, which is not supported.
    UNSUPPORTED_CHANNEL = "unsupported-channel";
    /// Something else that is valid and not supported.
    UNSUPPORTED = "unsupported";
    /// A reusable object that refers to nothing.
    UNKNOWN_COMPONENT = "unknown-component";
    /// An expression or target that names a source description that is not there.
    UNKNOWN_SOURCE = "unknown-source";
    /// A source description that no service of the system fits.
    UNKNOWN_SERVICE = "unknown-service";
    /// An operation that no definition has.
    UNKNOWN_OPERATION = "unknown-operation";
    /// An `operationId` without source in a file with several.
    UNQUALIFIED_OPERATION = "unqualified-operation";
    /// An operation whose definition is broken.
    UNUSABLE_OPERATION = "unusable-operation";
    /// An operation that its definition calls deprecated.
    DEPRECATED_OPERATION = "deprecated-operation";
    /// A parameter that the operation does not have.
    UNKNOWN_PARAMETER = "unknown-parameter";
    /// A parameter that the operation has in another place.
    WRONG_LOCATION = "wrong-location";
    /// A parameter of a request without `in`.
    MISSING_LOCATION = "missing-location";
    /// `in` where parameters are inputs of a workflow.
    UNEXPECTED_LOCATION = "unexpected-location";
    /// A parameter that must be given and is not.
    MISSING_PARAMETER = "missing-parameter";
    /// A literal that does not fit the schema of its parameter.
    INVALID_PARAMETER = "invalid-parameter";
    /// A body that must be given and is not.
    MISSING_BODY = "missing-body";
    /// A body for an operation that takes none.
    UNEXPECTED_BODY = "unexpected-body";
    /// A body that does not fit its schema.
    INVALID_BODY = "invalid-body";
    /// A content type that the operation does not accept.
    UNKNOWN_CONTENT_TYPE = "unknown-content-type";
    /// A step that is not there.
    UNKNOWN_STEP = "unknown-step";
    /// An output of a step that comes later.
    FORWARD_REFERENCE = "forward-reference";
    /// An output that is not declared.
    UNKNOWN_OUTPUT = "unknown-output";
    /// A pointer to a place that the response schema does not have.
    UNKNOWN_PROPERTY = "unknown-property";
    /// An input that is not declared.
    UNKNOWN_INPUT = "unknown-input";
    /// An input that must be given and is not.
    MISSING_INPUT = "missing-input";
    /// A workflow that is not there.
    UNKNOWN_WORKFLOW = "unknown-workflow";
    /// An expression where its value cannot exist yet.
    MISPLACED_EXPRESSION = "misplaced-expression";
    /// `dependsOn` in a circle.
    DEPENDENCY_CYCLE = "dependency-cycle";
    /// A workflow that calls itself, directly or through others.
    WORKFLOW_CYCLE = "workflow-cycle";
    /// A step that nothing leads to.
    UNREACHABLE_STEP = "unreachable-step";
    /// Steps that lead to each other without a condition.
    ENDLESS_LOOP = "endless-loop";
    /// A status that cannot be.
    IMPOSSIBLE_STATUS = "impossible-status";
    /// A status that the definition does not name.
    UNDOCUMENTED_STATUS = "undocumented-status";
    /// A condition that never depends on anything.
    CONSTANT_CONDITION = "constant-condition";
}
