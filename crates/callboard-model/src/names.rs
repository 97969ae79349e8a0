//! Names and keys, each a type of its own.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api::Method;

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text as it is.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name_type! {
    /// The name of a service, as the project calls it (`[services.NAME]`).
    ServiceName
}

name_type! {
    /// Identifies one run.
    RunId
}

name_type! {
    /// Identifies a test over time: `FILE#workflowId` for scenarios, whatever a runner calls it otherwise.
    TestName
}

/// What identifies an operation across runs and versions: service, method and path template.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OperationKey {
    /// The service it belongs to.
    pub service: ServiceName,
    /// The HTTP method.
    pub method: Method,
    /// The path template as the definition has it, without the base path.
    pub path: Arc<str>,
}

impl OperationKey {
    /// A key of its parts.
    pub fn new(service: impl AsRef<str>, method: Method, path: impl AsRef<str>) -> Self {
        Self { service: ServiceName::new(service), method, path: Arc::from(path.as_ref()) }
    }
}

impl fmt::Display for OperationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.service, self.method, self.path)
    }
}
