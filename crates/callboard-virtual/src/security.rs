//! Whether a caller shows any credentials where the definition asks for them. What they are worth is never judged.

use callboard_model::api::{ParameterLocation, SecurityKind};
use callboard_model::{Operation, Service};
use callboard_schema::parameter::split_query;

use crate::request::Incoming;

/// Whether the definition asks for credentials and none at all are there.
pub(crate) fn lacks_credentials(service: &Service, operation: &Operation, incoming: &Incoming<'_>) -> bool {
    let is_optional = operation.security.iter().any(|requirement| requirement.schemes.is_empty());
    if operation.security.is_empty() || is_optional {
        return false;
    }
    let mut schemes = operation.security.iter().flat_map(|requirement| &requirement.schemes);
    !schemes.any(|(name, _)| {
        service.security_schemes.iter().find(|scheme| scheme.name == *name).is_none_or(|scheme| is_shown(&scheme.kind, incoming))
    })
}

fn is_shown(kind: &SecurityKind, incoming: &Incoming<'_>) -> bool {
    match kind {
        SecurityKind::ApiKey { location: ParameterLocation::Query, name } => {
            split_query(incoming.query).iter().any(|(known, _)| known == name)
        }
        SecurityKind::ApiKey { location: ParameterLocation::Cookie, name } => incoming
            .header("cookie")
            .is_some_and(|cookies| cookies.split(';').any(|pair| pair.trim().split('=').next() == Some(name.as_str()))),
        SecurityKind::ApiKey { name, .. } => incoming.headers.contains_key(name.as_str()),
        SecurityKind::Http(_) | SecurityKind::OAuth2 | SecurityKind::OpenIdConnect => {
            incoming.headers.contains_key("authorization")
        }
        // A certificate is not visible here; of unknown kinds nothing can be said.
        SecurityKind::MutualTls | SecurityKind::Unknown(_) => true,
    }
}
