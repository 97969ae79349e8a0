//! The talk with a model, from the sentence to the plan that is taken.

use std::path::Path;
use std::sync::Arc;

use callboard_model::plan::{Alternative, Plan};
use callboard_model::{Code, Diagnostic, Severity, System};
use callboard_planner::llm::{Choice, Dialogue, Outcome, Rated, Request, Turn, Winner, choose};
use callboard_planner::{MappedSystem, PlanOptions, Planner};
use serde_json::{Value, json};

use super::dry_run;
use super::error::LlmError;
use super::memory::Memory;
use super::model::Model;
use crate::cli::LlmArgs;
use crate::commands::plan::plan_of;
use crate::exit::Failure;
use crate::project::{BAD_ARGUMENT, Project};
use crate::terminal::{Sources, Terminal};

/// What is told about a model.
pub(crate) struct Said {
    model: String,
    winner: Winner,
    why: String,
}

impl Said {
    /// For scripts.
    pub(crate) fn json(&self) -> Value {
        let winner = match self.winner {
            Winner::Model => "model",
            Winner::Embedded => "embedded",
            Winner::Both => "both",
        };
        json!({"model": self.model, "winner": winner, "why": self.why})
    }

    fn line(&self) -> String {
        let whose = match self.winner {
            Winner::Model => "its plan is taken",
            Winner::Embedded => "the embedded plan is taken",
            Winner::Both => "it agrees with the embedded plan",
        };
        format!("{}: {whose}: {}", self.model, self.why)
    }
}

/// The plan of a sentence: the embedded one, or the better of that and a model's where one is to be asked.
pub(crate) fn plan(
    project: &Project,
    system: &Arc<System>,
    sentence: &str,
    options: &PlanOptions,
    arguments: &LlmArgs,
    terminal: &Terminal,
) -> Result<(Plan, Option<Said>), Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let model = Model::resolve(arguments.llm.as_deref(), &project.settings.llm, &variable)?;
    let Some(model) = model else {
        if arguments.llm_record.is_some() {
            let help = Some("add --llm PROVIDER/MODEL".to_owned());
            return Err(Failure::argument(BAD_ARGUMENT, "there is no model whose answers could be recorded", help));
        }
        return Ok((plan_of(project, system, sentence, options), None));
    };
    let asker = Asker::new(project, model, arguments.llm_record.as_deref());
    let mapped = MappedSystem::new(system, &project.map_options());
    let planner = Planner::of(&mapped, options);
    let consulted = on_a_runtime(consult(&planner, system, sentence, options, &asker))?;
    let (plan, said) = consulted?;
    match &said.why_not {
        Some(why) => terminal.diagnostics(&[notice(&said.said.model, why)], &Sources::default()),
        None => terminal.say(said.said.line()),
    }
    Ok((plan, Some(said.said)))
}

