//! Which operations of a large system a clause may be about: the most relevant ones, found without rating all of them.

use callboard_model::Method;

use crate::clauses::Mode;
use crate::index::OpId;
use crate::score::View;
use crate::words::Act;

impl View<'_, '_> {
    /// Operations worth a look, best first; always the same number of them.
    pub(crate) fn targets(&self, most: usize) -> &[OpId] {
        self.targets.get_or_init(|| self.find_targets(most))
    }

    fn find_targets(&self, most: usize) -> Vec<OpId> {
        let fit =
            |op: &OpId| self.index.ops[*op].usable && self.allows(&self.index.ops[*op].method) && self.clause.aim.fits(self, *op);
        let with_bounds = self.candidates().into_iter().filter(|(op, _)| fit(op));
        let mut open: Vec<(f64, OpId)> = with_bounds.map(|(op, covered)| (self.bound(op, covered), op)).collect();
        open.sort_unstable_by(best_first);
        let mut found: Vec<(f64, OpId)> = Vec::with_capacity(most + 1);
        for (bound, op) in open {
            if found.len() == most && found.last().is_none_or(|(least, _)| bound < *least) {
                break;
            }
            let rated = (self.rel(op), op);
            let at = found.partition_point(|better| best_first(better, &rated).is_lt());
            found.insert(at, rated);
            found.truncate(most);
        }
        found.into_iter().map(|(_, op)| op).collect()
    }

    /// Operations for which some word stands, each with what is covered; without words, those that yield what is mentioned.
    fn candidates(&self) -> Vec<(OpId, f64)> {
        let mut covered = vec![f64::NAN; self.index.ops.len()];
        for word in &self.words {
            for (op, strength) in &word.strengths {
                let sum = &mut covered[*op];
                *sum = if sum.is_nan() { 0.0 } else { *sum } + word.weight * strength.whole;
            }
        }
        if self.words.is_empty() {
            let producers = self.mentions.iter().flatten().filter_map(|entity| self.index.typing.producers.get(entity));
            producers.flatten().for_each(|(op, _)| covered[*op] = 0.0);
        }
        covered.into_iter().enumerate().filter(|(_, covered)| !covered.is_nan()).collect()
    }

    /// No less than how relevant an operation is.
    fn bound(&self, op: OpId, covered: f64) -> f64 {
        // Sums of floating numbers depend on their order.
        const SLACK: f64 = 1e-9;
        self.bare(op, covered) + self.most_agreement() + self.standing(op) + SLACK
    }

    /// Whether the clause may be about an operation of such a method.
    fn allows(&self, method: &Method) -> bool {
        let clause = self.clause;
        let looks_only = clause.mode != Mode::Do && clause.act.is_none_or(|act| act == Act::Read || clause.outcome.is_none());
        // What is refused was an attempt to do something.
        let acts_only = clause.mode == Mode::Do
            && clause.outcome.is_some()
            && (clause.repeats || clause.act.is_some_and(|act| matches!(act, Act::Create | Act::Update | Act::Delete)));
        if method.is_safe() { !acts_only } else { !looks_only }
    }
}

fn best_first(a: &(f64, OpId), b: &(f64, OpId)) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}
