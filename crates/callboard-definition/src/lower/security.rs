//! Security schemes and requirements of both families.

use callboard_model::api::{ParameterLocation, SecurityKind, SecurityRequirement, SecurityScheme};

use crate::codes::UNKNOWN_SECURITY_SCHEME;
use crate::lower::Context;
use crate::node::Node;

/// All schemes by name.
pub(crate) fn schemes(cx: &mut Context<'_>) -> Vec<SecurityScheme> {
    declared(cx).into_iter().flat_map(|schemes| schemes.entries()).filter_map(|(name, node)| scheme(name, &node)).collect()
}

fn declared<'a>(cx: &Context<'a>) -> Option<Node<'a>> {
    if cx.is_swagger() {
        return cx.root.get("securityDefinitions");
    }
    cx.root.get("components")?.get("securitySchemes")
}

fn scheme(name: &str, node: &Node<'_>) -> Option<SecurityScheme> {
    let node = node.resolve().ok()?;
    let kind = match node.text("type")?.as_str() {
        "basic" => SecurityKind::Http("basic".to_owned()),
        "http" => SecurityKind::Http(node.text("scheme").unwrap_or_default().to_ascii_lowercase()),
        "apiKey" => api_key(&node),
        "oauth2" => SecurityKind::OAuth2,
        "openIdConnect" => SecurityKind::OpenIdConnect,
        "mutualTLS" => SecurityKind::MutualTls,
        other => SecurityKind::Unknown(other.to_owned()),
    };
    Some(SecurityScheme { name: name.to_owned(), kind })
}

fn api_key(node: &Node<'_>) -> SecurityKind {
    let location = match node.text("in").as_deref() {
        Some("query") => Some(ParameterLocation::Query),
        Some("header") => Some(ParameterLocation::Header),
        Some("cookie") => Some(ParameterLocation::Cookie),
        _ => None,
    };
    match (location, node.text("name")) {
        (Some(location), Some(name)) => SecurityKind::ApiKey { location, name },
        _ => SecurityKind::Unknown("apiKey".to_owned()),
    }
}

/// What an operation asks for: its own list, or else that of the definition. An empty list asks for nothing.
pub(crate) fn of_operation(cx: &mut Context<'_>, operation: &Node<'_>) -> Vec<SecurityRequirement> {
    let list = operation.get("security").filter(|list| list.value.is_array()).or_else(|| cx.root.get("security"));
    let alternatives: Vec<Node<'_>> = list.into_iter().flat_map(|list| list.items()).collect();
    alternatives.iter().map(|alternative| requirement(cx, alternative)).collect()
}

fn requirement(cx: &mut Context<'_>, alternative: &Node<'_>) -> SecurityRequirement {
    let mut schemes = Vec::new();
    for (name, _) in alternative.entries() {
        let is_known = declared(cx).is_some_and(|schemes| schemes.raw(name).is_some());
        // OpenAPI 3.2 lets a requirement name a scheme by its URI.
        if !is_known && !name.contains(['/', '#']) {
            let message = format!("there is no security scheme `{name}`");
            let known = declared(cx).and_then(|schemes| schemes.object());
            let help = known.and_then(|map| callboard_model::suggest::did_you_mean(name, map.keys().map(String::as_str)));
            cx.problems.warn_at_key(UNKNOWN_SECURITY_SCHEME, &alternative.at.join(name), message, help);
        }
        schemes.push((name.to_owned(), alternative.texts(name).unwrap_or_default()));
    }
    SecurityRequirement { schemes }
}