/// Waits for a talk on a thread of its own, whatever runs on this one.
fn on_a_runtime<T: Send>(talk: impl Future<Output = T> + Send) -> Result<T, Failure> {
    let on_thread = || crate::block_on(async { Ok(talk.await) });
    std::thread::scope(|scope| scope.spawn(on_thread).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn notice(model: &str, why: &str) -> Diagnostic {
    Diagnostic {
        code: Code("llm"),
        severity: Severity::Warning,
        span: None,
        message: format!("the language model {model} did not help: {why}"),
        help: Some("the embedded plan is used, as without --llm".to_owned()),
    }
}

/// What is told, and why the model did not help, if so.
struct Consulted {
    said: Said,
    why_not: Option<String>,
}

async fn consult(
    planner: &Planner<'_>,
    system: &Arc<System>,
    sentence: &str,
    options: &PlanOptions,
    asker: &Asker,
) -> Result<(Plan, Consulted), Failure> {
    let mut dialogue = Dialogue::new(planner, sentence, options);
    let error = talk(&mut dialogue, asker).await?;
    let Outcome { mut embedded, model, problem, .. } = dialogue.outcome();
    let Some(mut model) = model else {
        let why = error.map_or_else(|| problem.unwrap_or_default(), |error| error.to_string());
        let said = Said { model: asker.model.label(), winner: Winner::Embedded, why: why.clone() };
        return Ok((embedded.plan, Consulted { said, why_not: Some(why) }));
    };
    asker.remember();
    for rated in [&mut embedded, &mut model] {
        rated.violations.extend(dry_run::faults(system, &rated.plan, sentence, options).await);
    }
    let Choice { winner, why } = choose(&embedded, &model);
    let plan = match winner {
        Winner::Model => taken(model, embedded),
        // Two that read the sentence in different ways agree: the choice is not close.
        Winner::Both => Plan { margin: embedded.plan.margin.max(1.0), ..embedded.plan },
        Winner::Embedded => embedded.plan,
    };
    Ok((plan, Consulted { said: Said { model: asker.model.label(), winner, why }, why_not: None }))
}

/// Asks until nothing more is to be asked, or no answer comes. An answer that came before counts all the same.
async fn talk(dialogue: &mut Dialogue<'_, '_>, asker: &Asker) -> Result<Option<LlmError>, Failure> {
    loop {
        let request = dialogue.request().clone();
        let answer = match asker.ask(&request).await? {
            Ok(answer) => answer,
            Err(error) => return Ok(Some(error)),
        };
        if dialogue.answer(&answer) == Turn::Done {
            return Ok(None);
        }
    }
}

/// The model's plan, with the embedded one as its first alternative.
fn taken(model: Rated, embedded: Rated) -> Plan {
    let margin = if model.violations.len() < embedded.violations.len() { 1.0 } else { (model.score - embedded.score).abs() };
    let first = Alternative { steps: embedded.plan.steps, score: embedded.score };
    let alternatives = std::iter::once(first).chain(embedded.plan.alternatives).collect();
    Plan { alternatives, margin, ..model.plan }
}

/// Who is asked, and where answers are kept.
struct Asker {
    model: Model,
    cache: Option<Memory>,
    recording: Option<Memory>,
    fresh: std::sync::Mutex<Vec<(Request, String)>>,
}

impl Asker {
    fn new(project: &Project, model: Model, record: Option<&Path>) -> Self {
        let cache = match &model {
            Model::Remote(remote) => {
                project.make_store_folder();
                Some(Memory::cache(&project.root, &format!("{} at {}", remote.label, remote.base)))
            }
            Model::Replay(_) => None,
        };
        Self { model, cache, recording: record.map(Memory::recording), fresh: std::sync::Mutex::default() }
    }

    /// The answer to a question: known, recorded or asked for.
    async fn ask(&self, request: &Request) -> Result<Result<String, LlmError>, Failure> {
        let answer = match &self.model {
            Model::Replay(folder) => {
                let found = Memory::recording(folder).find(request);
                found.ok_or_else(|| LlmError::NotRecorded(folder.display().to_string()))
            }
            Model::Remote(remote) => match self.cache.as_ref().and_then(|cache| cache.find(request)) {
                Some(known) => Ok(known),
                None => remote.ask(request).await,
            },
        };
        if let (Some(recording), Ok(answer)) = (&self.recording, &answer) {
            recording.keep(request, &self.model.label(), answer)?;
        }
        if let Ok(answer) = &answer {
            self.fresh().push((request.clone(), answer.clone()));
        }
        Ok(answer)
    }

    /// Keeps the answers of a talk that led to a plan. A cache that cannot be written costs time, nothing else.
    fn remember(&self) {
        let Some(cache) = &self.cache else { return };
        for (request, answer) in self.fresh().drain(..) {
            let _ = cache.keep(&request, &self.model.label(), &answer);
        }
        cache.tidy();
    }

    fn fresh(&self) -> std::sync::MutexGuard<'_, Vec<(Request, String)>> {
        self.fresh.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
