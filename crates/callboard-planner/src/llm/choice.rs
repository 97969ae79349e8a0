//! Which of two plans is better.

use callboard_model::OperationKey;
use callboard_model::plan::Plan;

use super::faults::Rated;

/// A model's plan may score so much less than the embedded one and still be taken: about what one more step costs.
/// The embedded plan is the one with the best score that its search finds, so that the score alone would hardly ever favour the model.
/// `examples/llm_choice.rs` measures what a larger or smaller value gives and takes.
const TOLERANCE: f64 = 1.0;

/// Whose plan is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winner {
    /// The model's.
    Model,
    /// The embedded planner's.
    Embedded,
    /// The embedded planner's, and the model says the same.
    Both,
}

/// Whose plan is taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Whose.
    pub winner: Winner,
    /// Why, as words behind "because".
    pub why: String,
}

/// Compares by violations, then by score.
pub fn choose(embedded: &Rated, model: &Rated) -> Choice {
    let (ours, theirs) = (embedded.violations.len(), model.violations.len());
    let choice = |winner, why| Choice { winner, why };
    if model.plan.steps.is_empty() {
        return choice(Winner::Embedded, "the model found no plan".to_owned());
    }
    if theirs != ours {
        let (winner, better, worse, example) = if theirs < ours {
            (Winner::Model, theirs, ours, embedded.violations.first())
        } else {
            (Winner::Embedded, ours, theirs, model.violations.first())
        };
        let example = example.map(|text| format!(" (such as: {text})")).unwrap_or_default();
        return choice(winner, format!("it has {}, the other one {worse}{example}", faults(better)));
    }
    if operations(&embedded.plan) == operations(&model.plan) {
        return choice(Winner::Both, "both have the same operations and the same number of faults".to_owned());
    }
    let scores = format!("{:.1} for the model's plan, {:.1} for the embedded one", model.score, embedded.score);
    if model.score + TOLERANCE >= embedded.score {
        choice(Winner::Model, format!("both have {}, and its operations fit the sentence ({scores})", faults(ours)))
    } else {
        choice(Winner::Embedded, format!("both have {}, and its operations fit the sentence better ({scores})", faults(ours)))
    }
}

fn faults(count: usize) -> String {
    match count {
        0 => "no fault".to_owned(),
        1 => "1 fault".to_owned(),
        many => format!("{many} faults"),
    }
}

fn operations(plan: &Plan) -> Vec<&OperationKey> {
    plan.steps.iter().map(|step| &step.operation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_model::Method;
    use callboard_model::plan::{Expectation, PlannedStep};

    fn rated(path: &str, faults: usize, score: f64) -> Rated {
        let step = PlannedStep {
            operation: OperationKey::new("a", Method::Get, path),
            step: "s".to_owned(),
            bindings: Vec::new(),
            confidence: 1.0,
            words: Vec::new(),
            expect: Expectation::Success,
            checks: Vec::new(),
            until: None,
            within: None,
        };
        let plan = Plan { steps: vec![step], ..Plan::default() };
        Rated { plan, violations: vec!["`x` is not used".to_owned(); faults], score }
    }

    #[test]
    fn fewer_faults_win_before_a_better_score() {
        let choice = choose(&rated("/a", 1, 10.0), &rated("/b", 0, 1.0));
        assert_eq!(choice.winner, Winner::Model);
        assert!(choice.why.contains("it has no fault, the other one 1 (such as: `x` is not used)"), "{}", choice.why);
        assert_eq!(choose(&rated("/a", 0, 1.0), &rated("/b", 2, 10.0)).winner, Winner::Embedded);
    }

    #[test]
    fn with_equal_faults_a_plan_that_fits_much_worse_loses() {
        assert_eq!(choose(&rated("/a", 0, 10.0), &rated("/b", 0, 9.0)).winner, Winner::Model);
        assert_eq!(choose(&rated("/a", 0, 10.0), &rated("/b", 0, 5.0)).winner, Winner::Embedded);
        assert_eq!(choose(&rated("/a", 0, 10.0), &rated("/a", 0, 10.0)).winner, Winner::Both);
        assert_eq!(choose(&rated("/a", 3, 10.0), &Rated::default()).winner, Winner::Embedded);
    }
}
