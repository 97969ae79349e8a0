//! One virtual service: finds the operation, judges the request, does what the operation's role says, and answers.

use std::sync::Arc;

use bytes::Bytes;
use callboard_model::{Operation, Service, suggest};
use callboard_schema::parameter::decode;
use http::header::ALLOW;

use crate::answer::{self, Answer, Refusal};
use crate::desk::Desk;
use crate::mutation::{Defect, Mutation};
use crate::request::{Incoming, Understood, understand};
use crate::resource::{Role, infer};
use crate::route::{Found, Routes};
use crate::state::Ground;
use crate::world::World;
use crate::{Behaviour, security};

/// A service that is stood in for.
pub(crate) struct VirtualService {
    pub(crate) service: Arc<Service>,
    pub(crate) labels: Vec<Arc<str>>,
    routes: Routes,
    roles: Vec<Role>,
    ground: Ground,
    behaviour: Behaviour,
}

impl VirtualService {
    pub(crate) fn new(index: usize, service: Arc<Service>, seed: u64, behaviour: Behaviour) -> Self {
        let (collections, roles) = infer(&service);
        let routes = Routes::new(&service);
        let labels = service.operations.iter().map(|operation| Arc::from(operation.label())).collect();
        let ground = Ground::new(index, service.clone(), collections, seed, behaviour.strict_keys);
        Self { service, labels, routes, roles, ground, behaviour }
    }

    /// Answers a request. Does not panic on any input; whoever calls catches panics all the same.
    /// A defect of the world is met where it strikes.
    pub(crate) fn answer(&self, incoming: &Incoming<'_>, world: &World, mutation: Option<&Mutation>) -> Answer {
        let Some(found) = self.routes.find(incoming.path) else { return self.unknown_path(incoming) };
        let is_head = incoming.method == "HEAD";
        let choose = |method: &str| self.choose(method, &found, incoming);
        let index = choose(incoming.method).or_else(|| is_head.then(|| choose("GET")).flatten());
        let Some(index) = index else { return other_method(incoming.method, &found.entry.operations) };
        let operation = &self.service.operations[index];
        let defect = mutation.filter(|m| m.operation == operation.key && world.calls() >= m.after).map(|m| m.defect);
        if mutation.is_some_and(|mutation| mutation.operation == operation.key) {
            world.count_call();
        }
        let mut answer = self.operate(index, incoming, &found.captures, world, defect);
        if let Some(defect) = defect {
            let response = operation.response(answer.status).and_then(|response| response.preferred());
            let schema = response.and_then(|media| self.service.schema(media.schema.as_ref()?));
            answer = defect.spoil(answer, operation, schema.as_ref());
        }
        answer.operation = Some(index);
        if is_head {
            answer.body = Bytes::new();
        }
        answer
    }

    /// The operation of a method. Templates may differ in the names of their parameters alone (`/journals/{id}`, `/journals/{number}`):
    /// then the first one counts whose parameters fit.
    fn choose(&self, method: &str, found: &Found<'_, '_>, incoming: &Incoming<'_>) -> Option<usize> {
        let candidates: Vec<usize> =
            found.entry.operations.iter().filter(|(known, _)| known == method).map(|(_, index)| *index).collect();
        let fits = |index: &usize| {
            let operation = &self.service.operations[*index];
            let understood = understand(&self.ground.judges, operation, incoming, &found.captures);
            !understood.problems.iter().any(|problem| problem.place.starts_with("path."))
        };
        match candidates[..] {
            [] => None,
            [one] => Some(one),
            [first, ..] => candidates.iter().find(|index| fits(index)).copied().or(Some(first)),
        }
    }

    fn unknown_path(&self, incoming: &Incoming<'_>) -> Answer {
        let mut paths: Vec<&str> = self.service.operations.iter().map(|operation| &*operation.key.path).collect();
        paths.dedup();
        let hint = suggest::did_you_mean_or_list(incoming.path, paths.iter().copied())
            .map(|hint| format!(" ({hint})"))
            .unwrap_or_default();
        let detail = format!("the definition of `{}` has no path `{}`{hint}", self.service.name, incoming.path);
        Answer::problem(404, &detail, &[])
    }

    fn operate(&self, index: usize, incoming: &Incoming<'_>, captures: &[&str], world: &World, defect: Option<Defect>) -> Answer {
        let operation = &self.service.operations[index];
        let accept = incoming.header("accept");
        let may_refuse = self.behaviour.ask_for_credentials && (answer::names(operation, 401) || answer::names(operation, 403));
        if may_refuse && security::lacks_credentials(&self.service, operation, incoming) {
            let refusal = Refusal {
                wishes: &[401, 403],
                otherwise: 401,
                detail: "credentials are required and none are given",
                problems: &[],
            };
            return answer::refuse(&self.ground, operation, accept, &refusal);
        }
        let understood = understand(&self.ground.judges, operation, incoming, captures);
        if !understood.problems.is_empty() && defect != Some(Defect::RefusalMissing) {
            return refuse_problems(&self.ground, operation, accept, &understood);
        }
        let keys = captures.iter().map(|raw| decode(raw).into_owned()).collect();
        let desk = Desk { ground: &self.ground, operation, world, incoming, keys, understood, defect };
        desk.perform(&self.roles[index])
    }
}

fn other_method(method: &str, operations: &[(String, usize)]) -> Answer {
    let mut known: Vec<&str> = operations.iter().map(|(method, _)| method.as_str()).collect();
    if known.contains(&"GET") && !known.contains(&"HEAD") {
        known.push("HEAD");
    }
    let allow = known.join(", ");
    if method == "OPTIONS" {
        return Answer::empty(204, "the methods of the path").with_header(ALLOW, &allow);
    }
    let detail = format!("the path has no {method}; it has {allow}");
    Answer::problem(405, &detail, &[]).with_header(ALLOW, &allow)
}

fn refuse_problems(ground: &Ground, operation: &Operation, accept: Option<&str>, understood: &Understood) -> Answer {
    let problems = &understood.problems;
    let is_shape = problems.iter().all(|problem| problem.in_body) && understood.body.is_some();
    let (wishes, otherwise): (&[u16], u16) = match () {
        () if understood.is_unsupported => (&[415, 400, 422], 415),
        () if is_shape => (&[422, 400], 400),
        () if problems.iter().all(|p| p.place.starts_with("path.")) => (&[400, 422, 404], 400),
        () => (&[400, 422], 400),
    };
    let texts: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    answer::refuse(ground, operation, accept, &Refusal { wishes, otherwise, detail: &texts.join("; "), problems })
}
