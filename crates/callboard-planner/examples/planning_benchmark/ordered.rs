//! Sentences whose operations have an order: RestBench TMDB and our own.

use std::path::Path;

use callboard_model::plan::Plan;
use callboard_planner::{MapOptions, PlanOptions, Planner, map};
use serde_json::Value;

use crate::load::{endpoints, entries, json, named_by_file, own_services, strings, system};

/// How many plans were right, and in which way.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ordered {
    pub(crate) count: usize,
    /// The very operations.
    pub(crate) exact: usize,
    /// All operations in order, perhaps with others between them ("correct path").
    pub(crate) path: usize,
    /// As `path`, for the plan or one of its alternatives.
    pub(crate) top: usize,
    /// Steps more than wanted.
    pub(crate) extra: i64,
}

impl Ordered {
    fn take(&mut self, plan: &Plan, golds: &[Vec<String>]) -> (bool, bool) {
        let steps = endpoints(&plan.steps);
        let is_exact = golds.contains(&steps);
        let is_path = |steps: &[String]| golds.iter().any(|gold| is_subsequence(gold, steps));
        let others = plan.alternatives.iter().any(|other| is_path(&endpoints(&other.steps)));
        let gold = golds.iter().find(|gold| is_subsequence(gold, &steps)).or(golds.first()).map_or(0, Vec::len);
        self.count += 1;
        self.exact += usize::from(is_exact);
        self.path += usize::from(is_path(&steps));
        self.top += usize::from(is_path(&steps) || others);
        self.extra += steps.len() as i64 - gold as i64;
        (is_exact, is_path(&steps))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            exact: self.exact + other.exact,
            path: self.path + other.path,
            top: self.top + other.top,
            extra: self.extra + other.extra,
        }
    }
}

fn is_subsequence(gold: &[String], plan: &[String]) -> bool {
    let mut plan = plan.iter();
    gold.iter().all(|wanted| plan.any(|step| step == wanted))
}

struct Case {
    sentence: String,
    golds: Vec<Vec<String>>,
}

/// Plans each case; what is not exact is printed where `verbose`.
fn score(planner: &Planner<'_>, cases: &[Case], options: &PlanOptions, verbose: bool) -> Ordered {
    let mut score = Ordered::default();
    for case in cases {
        let plan = planner.plan(&case.sentence, options);
        let (is_exact, is_path) = score.take(&plan, &case.golds);
        if verbose && !is_exact {
            let mark = if is_path { "~" } else { "x" };
            println!("{mark} {}\n  gold {:?}\n  plan {:?}", case.sentence, case.golds, endpoints(&plan.steps));
            for other in &plan.alternatives {
                println!("    {:.2} {:?}", other.score, endpoints(&other.steps));
            }
            println!("{}", planner.explain(&case.sentence));
        }
    }
    score
}

/// RestBench TMDB.
pub(crate) fn tmdb(folder: &Path, options: &PlanOptions, verbose: bool) -> Ordered {
    let system = system(&named_by_file(vec![folder.join("restbench-tmdb/openapi.json")]));
    let planner = Planner::new(&system, &map(&system, &MapOptions::default()), options);
    let sentences = json(&folder.join("restbench-tmdb/sentences.json"));
    let cases: Vec<Case> = sentences
        .as_array()
        .into_iter()
        .flatten()
        .map(|case| Case {
            sentence: case["query"].as_str().unwrap_or_default().to_owned(),
            golds: vec![strings(&case["solution"])],
        })
        .collect();
    score(&planner, &cases, options, verbose)
}

/// Our own sentences: by system, the open part and the part that is held out.
pub(crate) fn own(folder: &Path, options: &PlanOptions, verbose: bool) -> Vec<(String, Ordered, Ordered)> {
    let files = entries(folder).into_iter().filter(|file| file.extension().is_some_and(|e| e == "json"));
    files.filter_map(|file| own_system(&json(&file), options, verbose)).collect()
}

fn own_system(file: &Value, options: &PlanOptions, verbose: bool) -> Option<(String, Ordered, Ordered)> {
    let system = system(&own_services(file)?);
    let planner = Planner::new(&system, &map(&system, &MapOptions::default()), options);
    let part = |name: &str, verbose: bool| score(&planner, &cases(&file[name]), options, verbose);
    let name = file["system"].as_str().unwrap_or_default().to_owned();
    Some((name, part("open", verbose), part("held-out", false)))
}

fn cases(part: &Value) -> Vec<Case> {
    let golds = |case: &Value| {
        let others = case["or"].as_array().into_iter().flatten().map(strings);
        std::iter::once(strings(&case["steps"])).chain(others).collect()
    };
    let all = part.as_array().into_iter().flatten();
    all.map(|case| Case { sentence: case["sentence"].as_str().unwrap_or_default().to_owned(), golds: golds(case) }).collect()
}
