//! The talk with a model, from the question to the plan: at most three answers.

use callboard_model::plan::Plan;
use serde_json::Value;

use super::answer;
use super::candidates::Candidates;
use super::complete::{Completed, complete};
use super::faults::{Rated, faults};
use super::prompt;
use super::rate::rate;
use super::reading::Reading;
use super::repair;
use super::schema::schema;
use super::validate::validate;
use crate::plan::{PlanOptions, Planner};

/// The version of everything that a model is told: recorded answers of another version belong to other questions.
pub const PROMPT_VERSION: u32 = 1;
/// So often a model may correct itself.
const REPAIRS: usize = 2;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We do.
    User,
    /// The model did.
    Model,
}

/// A part of the talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The rules.
    pub system: String,
    /// The talk so far; the last message is ours.
    pub messages: Vec<Message>,
    /// The JSON schema of the answer.
    pub schema: Value,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// The model is asked again.
    Ask(Request),
    /// Nothing more is asked.
    Done,
}

/// Both plans.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The embedded planner's.
    pub embedded: Rated,
    /// The best one that the model's answers gave.
    pub model: Option<Rated>,
    /// Why an answer could not be used, when the last one could not.
    pub problem: Option<String>,
    /// How many answers were read.
    pub answers: usize,
}

/// A talk about one sentence.
pub struct Dialogue<'p, 'a> {
    planner: &'p Planner<'a>,
    options: &'p PlanOptions,
    sentence: String,
    request: Request,
    outcome: Outcome,
}

impl<'p, 'a> Dialogue<'p, 'a> {
    /// Opens a talk. The embedded plan is made at once: it is the draft.
    pub fn new(planner: &'p Planner<'a>, sentence: &str, options: &'p PlanOptions) -> Self {
        let plan = planner.plan(sentence, options);
        let (request, embedded) = planner.read(sentence, options, |reading| {
            let candidates = candidates(reading, &plan);
            let request = Request {
                system: prompt::RULES.to_owned(),
                messages: vec![Message { role: Role::User, text: prompt::question(reading, &candidates, &plan) }],
                schema: schema(&candidates.ids()),
            };
            (request, rated(reading, plan.clone()))
        });
        let outcome = Outcome { embedded, model: None, problem: None, answers: 0 };
        Self { planner, options, sentence: sentence.to_owned(), request, outcome }
    }

    /// What the model is asked now.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Takes the model's answer.
    pub fn answer(&mut self, text: &str) -> Turn {
        self.outcome.answers += 1;
        let said = self.read(text);
        let complaint = match said {
            Ok((completed, complaint)) => {
                self.outcome.problem = None;
                self.keep(completed.rated);
                complaint
            }
            Err(why) => {
                let complaint = repair::unreadable(&why);
                self.outcome.problem = Some(why);
                Some(complaint)
            }
        };
        match complaint.filter(|_| self.outcome.answers <= REPAIRS) {
            Some(complaint) => {
                self.request.messages.push(Message { role: Role::Model, text: text.chars().take(20_000).collect() });
                self.request.messages.push(Message { role: Role::User, text: complaint });
                Turn::Ask(self.request.clone())
            }
            None => Turn::Done,
        }
    }

    /// Both plans, as far as the talk went.
    pub fn outcome(self) -> Outcome {
        self.outcome
    }

    /// The plan that an answer gives, and what to complain about.
    fn read(&self, text: &str) -> Result<(Completed, Option<String>), String> {
        let answer = answer::read(text)?;
        self.planner.read(&self.sentence, self.options, |reading| {
            let candidates = candidates(reading, &self.outcome.embedded.plan);
            let validated = validate(reading, &candidates, &answer);
            if validated.steps.is_empty() {
                return Err(validated.violations.into_iter().next().unwrap_or_else(|| "it has no usable step".to_owned()));
            }
            let completed = complete(reading, &validated.steps, &answer.unmatched);
            let is_fine = validated.violations.is_empty() && completed.faults.is_empty();
            let complaint = (!is_fine).then(|| repair::message(reading, &candidates, &validated.violations, &completed.faults));
            Ok((completed, complaint))
        })
    }

    /// Of several answers the one with the fewest faults counts, the later one of equals.
    fn keep(&mut self, rated: Rated) {
        let is_better = self.outcome.model.as_ref().is_none_or(|known| rated.violations.len() <= known.violations.len());
        if is_better {
            self.outcome.model = Some(rated);
        }
    }
}

fn candidates(reading: &Reading<'_, '_>, plan: &Plan) -> Candidates {
    let alternatives = plan.alternatives.iter().flat_map(|alternative| &alternative.steps);
    Candidates::of(reading, plan.steps.iter().chain(alternatives).filter_map(|step| reading.op_of(&step.operation)))
}

/// The embedded plan, measured as the model's is.
fn rated(reading: &Reading<'_, '_>, plan: Plan) -> Rated {
    let Some(sequence) = reading.sequences().into_iter().next() else {
        return Rated { violations: vec!["no operation fits the sentence".to_owned()], plan, score: 0.0 };
    };
    let violations = faults(reading, &sequence.steps, &plan).into_iter().map(|fault| fault.text).collect();
    Rated { violations, score: rate(reading, &sequence.steps), plan }
}
