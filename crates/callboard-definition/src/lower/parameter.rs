//! Parameters: those of the path item and of the operation as one list, with styles, and in agreement with the path template.

use callboard_model::api::{Parameter, ParameterLocation, ParameterStyle};
use callboard_model::suggest;
use serde_json::Value;

use crate::codes::{
    DUPLICATE_PARAMETER, UNDECLARED_PATH_PARAMETER, UNKNOWN_PARAMETER_LOCATION, UNKNOWN_PARAMETER_STYLE, UNUSED_PATH_PARAMETER,
    WRONG_TYPE,
};
use crate::lower::operation::{expect, required_text};
use crate::lower::path::PathItem;
use crate::lower::{Context, keys};
use crate::node::{Node, kind_of};
use crate::template;

/// A parameter as it is declared, Swagger's `body` and `formData` included.
pub(crate) struct Declared<'a> {
    pub(crate) name: String,
    /// The word under `in`.
    pub(crate) place: String,
    pub(crate) node: Node<'a>,
}

impl Declared<'_> {
    /// Whether both declare one parameter. The case of a header's name does not count.
    fn is_same(&self, other: &Self) -> bool {
        let is_same_name =
            if self.place == "header" { self.name.eq_ignore_ascii_case(&other.name) } else { self.name == other.name };
        self.place == other.place && is_same_name
    }
}

/// The parameters of the path item, and those of the operation, which override them by place and name.
pub(crate) fn declared<'a>(cx: &mut Context<'a>, item: &PathItem<'a>, operation: &Node<'a>) -> Vec<Declared<'a>> {
    let mut all = list(cx, item.parameters.clone());
    let own = expect(cx, operation, "parameters", Value::is_array, "a list");
    let own = list(cx, own.into_iter().flat_map(|own| own.items()).collect());
    for parameter in own {
        match all.iter_mut().find(|known| known.is_same(&parameter)) {
            Some(known) => *known = parameter,
            None => all.push(parameter),
        }
    }
    all
}

fn list<'a>(cx: &mut Context<'a>, nodes: Vec<Node<'a>>) -> Vec<Declared<'a>> {
    let mut found: Vec<Declared<'a>> = Vec::new();
    for node in nodes {
        let Some(parameter) = one(cx, &node) else { continue };
        if found.iter().any(|known| known.is_same(&parameter)) {
            let message = format!("the {} parameter `{}` is declared twice", parameter.place, parameter.name);
            cx.problems.warn(DUPLICATE_PARAMETER, &node.at, message, None);
        } else {
            found.push(parameter);
        }
    }
    found
}

fn one<'a>(cx: &mut Context<'a>, node: &Node<'a>) -> Option<Declared<'a>> {
    let node = cx.problems.resolve(node)?;
    if node.object().is_none() {
        let message = format!("a parameter must be an object, here is {}", kind_of(node.value));
        cx.problems.break_operation(WRONG_TYPE, &node.at, message, None);
        return None;
    }
    keys::check(cx, &node, "a parameter", keys::parameter(cx.format));
    let place = required_text(cx, &node, "in", "a parameter")?;
    let name = match node.text("name") {
        Some(name) => name,
        // The body has one place only; its name says nothing.
        None if place == "body" => place.clone(),
        None => required_text(cx, &node, "name", "a parameter")?,
    };
    Some(Declared { name, place, node })
}

/// Everything but Swagger's `body` and `formData`.
pub(crate) fn parameters<'a>(
    cx: &mut Context<'a>,
    item: &PathItem<'a>,
    operation: &Node<'a>,
    declared: &[Declared<'a>],
) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = declared.iter().filter_map(|parameter| lower(cx, parameter)).collect();
    match_template(cx, &item.path, operation, &mut found);
    found
}

