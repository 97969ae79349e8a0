//! Places of answers that outputs, criteria and later steps read, and that are elsewhere now.

use callboard_definition::PlaceFate;
use callboard_model::schema::Descent;
use callboard_model::{Operation, Pointer, Schema, Service, StatusPattern};
use callboard_scenario::ast::{Step, Workflow};
use callboard_scenario::codes;
use callboard_scenario::criterion::Criterion;
use callboard_scenario::edit::Edit;
use callboard_scenario::expression::{Expression, MessagePart, Reference};
use callboard_scenario::status;
use callboard_scenario::template::Template;

use super::calls::Call;
use super::{CHANGED_ANSWER, Examiner, Report, choices};

/// An expression that reads a place of an answer.
struct Use<'u> {
    /// The scalar in the file.
    at: Pointer,
    /// How many characters of it stand before the expression.
    offset: usize,
    expression: &'u Expression,
    /// The place in the answer.
    place: Pointer,
    /// How many segments of the place the expression does not spell itself: an output does.
    outer: usize,
    /// The step that reads.
    step: Pointer,
}

impl<'c> Examiner<'c> {
    /// Everything that reads answers of the steps of a workflow.
    pub(super) fn answers(&mut self, workflow: &Workflow, calls: &[Option<Call<'c>>]) {
        for (index, step) in workflow.steps.iter().chain(&workflow.finally).enumerate() {
            for (at, offset, expression) in expressions_of(step) {
                self.read(calls, Some(index), &step.pointer, at, offset, expression);
            }
        }
        for (name, output) in &workflow.outputs {
            for found in output.expressions() {
                let at = workflow.pointer.join("outputs").join(name).concat(&found.at);
                self.read(calls, None, &at.clone(), at, found.offset, found.expression);
            }
        }
    }

    fn read(
        &mut self,
        calls: &[Option<Call<'c>>],
        own: Option<usize>,
        step: &Pointer,
        at: Pointer,
        offset: usize,
        expression: &Expression,
    ) {
        let step = step.clone();
        match expression.reference() {
            Reference::Response(part) => {
                let Some(call) = own.and_then(|index| calls.get(index)?.as_ref()) else { return };
                match part {
                    MessagePart::Body => {
                        let place = expression.pointer().clone();
                        self.place(call, &Use { at, offset, expression, place, outer: 0, step });
                    }
                    MessagePart::Header(name) => self.header(call, name, &at, offset, expression),
                    _ => {}
                }
            }
            Reference::StepOutput { step: producer, output } => {
                let Some(call) = calls.iter().flatten().find(|call| call.step.id == *producer) else { return };
                let Some(Template::Expression(source)) = call.step.outputs.get(output) else { return };
                if matches!(source.reference(), Reference::Response(MessagePart::Body)) && !expression.pointer().is_root() {
                    let place = source.pointer().concat(expression.pointer());
                    let outer = source.pointer().segments().count();
                    self.place(call, &Use { at, offset, expression, place, outer, step });
                }
            }
            _ => {}
        }
    }

    /// A place of an answer.
    fn place(&mut self, call: &Call<'_>, used: &Use<'_>) {
        if used.place.is_root() {
            return;
        }
        let Some((new, missing)) = missing(call.new, call.step, &used.place) else { return };
        let segments: Vec<String> = used.place.segments().collect();
        // What the output itself spells is reported there.
        if missing < used.outer {
            return;
        }
        let level = Pointer::of(&segments[..missing]);
        let fate = match (call.old, call.versions) {
            (Some(old), Some(versions)) => {
                let Some(before) = level_of(old, call.step, &level, &segments) else { return };
                let Descent::Found(after) = new.descend(&level) else { return };
                versions.member(&before, &after, &segments[missing..])
            }
            _ => return,
        };
        let label = call.new.1.label();
        let (message, edits, remedy) = match fate {
            (PlaceFate::Kept, _) => return,
            (PlaceFate::Moved { to, why }, consumed) => {
                let rest = Pointer::of(&segments[missing + consumed..]);
                let place = level.concat(&to).concat(&rest);
                let own = Pointer::of(place.segments().skip(used.outer));
                let edits = self.reworded(used, &rewritten(used.expression, &own)).into_iter().collect();
                let message = format!("`{}` in the answer of `{label}` is `{place}` now: {why}", used.place);
                (message, edits, format!("`{place}` instead of `{}`", used.place))
            }
            (PlaceFate::Gone(near), _) => {
                let message = format!("`{}` was removed from the answer of `{label}`", level.join(&segments[missing]));
                let names = near.iter().map(|pointer| level.concat(pointer).to_string());
                let remedy = if near.is_empty() {
                    "nothing stands for it: read something else, or take this out".to_owned()
                } else {
                    format!("it may be {}", choices(names))
                };
                (message, Vec::new(), remedy)
            }
        };
        let report = Report {
            code: CHANGED_ANSWER,
            explains: Some(codes::UNKNOWN_PROPERTY),
            at: &used.at,
            subject: used.expression.text(),
            message,
            edits,
            remedy,
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&used.step), report);
    }

    fn header(&mut self, call: &Call<'_>, name: &str, at: &Pointer, offset: usize, expression: &Expression) {
        let names = |operation: &Operation| -> Vec<String> {
            operation.responses.iter().flat_map(|response| &response.headers).map(|header| header.name.clone()).collect()
        };
        let Some((_, old)) = call.old else { return };
        let (before, after) = (names(old), names(call.new.1));
        let has = |list: &[String]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
        if !has(&before) || has(&after) {
            return;
        }
        let added = after.iter().filter(|known| !before.iter().any(|other| other.eq_ignore_ascii_case(known)));
        let similar = added.map(|known| (callboard_definition::likeness::of_names(known, name), known));
        let best = similar.filter(|(score, _)| *score >= 0.6).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known.clone());
        let text = best.as_ref().map(|known| expression.text().replacen(name, known, 1));
        let place = Pointer::root();
        let used = Use { at: at.clone(), offset, expression, place, outer: 0, step: call.step.pointer.clone() };
        let edits: Vec<Edit> = text.and_then(|text| self.reworded(&used, &text)).into_iter().collect();
        let remedy = match &best {
            Some(known) => format!("`{known}` instead of `{name}`"),
            None if after.is_empty() => "no header is documented any more".to_owned(),
            None => format!("documented: {}", choices(&after)),
        };
        let report = Report {
            code: CHANGED_ANSWER,
            explains: Some(codes::UNKNOWN_PROPERTY),
            at,
            subject: name,
            message: format!("`{}` does not document the header `{name}` any more", call.new.1.label()),
            edits,
            remedy,
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    /// The scalar with another text in the place of the expression.
    fn reworded(&self, used: &Use<'_>, text: &str) -> Option<Edit> {
        let scalar = self.text(&used.at)?;
        let before: String = scalar.chars().take(used.offset).collect();
        let rest = scalar.get(before.len()..)?.strip_prefix(used.expression.text())?;
        Some(Edit::Set { at: used.at.clone(), value: format!("{before}{text}{rest}").into() })
    }
}

/// The expressions of a step with their places.
fn expressions_of(step: &Step) -> Vec<(Pointer, usize, &Expression)> {
    let mut found = Vec::new();
    let templates = step
        .parameters
        .iter()
        .map(|parameter| (parameter.pointer.join("value"), &parameter.value))
        .chain(step.request_body.iter().flat_map(|body| {
            let payload = body.payload.iter().map(|payload| (body.pointer.join("payload"), payload));
            payload.chain(body.replacements.iter().map(|replacement| (replacement.pointer.join("value"), &replacement.value)))
        }))
        .chain(step.outputs.iter().map(|(name, output)| (step.pointer.join("outputs").join(name), output)));
    for (at, value) in templates {
        found.extend(value.expressions().into_iter().map(|o| (at.concat(&o.at), o.offset, o.expression)));
    }
    for criterion in criteria_of(step) {
        found.extend(criterion.expressions().into_iter().map(|(field, offset, e)| (criterion.pointer.join(field), offset, e)));
    }
    found
}

/// All criteria of a step.
pub(super) fn criteria_of(step: &Step) -> impl Iterator<Item = &Criterion> {
    let actions = step.on_success.iter().chain(&step.on_failure).flat_map(|action| &action.criteria);
    step.success_criteria.iter().chain(step.until.iter().flat_map(|until| &until.criteria)).chain(actions)
}

/// The schemas of the answers that a step may read: those of the statuses that it expects, or of success.
pub(super) fn schemas<'s>((service, operation): (&'s Service, &'s Operation), step: &Step) -> Vec<Schema<'s>> {
    let expected = status::expected(step);
    let mut responses: Vec<_> = expected.iter().filter_map(|status| operation.response(*status)).collect();
    if responses.is_empty() {
        responses.extend(operation.success_response());
    }
    let is_default = |pattern| pattern == StatusPattern::Default;
    responses.sort_by_key(|response| is_default(response.status));
    let schema = |response: &&'s callboard_model::api::Response| {
        let media = response.preferred().filter(|media| media.is_json())?;
        service.schema(media.schema.as_ref()?)
    };
    responses.iter().filter_map(schema).collect()
}

/// Where no answer has a place: the schema, and the number of the segment that it does not have.
fn missing<'s>(call: (&'s Service, &'s Operation), step: &Step, place: &Pointer) -> Option<(Schema<'s>, usize)> {
    let mut missing = None;
    for schema in schemas(call, step) {
        match schema.descend(place) {
            Descent::Missing { at, .. } => missing = missing.or(Some((schema, at.segments().count() - 1))),
            _ => return None,
        }
    }
    missing
}

