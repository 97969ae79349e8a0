//! The planner of a project, kept up between questions: reading a large system takes a second, planning over one that was read does not.
//!
//! A thread owns the system and the planner that borrows from it, and answers sentences one after the other. Before each question all
//! definitions are looked at; when one of them, the settings or the environment differs, another thread takes its place.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use callboard_model::System;
use callboard_model::plan::Plan;
use callboard_planner::{MapOptions, PlanOptions, Planner};

use crate::answers::Texts;
use crate::commands::plan;
use crate::exit::Failure;
use crate::project::Project;
use crate::terminal::Sources;

/// The planner that is up.
static STANDING: Mutex<Option<Standing>> = Mutex::new(None);

/// A planner in a thread of its own.
struct Standing {
    /// Settings and environment.
    made_for: String,
    /// The definitions; none where it cannot be told whether they change.
    texts: Option<Texts>,
    system: Arc<System>,
    options: PlanOptions,
    questions: Sender<Question>,
}

/// A sentence, and where its plan goes.
struct Question {
    sentence: String,
    answer: Sender<Plan>,
}

/// A plan with what it was made with.
pub(super) struct Planned {
    pub(super) system: Arc<System>,
    pub(super) options: PlanOptions,
    pub(super) plan: Plan,
}

/// Plans a sentence over the project as it is now.
pub(super) fn plan(sentence: &str, environment: Option<&str>) -> Result<Planned, Failure> {
    let project = Project::open("".into())?;
    let made_for = format!("{:?} {environment:?}", project.settings);
    let mut standing = STANDING.lock().unwrap_or_else(PoisonError::into_inner);
    let before = standing.take().filter(|known| known.made_for == made_for && known.still_stands());
    let current = standing.insert(match before {
        Some(known) => known,
        None => Standing::start(&project, environment, made_for)?,
    });
    let plan = current.plan(sentence);
    let (system, options) = (current.system.clone(), current.options.clone());
    let Some(plan) = plan else {
        // The thread ended, which is a bug in planning: let it show itself here, where it is reported.
        *standing = None;
        drop(standing);
        let plan = plan::plan_of(&project, &system, sentence, &options);
        return Ok(Planned { system, options, plan });
    };
    Ok(Planned { system, options, plan })
}

impl Standing {
    fn start(project: &Project, environment: Option<&str>, made_for: String) -> Result<Self, Failure> {
        let loaded = project.load_some(&[], &mut Sources::default())?;
        let options = plan::options(project, environment, &loaded.system)?;
        let (questions, asked) = channel();
        let (system, map, plan) = (loaded.system.clone(), project.map_options(), options.clone());
        std::thread::spawn(move || answer(&system, &map, &plan, &asked));
        Ok(Self { made_for, texts: Texts::of(&loaded), system: loaded.system, options, questions })
    }

    fn still_stands(&self) -> bool {
        self.texts.as_ref().is_some_and(Texts::still_stand)
    }

    fn plan(&self, sentence: &str) -> Option<Plan> {
        let (answer, given) = channel();
        self.questions.send(Question { sentence: sentence.to_owned(), answer }).ok()?;
        given.recv().ok()
    }
}

/// Answers until nobody can ask any more.
fn answer(system: &System, map: &MapOptions, options: &PlanOptions, asked: &Receiver<Question>) {
    let planner = Planner::reading(system, map, options);
    while let Ok(question) = asked.recv() {
        // Who asked may have gone away.
        let _ = question.answer.send(planner.plan(&question.sentence, options));
    }
}
