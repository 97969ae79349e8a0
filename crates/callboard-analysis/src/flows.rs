//! Which values a test passes from one operation to another, as its file says.
//!
//! A value that an output takes from an answer, or from the request itself, is followed to the parameters and bodies that it goes into,
//! through the outputs of called workflows too. What goes into a called workflow as its input is not followed.

use callboard_model::map::{Consumer, Input, Output, Producer};
use callboard_model::{OperationKey, Pointer, System};
use callboard_scenario::Template;
use callboard_scenario::ast::{Step, StepTarget, Workflow};
use callboard_scenario::expression::{Expression, MessagePart, Reference, WorkflowField};
use callboard_scenario::resolve;
use callboard_scenario::selector::Selector;

use crate::usage::{ScenarioSource, find};

/// Workflows that call each other more deeply are not followed.
const MAX_DEPTH: usize = 8;

/// A value that a test passes on. Items of lists are `*` on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// Where it comes from.
    pub from: Producer,
    /// Where it goes.
    pub to: Consumer,
}

/// A workflow at its place.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) sources: &'a [ScenarioSource<'a>],
    pub(crate) system: &'a System,
    pub(crate) source: ScenarioSource<'a>,
    pub(crate) workflow: &'a Workflow,
}

/// The values that a step takes from other steps.
pub(crate) fn of_step(scope: Scope<'_>, step: &Step, operation: &OperationKey) -> Vec<Flow> {
    let mut found = Vec::new();
    for (input, expression) in inputs(scope.workflow, step) {
        if let Some(from) = scope.origin(expression.reference(), expression.pointer(), 0) {
            found.push(Flow { from, to: Consumer { operation: operation.clone(), input } });
        }
    }
    found
}

/// The expressions in what a step sends, each with its place in the request.
fn inputs<'s>(workflow: &'s Workflow, step: &'s Step) -> Vec<(Input, &'s Expression)> {
    let mut found = Vec::new();
    for parameter in workflow.parameters_of(step) {
        let Some(location) = parameter.location else { continue };
        let input = Input::Parameter(location, parameter.name.clone());
        found.extend(parameter.value.expressions().into_iter().map(|occurrence| (input.clone(), occurrence.expression)));
    }
    let Some(body) = &step.request_body else { return found };
    let at = |root: &Pointer, within: &Pointer| Input::Body(shape(&root.concat(within)));
    if let Some(payload) = &body.payload {
        found.extend(payload.expressions().into_iter().map(|o| (at(&Pointer::root(), &o.at), o.expression)));
    }
    for replacement in &body.replacements {
        let Some(root) = selected(&replacement.selector) else { continue };
        found.extend(replacement.value.expressions().into_iter().map(|o| (at(&root, &o.at), o.expression)));
    }
    found
}

impl<'a> Scope<'a> {
    /// The operation that a value comes from, and where in what it yields.
    fn origin(self, reference: &Reference, rest: &Pointer, depth: usize) -> Option<Producer> {
        if depth > MAX_DEPTH {
            return None;
        }
        let whole = std::iter::once((reference.clone(), Pointer::root()));
        whole.chain(reference.splits()).find_map(|(reference, path)| self.output(&reference, &path.concat(rest), depth))
    }

    fn output(self, reference: &Reference, rest: &Pointer, depth: usize) -> Option<Producer> {
        match reference {
            Reference::StepOutput { step, output } => self.step_output(step, output, rest, depth),
            Reference::Workflow { workflow, field: WorkflowField::Outputs, name } => {
                let workflow = self.source.file.workflow(workflow)?;
                Scope { workflow, ..self }.workflow_output(name, rest, depth)
            }
            _ => None,
        }
    }

