//! Which keys of stub mappings are supported and which are refused: the reader, the documentation and its test share these lists.

/// The keys of one kind of object.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// What the object is, as in "unknown key of a stub mapping".
    pub what: &'static str,
    /// Keys that work.
    pub works: &'static [&'static str],
    /// Keys that WireMock knows and this server refuses, each with the reason.
    pub refused: &'static [(&'static str, &'static str)],
}

/// A stub mapping.
pub const STUB: Fields = Fields {
    what: "stub mapping",
    works: &[
        "id",
        "uuid",
        "name",
        "persistent",
        "priority",
        "request",
        "response",
        "scenarioName",
        "requiredScenarioState",
        "newScenarioState",
        "metadata",
        "insertionIndex",
    ],
    refused: &[
        ("postServeActions", "webhooks and other actions after the answer are not supported"),
        ("serveEventListeners", "webhooks and other actions after the answer are not supported"),
    ],
};

/// What a request must look like.
pub const REQUEST: Fields = Fields {
    what: "request pattern",
    works: &[
        "method",
        "url",
        "urlPattern",
        "urlPath",
        "urlPathPattern",
        "urlPathTemplate",
        "scheme",
        "host",
        "port",
        "clientIp",
        "headers",
        "pathParameters",
        "queryParameters",
        "formParameters",
        "cookies",
        "basicAuth",
        "basicAuthCredentials",
        "bodyPatterns",
    ],
    refused: &[
        ("multipartPatterns", "multipart bodies are not matched part by part; match them with bodyPatterns"),
        ("customMatcher", "extensions are Java classes and cannot be loaded"),
    ],
};

/// A matcher of one value.
pub const MATCHER: Fields = Fields {
    what: "matcher",
    works: &[
        "equalTo",
        "caseInsensitive",
        "binaryEqualTo",
        "contains",
        "doesNotContain",
        "matches",
        "doesNotMatch",
        "absent",
        "anything",
        "equalToJson",
        "ignoreArrayOrder",
        "ignoreExtraElements",
        "matchesJsonPath",
        "matchesJsonSchema",
        "schemaVersion",
        "matchesPathTemplate",
        "equalToNumber",
        "greaterThanNumber",
        "greaterThanEqualNumber",
        "lessThanNumber",
        "lessThanEqualNumber",
        "before",
        "after",
        "equalToDateTime",
        "actualFormat",
        "expectedOffset",
        "expectedOffsetUnit",
        "and",
        "or",
        "not",
    ],
    refused: &[
        ("equalToXml", "XML is not compared"),
        ("matchesXPath", "XPath is not supported"),
        ("truncateExpected", "dates are not truncated"),
        ("truncateActual", "dates are not truncated"),
        ("applyTruncationLast", "dates are not truncated"),
    ],
};

/// A matcher of several values.
pub const MULTI_MATCHER: Fields = Fields { what: "matcher of several values", works: &["hasExactly", "includes"], refused: &[] };

/// What is answered.
pub const RESPONSE: Fields = Fields {
    what: "response",
    works: &[
        "status",
        "statusMessage",
        "headers",
        "body",
        "jsonBody",
        "base64Body",
        "bodyFileName",
        "fixedDelayMilliseconds",
        "delayDistribution",
        "chunkedDribbleDelay",
        "fault",
        "transformers",
        "transformerParameters",
        "fromConfiguredStub",
    ],
    refused: &[
        ("proxyBaseUrl", "requests are not passed on to another server"),
        ("proxyUrlPrefixToRemove", "requests are not passed on to another server"),
        ("additionalProxyRequestHeaders", "requests are not passed on to another server"),
        ("removeProxyRequestHeaders", "requests are not passed on to another server"),
    ],
};

/// A distribution of delays.
pub const DELAY: Fields = Fields {
    what: "delay distribution",
    works: &["type", "lower", "upper", "median", "sigma", "maxValue", "milliseconds"],
    refused: &[],
};

/// An answer that trickles.
pub const DRIBBLE: Fields = Fields { what: "chunked dribble delay", works: &["numberOfChunks", "totalDuration"], refused: &[] };

/// User name and password.
pub const BASIC_AUTH: Fields = Fields { what: "basic auth", works: &["username", "password"], refused: &[] };

/// A JSONPath with a matcher for what it finds.
pub const JSON_PATH: Fields = Fields { what: "JSONPath matcher", works: &["expression"], refused: &[] };

/// The global settings.
pub const SETTINGS: Fields =
    Fields { what: "global settings", works: &["fixedDelay", "delayDistribution", "extended", "proxyPassThrough"], refused: &[] };

/// All kinds, as the documentation lists them.
pub const ALL: [Fields; 5] = [STUB, REQUEST, MATCHER, MULTI_MATCHER, RESPONSE];