fn lower<'a>(cx: &mut Context<'a>, declared: &Declared<'a>) -> Option<Parameter> {
    let is_in_body = cx.is_swagger() && matches!(declared.place.as_str(), "body" | "formData");
    if is_in_body || is_ignored(cx, declared) {
        return None;
    }
    let Some(location) = location(cx, &declared.place) else {
        unknown_location(cx, declared);
        return None;
    };
    let node = &declared.node;
    let (style, explode) = if cx.is_swagger() { collection_format(cx, node, location) } else { style(cx, node, location) };
    let (schema, media_type) = if cx.is_swagger() { (Some(node.at.clone()), None) } else { schema_or_content(cx, node) };
    Some(Parameter {
        name: declared.name.clone(),
        location,
        required: location == ParameterLocation::Path || node.flag("required") == Some(true),
        description: node.text("description"),
        style,
        explode,
        allow_reserved: node.flag("allowReserved") == Some(true),
        schema,
        media_type,
        node: node.at.clone(),
    })
}

/// OpenAPI 3 says that these are described elsewhere, and their declaration is to be ignored.
fn is_ignored(cx: &Context<'_>, declared: &Declared<'_>) -> bool {
    let described_elsewhere = ["accept", "content-type", "authorization"];
    !cx.is_swagger() && declared.place == "header" && described_elsewhere.contains(&declared.name.to_ascii_lowercase().as_str())
}

fn location(cx: &Context<'_>, place: &str) -> Option<ParameterLocation> {
    use callboard_model::api::Format;
    match place {
        "path" => Some(ParameterLocation::Path),
        "query" => Some(ParameterLocation::Query),
        "header" => Some(ParameterLocation::Header),
        "cookie" if !cx.is_swagger() => Some(ParameterLocation::Cookie),
        "querystring" if cx.format == Format::OpenApi32 => Some(ParameterLocation::Querystring),
        _ => None,
    }
}

/// A parameter that cannot be placed is left out; where it must be given, the operation cannot be called.
fn unknown_location(cx: &mut Context<'_>, declared: &Declared<'_>) {
    let known: &[&str] = if cx.is_swagger() {
        &["path", "query", "header", "body", "formData"]
    } else {
        &["path", "query", "header", "cookie", "querystring"]
    };
    let Declared { name, place, node } = declared;
    let message = format!("`in: {place}` of the parameter `{name}` is no place in {}", cx.format);
    let help = match place.as_str() {
        "body" | "formData" => Some("describe the body under `requestBody`".to_owned()),
        _ => suggest::did_you_mean_or_list(place, known.iter().copied()),
    };
    let at = node.at.join("in");
    if node.flag("required") == Some(true) {
        cx.problems.break_operation(UNKNOWN_PARAMETER_LOCATION, &at, message, help);
    } else {
        cx.problems.warn(UNKNOWN_PARAMETER_LOCATION, &at, message, help);
    }
}

/// OpenAPI 3: the schema of the value, or the content that is written into it.
fn schema_or_content(cx: &mut Context<'_>, node: &Node<'_>) -> (Option<callboard_model::NodeRef>, Option<String>) {
    if let Some(schema) = node.raw("schema") {
        return (Some(schema.at), None);
    }
    let Some(content) = expect_content(cx, node) else {
        return (None, None);
    };
    match content.entries().next() {
        Some((name, media)) => (media.resolve().ok().and_then(|media| media.raw("schema")).map(|s| s.at), Some(name.to_owned())),
        None => (None, None),
    }
}

fn expect_content<'a>(cx: &mut Context<'_>, node: &Node<'a>) -> Option<Node<'a>> {
    let content = node.get("content")?;
    if content.object().is_none() {
        let message = format!("`content` must be an object, here is {}", kind_of(content.value));
        cx.problems.break_operation(WRONG_TYPE, &content.at, message, None);
    }
    Some(content)
}

/// OpenAPI 3, "Style Values": the style and whether it explodes.
fn style(cx: &mut Context<'_>, node: &Node<'_>, location: ParameterLocation) -> (ParameterStyle, bool) {
    let default = match location {
        ParameterLocation::Path | ParameterLocation::Header => ParameterStyle::Simple,
        _ => ParameterStyle::Form,
    };
    let style = match node.text("style").as_deref() {
        None => default,
        Some("simple") => ParameterStyle::Simple,
        Some("label") => ParameterStyle::Label,
        Some("matrix") => ParameterStyle::Matrix,
        // `cookie` (3.2) is `form` with a semicolon between exploded values, which separates cookies anyway.
        Some("form" | "cookie") => ParameterStyle::Form,
        Some("spaceDelimited") => ParameterStyle::SpaceDelimited,
        Some("pipeDelimited") => ParameterStyle::PipeDelimited,
        Some("deepObject") => ParameterStyle::DeepObject,
        Some(other) => {
            let known = ["simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject"];
            unknown_style(cx, node, "style", other, &known);
            default
        }
    };
    (style, node.flag("explode").unwrap_or(style == ParameterStyle::Form))
}

