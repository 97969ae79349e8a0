//! Where a value comes from that an operation needs now: from what the workflow has already, best first.

use callboard_model::map::{Input, Output};
use callboard_model::{Pointer, Schema};
use callboard_scenario::edit::Edit;
use callboard_scenario::expression::{MessagePart, Reference};
use callboard_scenario::template::Template;
use callboard_schema::{Direction, Hints, synthesise};
use serde_json::{Map, Value};

use super::Examiner;
use super::calls::Call;

/// Links that are less sure than this bind nothing.
const SURE_ENOUGH: f64 = 0.5;
/// The same seed gives the same value each time.
const SEED: u64 = 1;

/// A value with its origin.
pub(super) struct Supplied {
    /// A literal or an expression.
    pub(super) value: Value,
    /// What else has to change: an output that an earlier step has to keep.
    pub(super) extra: Vec<Edit>,
    /// Where it comes from, in words.
    pub(super) why: String,
    /// A comment for the file, where a person has to look at the value.
    pub(super) comment: Option<String>,
}

impl Supplied {
    fn found(value: Value, why: String) -> Self {
        Self { value, extra: Vec::new(), why, comment: None }
    }
}

impl Examiner<'_> {
    /// A value for an input of a step's operation.
    pub(super) fn supply(
        &self,
        call: &Call<'_>,
        calls: &[Option<Call<'_>>],
        input: &Input,
        name: &str,
        schema: Option<&Schema<'_>>,
    ) -> Supplied {
        let earlier: Vec<&Call<'_>> = calls.iter().flatten().filter(|other| other.index < call.index).collect();
        self.sent_before(call, &earlier, name)
            .or_else(|| self.workflow_input(call, name))
            .or_else(|| self.linked(call, &earlier, input))
            .or_else(|| output_of_that_name(&earlier, name))
            .unwrap_or_else(|| made_up(name, schema))
    }

    /// What an earlier step of the workflow, or this one elsewhere, sends under the same name.
    fn sent_before(&self, call: &Call<'_>, earlier: &[&Call<'_>], name: &str) -> Option<Supplied> {
        earlier.iter().rev().find_map(|other| {
            let parameter = other.step.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name))?;
            let is_literal_id = parameter.value.as_literal().is_some() && other.workflow.id != call.workflow.id;
            (!is_literal_id).then(|| Supplied::found(parameter.value.to_value(), format!("as in the step `{}`", other.step.id)))
        })
    }

    fn workflow_input(&self, call: &Call<'_>, name: &str) -> Option<Supplied> {
        let inputs = call.workflow.inputs.as_ref()?.get("properties")?.as_object()?;
        let wanted = callboard_definition::likeness::words(name);
        let found = inputs.keys().find(|known| callboard_definition::likeness::words(known) == wanted)?;
        Some(Supplied::found(format!("$inputs.{found}").into(), format!("from the input `{found}`")))
    }

    /// What the map links with it, of an earlier step.
    fn linked(&self, call: &Call<'_>, earlier: &[&Call<'_>], input: &Input) -> Option<Supplied> {
        let wanted = &call.new.1.key;
        let links = self.change.map.links.iter().filter(|link| link.to.operation == *wanted && link.to.input == *input);
        links.filter(|link| link.score >= SURE_ENOUGH).find_map(|link| {
            let producer = earlier.iter().rev().find(|other| other.new.1.key == link.from.operation)?;
            match &link.from.output {
                Output::Body(pointer) => Some(self.output_of_answer(producer, pointer, &link.entity)),
                Output::Request(Input::Parameter(_, name)) => {
                    let parameter = producer.step.parameters.iter().find(|parameter| parameter.name == *name)?;
                    Some(Supplied::found(parameter.value.to_value(), format!("as in the step `{}`", producer.step.id)))
                }
                Output::Request(Input::Body(_)) | Output::Header(_) => None,
            }
        })
    }

    /// An output of a step with this place of its answer; the step gets one where it has none.
    fn output_of_answer(&self, producer: &Call<'_>, pointer: &Pointer, entity: &str) -> Supplied {
        let pointer = Pointer::of(pointer.segments().map(|segment| if segment == "*" { "0".to_owned() } else { segment }));
        let step = &producer.step.id;
        let is_it = |template: &Template| {
            matches!(template, Template::Expression(e)
                if matches!(e.reference(), Reference::Response(MessagePart::Body)) && *e.pointer() == pointer)
        };
        let why = format!("from the answer of the step `{step}`");
        if let Some((name, _)) = producer.step.outputs.iter().find(|(_, template)| is_it(template)) {
            return Supplied::found(format!("$steps.{step}.outputs.{name}").into(), why);
        }
        let mut name = entity.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        while producer.step.outputs.contains_key(&name) {
            name.push_str("Id");
        }
        let value = Value::from(format!("$response.body#{pointer}"));
        let outputs = producer.step.pointer.join("outputs");
        let edit = match self.document.at(&outputs) {
            Some(_) => Edit::Insert { into: outputs, key: name.clone(), value, comment: None },
            None => {
                let value = Value::Object(Map::from_iter([(name.clone(), value)]));
                Edit::Insert { into: producer.step.pointer.clone(), key: "outputs".to_owned(), value, comment: None }
            }
        };
        Supplied { extra: vec![edit], ..Supplied::found(format!("$steps.{step}.outputs.{name}").into(), why) }
    }
}

fn output_of_that_name(earlier: &[&Call<'_>], name: &str) -> Option<Supplied> {
    let wanted = callboard_definition::likeness::words(name);
    earlier.iter().rev().find_map(|other| {
        let (output, _) =
            other.step.outputs.iter().find(|(output, _)| callboard_definition::likeness::words(output) == wanted)?;
        let value = format!("$steps.{}.outputs.{output}", other.step.id);
        Some(Supplied::found(value.into(), format!("from the step `{}`", other.step.id)))
    })
}

fn made_up(name: &str, schema: Option<&Schema<'_>>) -> Supplied {
    let value =
        schema.map_or_else(|| Value::from(name), |schema| synthesise(schema, Direction::Request, SEED, &Hints::named(name)));
    Supplied {
        value,
        extra: Vec::new(),
        why: "made up: nothing before yields it".to_owned(),
        comment: Some(format!("`{name}` is needed now; this value is made up")),
    }
}
