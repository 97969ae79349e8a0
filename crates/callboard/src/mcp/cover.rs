//! The tool that fills gaps: `generate_cover`.

use serde_json::{Value, json};

use super::answer::Answer;
use super::arguments::CoverArguments;
use super::place;
use super::tools::Call;
use crate::cli::{CoverWhat, GenerateArgs};
use crate::commands::cover;
use crate::exit::Failure;
use crate::project::Project;

/// How many rows of each list are returned.
const ROWS: usize = 40;

/// Generates scenarios for what no test touches, tried on the services of the environment or on virtual ones.
pub(crate) async fn cover(arguments: &CoverArguments, call: Call) -> Result<Answer, Failure> {
    let project = Project::open("".into())?;
    let options = GenerateArgs {
        output: arguments.folder.as_deref().map(place::inside).transpose()?,
        env: arguments.env.clone(),
        budget: arguments.budget,
        runs: arguments.runs,
        seed: arguments.seed,
        skip: arguments.skip.clone(),
        force: arguments.overwrite,
        ..GenerateArgs::default()
    };
    let what = if arguments.all { CoverWhat::All } else { CoverWhat::Gaps };
    let terminal = &call.session.terminal;
    let (mut value, text) =
        cover::make(&project, &options, what, terminal, &call.cancel, |outcome| (outcome.to_json(), outcome.to_text())).await?;
    let mut more = json!({});
    for list in ["files", "scenarios", "dropped", "findings"] {
        more[list] = json!(cut(&mut value[list]));
    }
    for list in ["operations", "answers", "crossings"] {
        more[list] = json!(cut(&mut value["notTouched"][list]));
    }
    value["more"] = more;
    Ok(Answer::new(value, &text))
}

/// Cuts a list; returns how many were cut.
fn cut(list: &mut Value) -> usize {
    let Value::Array(rows) = list else { return 0 };
    let more = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    more
}