/// Swagger 2.0 `collectionFormat`; `csv` where nothing is said.
fn collection_format(cx: &mut Context<'_>, node: &Node<'_>, location: ParameterLocation) -> (ParameterStyle, bool) {
    let comma = match location {
        ParameterLocation::Path | ParameterLocation::Header => ParameterStyle::Simple,
        _ => ParameterStyle::Form,
    };
    match node.text("collectionFormat").as_deref() {
        None | Some("csv") => (comma, false),
        Some("ssv") => (ParameterStyle::SpaceDelimited, false),
        Some("tsv") => (ParameterStyle::TabDelimited, false),
        Some("pipes") => (ParameterStyle::PipeDelimited, false),
        Some("multi") => (comma, comma == ParameterStyle::Form),
        Some(other) => {
            unknown_style(cx, node, "collectionFormat", other, &["csv", "ssv", "tsv", "pipes", "multi"]);
            (comma, false)
        }
    }
}

fn unknown_style(cx: &mut Context<'_>, node: &Node<'_>, key: &str, value: &str, known: &[&str]) {
    let help = suggest::did_you_mean_or_list(value, known.iter().copied());
    let message = format!("`{key}: {value}` is unknown; the default is used");
    cx.problems.warn(UNKNOWN_PARAMETER_STYLE, &node.at.join(key), message, help);
}

/// The path template decides which path parameters there are. A declared one without a place is left out; a place without a
/// declaration takes any text, so that the operation can be called.
fn match_template(cx: &mut Context<'_>, path: &str, operation: &Node<'_>, parameters: &mut Vec<Parameter>) {
    let names = template::placeholders(path);
    rename_other_spellings(cx, path, &names, parameters);
    parameters.retain(|parameter| {
        let is_used = parameter.location != ParameterLocation::Path || names.contains(&parameter.name.as_str());
        if !is_used {
            let message = format!("the path parameter `{}` has no place in `{path}`", parameter.name);
            let help = suggest::did_you_mean(&parameter.name, names.iter().copied());
            cx.problems.warn(UNUSED_PATH_PARAMETER, &parameter.node, message, help);
        }
        is_used
    });
    for name in names {
        let is_declared = parameters.iter().any(|p| p.location == ParameterLocation::Path && p.name == name);
        if !is_declared {
            let message = format!("`{{{name}}}` of `{path}` is not declared as a path parameter; it is read as a text");
            cx.problems.warn(UNDECLARED_PATH_PARAMETER, &operation.at, message, None);
            parameters.push(undeclared(cx, name, operation));
        }
    }
}

/// `{petId}` in the template and `pet_id` in the declaration are one parameter; the template's name counts, since it is replaced there.
fn rename_other_spellings(cx: &mut Context<'_>, path: &str, names: &[&str], parameters: &mut [Parameter]) {
    for name in names {
        let is_declared = parameters.iter().any(|p| p.location == ParameterLocation::Path && p.name == *name);
        let same = |p: &&mut Parameter| {
            p.location == ParameterLocation::Path
                && !names.contains(&p.name.as_str())
                && template::folded(&p.name) == template::folded(name)
        };
        if let Some(parameter) = parameters.iter_mut().find(same).filter(|_| !is_declared) {
            let message = format!("the path parameter `{}` is spelt `{name}` in `{path}`", parameter.name);
            cx.problems.warn(UNUSED_PATH_PARAMETER, &parameter.node, message, Some(format!("did you mean `{name}`?")));
            parameter.name = (*name).to_owned();
        }
    }
}

fn undeclared(cx: &mut Context<'_>, name: &str, operation: &Node<'_>) -> Parameter {
    Parameter {
        name: name.to_owned(),
        location: ParameterLocation::Path,
        required: true,
        description: None,
        style: ParameterStyle::Simple,
        explode: false,
        allow_reserved: false,
        schema: Some(cx.synthetic.string()),
        media_type: None,
        node: operation.at.clone(),
    }
}
