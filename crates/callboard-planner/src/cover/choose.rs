//! Which scenarios are worth their place when there are to be only so many.

use std::collections::BTreeSet;

use super::Goal;

/// At most `budget` of the scenarios, of each what it touches: each time the one that touches most of what is not touched yet, the
/// earlier one where two touch as much. All of them without a budget.
///
/// The answer counts the scenarios from 0, in their own order.
pub fn choose(scenarios: &[BTreeSet<Goal>], covered: &BTreeSet<Goal>, budget: Option<usize>) -> Vec<usize> {
    let Some(budget) = budget else { return (0..scenarios.len()).collect() };
    let mut covered = covered.clone();
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    while chosen.len() < budget {
        let new = |at: &usize| scenarios[*at].difference(&covered).count();
        let left = (0..scenarios.len()).filter(|at| !chosen.contains(at));
        let Some(best) = left.max_by(|a, b| new(a).cmp(&new(b)).then(b.cmp(a))) else { break };
        covered.extend(scenarios[best].iter().cloned());
        chosen.insert(best);
    }
    chosen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use callboard_model::{Method, OperationKey};

    use super::*;

    fn touching(paths: &[&str]) -> BTreeSet<Goal> {
        paths.iter().map(|path| Goal::Operation(OperationKey::new("s", Method::Get, path))).collect()
    }

    #[test]
    fn a_budget_is_spent_on_what_touches_most_that_is_new() {
        let scenarios = [touching(&["/a"]), touching(&["/a", "/b"]), touching(&["/c"]), touching(&["/b", "/a"])];
        assert_eq!(choose(&scenarios, &BTreeSet::new(), Some(2)), [1, 2]);
        assert_eq!(choose(&scenarios, &touching(&["/a", "/b"]), Some(1)), [2]);
        assert_eq!(choose(&scenarios, &BTreeSet::new(), None), [0, 1, 2, 3]);
        assert_eq!(choose(&scenarios, &BTreeSet::new(), Some(9)).len(), 4);
    }
}