/// The schema of the older version at a level, where the whole place was there.
fn level_of<'s>(old: (&'s Service, &'s Operation), step: &Step, level: &Pointer, segments: &[String]) -> Option<Schema<'s>> {
    let whole = Pointer::of(segments);
    let schema = schemas(old, step).into_iter().find(|schema| matches!(schema.descend(&whole), Descent::Found(_)))?;
    match schema.descend(level) {
        Descent::Found(level) => Some(level),
        _ => None,
    }
}

/// An expression with another pointer, in its own way of writing where that is possible.
fn rewritten(expression: &Expression, pointer: &Pointer) -> String {
    let text = expression.text();
    if let Some((before, _)) = text.split_once('#') {
        return format!("{before}#{pointer}");
    }
    let Some(at) = text.find("body") else { return text.to_owned() };
    let base = &text[..at + "body".len()];
    let dotted: String = pointer
        .segments()
        .map(|segment| if segment.chars().all(|c| c.is_ascii_digit()) { format!("[{segment}]") } else { format!(".{segment}") })
        .collect();
    let dotted = format!("{base}{dotted}");
    let is_same = Expression::parse(&dotted).is_ok_and(|parsed| parsed.pointer() == pointer);
    if is_same { dotted } else { format!("{base}#{pointer}") }
}
