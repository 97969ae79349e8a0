//! Where the definition says that the service answers.

use callboard_model::api::Server;

use crate::codes::UNKNOWN_SERVER_VARIABLE;
use crate::lower::Context;
use crate::node::Node;

/// The servers of the definition, in order.
pub(crate) fn servers(cx: &mut Context<'_>) -> Vec<Server> {
    if cx.is_swagger() {
        return swagger_servers(cx);
    }
    let servers: Vec<Node<'_>> = cx.root.get("servers").into_iter().flat_map(|servers| servers.items()).collect();
    servers.iter().filter_map(|server| self::server(cx, server)).collect()
}

fn server(cx: &mut Context<'_>, node: &Node<'_>) -> Option<Server> {
    let node = node.resolve().ok()?;
    let url = node.text("url")?;
    Some(Server { url: with_defaults(cx, &node, &url), description: node.text("description") })
}

/// Replaces the variables of a URL by their defaults, or by the first of the values that they may have.
fn with_defaults(cx: &mut Context<'_>, server: &Node<'_>, url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        out.push_str(before);
        match default_of(server, name) {
            Some(value) => out.push_str(&value),
            None => {
                let message = format!("the variable `{name}` of the server URL has no default");
                cx.problems.warn(UNKNOWN_SERVER_VARIABLE, &server.at.join("url"), message, None);
                out.push_str(&format!("{{{name}}}"));
            }
        }
        rest = behind;
    }
    out + rest
}

fn default_of(server: &Node<'_>, name: &str) -> Option<String> {
    let variable = server.get("variables")?.get(name)?;
    variable.text("default").or_else(|| variable.texts("enum")?.into_iter().next())
}

/// `schemes`, `host` and `basePath` put together. Without a host the URL is relative to wherever the definition came from; without
/// schemes the one by which it came counts (Swagger 2.0, "Swagger Object").
fn swagger_servers(cx: &Context<'_>) -> Vec<Server> {
    let base = cx.root.text("basePath").unwrap_or_default();
    let base = if base.is_empty() || base.starts_with('/') { base } else { format!("/{base}") };
    let server = |url: String| Server { url, description: None };
    let Some(host) = cx.root.text("host").filter(|host| !host.is_empty()) else {
        return if base.is_empty() { Vec::new() } else { vec![server(base)] };
    };
    // Some definitions write a whole URL here.
    if host.contains("://") {
        return vec![server(format!("{}{base}", host.trim_end_matches('/')))];
    }
    let schemes = cx.root.texts("schemes").filter(|schemes| !schemes.is_empty());
    let schemes = schemes.unwrap_or_else(|| vec![scheme_of_origin(cx)]);
    schemes.into_iter().map(|scheme| server(format!("{scheme}://{host}{base}"))).collect()
}

fn scheme_of_origin(cx: &Context<'_>) -> String {
    let origin = cx.documents.get(cx.root.at.document).origin();
    origin.split_once("://").map_or("http", |(scheme, _)| scheme).to_owned()
}
