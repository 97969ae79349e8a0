//! What a template can see, and how its expressions are worked out.

use serde_json::Value;

use super::helpers::{Arguments, Helper};
use super::value::{Part, Val};
use super::{Call, Expression, Path, Target};
use crate::wiremock::request::Request;
use crate::wiremock::request_pattern::UrlPattern;

/// What a template can see: the request, the stub's parameters, what it assigned itself, and the contexts of its blocks.
pub(crate) struct Scope<'a> {
    request: &'a Request<'a>,
    url: &'a UrlPattern,
    parameters: &'a Value,
    /// The id of the request in the journal.
    id: &'a dyn Fn() -> String,
    assigned: Vec<(String, Val<'a>)>,
    frames: Vec<Frame<'a>>,
}

struct Frame<'a> {
    this: Val<'a>,
    named: Vec<(&'a str, Val<'a>)>,
}

impl<'a> Scope<'a> {
    /// What the template of a stub can see of a request.
    pub(crate) fn new(request: &'a Request<'a>, url: &'a UrlPattern, parameters: &'a Value, id: &'a dyn Fn() -> String) -> Self {
        Self { request, url, parameters, id, assigned: Vec::new(), frames: Vec::new() }
    }

    /// Remembers a value under a name.
    pub(super) fn assign(&mut self, name: String, value: Val<'a>) {
        self.assigned.retain(|(known, _)| *known != name);
        self.assigned.push((name, value));
    }

    /// Runs something with a context of its own.
    pub(super) fn within<T>(&mut self, this: Val<'a>, run: impl FnOnce(&mut Self) -> T) -> T {
        self.within_named(this, Vec::new(), run)
    }

    /// The same, with names for values.
    pub(super) fn within_named<T>(
        &mut self,
        this: Val<'a>,
        named: Vec<(&'a str, Val<'a>)>,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.frames.push(Frame { this, named });
        let result = run(self);
        self.frames.pop();
        result
    }

    /// The value of an expression.
    pub(super) fn evaluate(&mut self, expression: &'a Expression) -> Result<Val<'a>, String> {
        match expression {
            Expression::Path(path) => Ok(self.look_up(path)),
            Expression::Literal(value) => Ok(Val::borrowed(value)),
            Expression::Call(call) => self.call(call, None),
        }
    }

    /// What a helper makes of its arguments and, in a block, of its content.
    pub(super) fn call(&mut self, call: &'a Call, content: Option<String>) -> Result<Val<'a>, String> {
        match &call.target {
            Target::Path(path) => Ok(self.look_up(path)),
            Target::Unknown(name) => Err(format!("could not find helper: '{name}'")),
            Target::Helper(name, helper) => match helper {
                Helper::Value(run) | Helper::Predicate(run) => {
                    let values = call.arguments.iter().map(|argument| self.evaluate(argument)).collect::<Result<_, _>>()?;
                    let hash = call.hash.iter().map(|(key, value)| Ok((key.as_str(), self.evaluate(value)?)));
                    let hash = hash.collect::<Result<_, String>>()?;
                    run(&mut Arguments { name, values, hash, content, json_path: call.json_path.as_ref(), scope: self })
                }
                Helper::If | Helper::Unless | Helper::Each | Helper::With => {
                    Err(format!("`{name}` is a block: {{{{#{name} …}}}}"))
                }
            },
        }
    }

    /// The first argument of a block.
    pub(super) fn first_argument(&mut self, call: &'a Call) -> Result<Val<'a>, String> {
        call.arguments.first().map_or(Ok(Val::Missing), |argument| self.evaluate(argument))
    }

    /// What a path leads to.
    pub(super) fn look_up(&self, path: &'a Path) -> Val<'a> {
        let Some(depth) = self.frames.len().checked_sub(path.up) else { return Val::Missing };
        let Some((first, rest)) = path.segments.split_first() else {
            return depth.checked_sub(1).and_then(|at| self.frames.get(at)).map_or(Val::Missing, |frame| frame.this.clone());
        };
        let begin = self.begin(first, depth, path.up > 0);
        if path.segments.len() == 2 && first == "request" && rest[0] == "id" {
            return Val::text((self.id)());
        }
        if first == "request" && rest.first().is_some_and(|name| name == "path" || name == "pathSegments") && rest.len() == 2 {
            return self.path_parameter(&rest[1]).unwrap_or_else(|| follow(begin, rest));
        }
        follow(begin, rest)
    }

    fn begin(&self, name: &str, depth: usize, is_relative: bool) -> Val<'a> {
        for frame in self.frames[..depth].iter().rev() {
            if let Some((_, value)) = frame.named.iter().find(|(known, _)| *known == name) {
                return value.clone();
            }
            let member = frame.this.member(name);
            if !matches!(member, Val::Missing) {
                return member;
            }
            if is_relative {
                break;
            }
        }
        if let Some((_, value)) = self.assigned.iter().find(|(known, _)| known == name) {
            return value.clone();
        }
        match name {
            "request" => Val::Part(Part::Request, self.request),
            "parameters" => Val::borrowed(self.parameters),
            _ => Val::Missing,
        }
    }

    /// A parameter of the stub's path template.
    fn path_parameter(&self, name: &str) -> Option<Val<'a>> {
        let UrlPattern::Template(template) = self.url else { return None };
        let parameters = template.parameters(self.request.path())?;
        parameters.into_iter().find(|(known, _)| *known == name).map(|(_, value)| Val::text(value))
    }
}

fn follow<'a>(begin: Val<'a>, segments: &[String]) -> Val<'a> {
    segments.iter().fold(begin, |value, segment| value.member(segment))
}