    fn step_output(self, step: &str, output: &str, rest: &Pointer, depth: usize) -> Option<Producer> {
        let all = || self.workflow.steps.iter().chain(&self.workflow.finally);
        let step = all().find(|candidate| candidate.id == step)?;
        if let StepTarget::Workflow(reference) = &step.target {
            let (source, workflow) = find(self.sources, &self.source, reference)?;
            return Scope { source, workflow, ..self }.workflow_output(output, rest, depth + 1);
        }
        let (_, operation) = resolve::operation(&step.target, self.source.file, self.source.origin, self.system)?;
        let (reference, pointer) = taken(step.outputs.get(output)?)?;
        let output = yielded(&reference, &pointer.concat(rest))?;
        Some(Producer { operation: operation.key.clone(), output })
    }

    fn workflow_output(self, name: &str, rest: &Pointer, depth: usize) -> Option<Producer> {
        let (reference, pointer) = taken(self.workflow.outputs.get(name)?)?;
        self.origin(&reference, &pointer.concat(rest), depth + 1)
    }
}

/// What an output takes, and where in it.
fn taken(output: &Template) -> Option<(Reference, Pointer)> {
    match output {
        Template::Expression(expression) => Some((expression.reference().clone(), expression.pointer().clone())),
        Template::Selector(selector) => {
            let within = selected(&selector.selector)?;
            Some((selector.context.reference().clone(), selector.context.pointer().concat(&within)))
        }
        _ => None,
    }
}

/// A place in an answer, or in the request that the caller chose himself.
fn yielded(reference: &Reference, pointer: &Pointer) -> Option<Output> {
    use callboard_model::api::ParameterLocation::{Header, Path, Query};
    let parameter = |location, name: &String| Some(Output::Request(Input::Parameter(location, name.clone())));
    match reference {
        Reference::Response(MessagePart::Body) => Some(Output::Body(shape(pointer))),
        Reference::Response(MessagePart::Header(name)) => Some(Output::Header(name.clone())),
        Reference::Request(MessagePart::Body) => Some(Output::Request(Input::Body(shape(pointer)))),
        Reference::Request(MessagePart::Path(name)) => parameter(Path, name),
        Reference::Request(MessagePart::Query(name)) => parameter(Query, name),
        Reference::Request(MessagePart::Header(name)) => parameter(Header, name),
        _ => None,
    }
}

/// A pointer into an instance as one into its shape: indices become `*`.
fn shape(pointer: &Pointer) -> Pointer {
    Pointer::of(pointer.segments().map(|segment| if segment.parse::<usize>().is_ok() { "*".to_owned() } else { segment }))
}

/// The shape of a selected place; of a JSONPath, what stands in brackets is any item unless it is a name.
fn selected(selector: &Selector) -> Option<Pointer> {
    match selector {
        Selector::Pointer(pointer) => Some(pointer.clone()),
        Selector::JsonPath(query) => path_shape(query.text()),
        Selector::XPath => None,
    }
}

fn path_shape(path: &str) -> Option<Pointer> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut pointer = Pointer::root();
    while let Some(first) = rest.chars().next() {
        if first == '[' {
            let end = closing(rest)?;
            let inner = rest[1..end].trim();
            let name = inner.strip_prefix(['\'', '"']).and_then(|name| name.strip_suffix(['\'', '"']));
            pointer.push(name.unwrap_or("*"));
            rest = &rest[end + 1..];
        } else {
            // `..` looks at any depth: no shape says that.
            let name = rest.strip_prefix('.').filter(|name| !name.starts_with('.'))?;
            let end = name.find(['.', '[']).unwrap_or(name.len());
            pointer.push(&name[..end]);
            rest = &name[end..];
        }
    }
    Some(pointer)
}

/// The bracket that closes the first one.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_path_has_the_shape_of_what_it_selects() {
        let shape = |path: &str| path_shape(path).map(|pointer| pointer.as_str().to_owned());
        assert_eq!(shape("$.items[?@.name == 'a]b'].sku").as_deref(), Some("/items/*/sku"));
        assert_eq!(shape("$['a b'][0].x").as_deref(), Some("/a b/*/x"));
        assert_eq!(shape("$").as_deref(), Some(""));
        assert_eq!(shape("$..sku"), None);
        assert_eq!(shape("$[?@.x"), None);
    }
}
