//! Scores the planner on published sets of sentences and on our own.
//!
//! ```text
//! planning_benchmark [FOLDER] [--verbose] [--ablate] [--only tmdb|socbench|own|everyday] [--runs=1] [--set=WEIGHT=VALUE]
//! ```
//!
//! The folder holds `restbench-tmdb` and `socbench-d`; our own sentences are in `bench/planning`. A set that is not there is skipped.

#![expect(clippy::print_stdout, reason = "what is printed is what the command is for")]

mod ablation;
mod everyday;
mod load;
mod ordered;
mod socbench;

use std::path::{Path, PathBuf};
use std::time::Instant;

use callboard_planner::PlanOptions;

use crate::everyday::Everyday;
use crate::ordered::Ordered;
use crate::socbench::Sets;

/// What the command was asked for.
struct Arguments {
    folder: PathBuf,
    verbose: bool,
    ablate: bool,
    only: Option<String>,
    runs: u32,
    options: PlanOptions,
}

impl Arguments {
    fn read() -> Self {
        let given: Vec<String> = std::env::args().skip(1).collect();
        let has = |name: &str| given.iter().any(|a| a == name);
        let only = given.iter().position(|a| a == "--only").and_then(|at| given.get(at + 1)).cloned();
        let folder = given.iter().find(|a| !a.starts_with("--") && Some(*a) != only.as_ref());
        let runs = given.iter().find_map(|a| a.strip_prefix("--runs=")).and_then(|n| n.parse().ok()).unwrap_or(4);
        let mut options = PlanOptions::default();
        for setting in given.iter().filter_map(|a| a.strip_prefix("--set=")) {
            ablation::set(&mut options.weights, setting);
        }
        let folder = PathBuf::from(folder.map_or("../shared/data/planning", String::as_str));
        Self { folder, verbose: has("--verbose"), ablate: has("--ablate"), only, runs, options }
    }

    fn wants(&self, set: &str) -> bool {
        let is_there = |part: &str| {
            let found = self.folder.join(part).exists();
            if !found {
                eprintln!("skipped: {} is not there", self.folder.join(part).display());
            }
            found
        };
        self.only.as_ref().is_none_or(|only| only == set)
            && match set {
                "tmdb" => is_there("restbench-tmdb"),
                "socbench" => is_there("socbench-d"),
                _ => true,
            }
    }
}

/// Figures of all sets.
#[derive(Default)]
struct Figures {
    tmdb: Option<Ordered>,
    /// By run.
    socbench: Vec<Sets>,
    /// By system, open and held out.
    own: Vec<(String, Ordered, Ordered)>,
    /// By system, open and held out.
    everyday: Vec<(String, Everyday, Everyday)>,
}

impl Figures {
    fn of(arguments: &Arguments, options: &PlanOptions, verbose: bool) -> Self {
        let tmdb = arguments.wants("tmdb").then(|| ordered::tmdb(&arguments.folder, options, verbose));
        let runs = if arguments.wants("socbench") { arguments.runs } else { 0 };
        let socbench = (1..=runs).map(|number| socbench::run(&arguments.folder, number, options, verbose)).collect();
        let folder = Path::new("bench/planning");
        let own = if arguments.wants("own") { ordered::own(folder, options, verbose) } else { Vec::new() };
        let folder = Path::new("bench/planning/everyday");
        let everyday = if arguments.wants("everyday") { everyday::all(folder, options, verbose) } else { Vec::new() };
        Self { tmdb, socbench, own, everyday }
    }

    fn whole_socbench(&self) -> Sets {
        self.socbench.iter().copied().fold(Sets::default(), Sets::and)
    }

    fn whole_own(&self) -> (Ordered, Ordered) {
        let sum = |of: fn(&(String, Ordered, Ordered)) -> Ordered| self.own.iter().map(of).fold(Ordered::default(), Ordered::and);
        (sum(|(_, open, _)| *open), sum(|(_, _, held_out)| *held_out))
    }

    fn whole_everyday(&self) -> (Everyday, Everyday) {
        let sum = |of: fn(&(String, Everyday, Everyday)) -> Everyday| {
            self.everyday.iter().map(of).fold(Everyday::default(), Everyday::and)
        };
        (sum(|(_, open, _)| *open), sum(|(_, _, held_out)| *held_out))
    }

    /// All tables.
    fn print(&self) {
        if self.tmdb.is_some() || !self.own.is_empty() {
            println!(
                "{:<24}{:>10}{:>8}{:>14}{:>10}{:>13}",
                "set", "sentences", "exact", "correct path", "top five", "extra steps"
            );
        }
        if let Some(tmdb) = &self.tmdb {
            print_ordered("RestBench TMDB", tmdb);
        }
        for (name, open, held_out) in &self.own {
            print_ordered(name, open);
            print_ordered(&format!("{name}, held out"), held_out);
        }
        if !self.own.is_empty() {
            let (open, held_out) = self.whole_own();
            print_ordered("own", &open);
            print_ordered("own, held out", &held_out);
        }
        if !self.socbench.is_empty() {
            println!(
                "\n{:<24}{:>10}{:>8}{:>14}{:>10}{:>13}",
                "set", "sentences", "recall", "precision", "all gold", "supporting"
            );
        }
        for (number, sets) in self.socbench.iter().enumerate() {
            print_sets(&format!("SOCBench-D run {}", number + 1), sets);
        }
        if !self.socbench.is_empty() {
            print_sets("SOCBench-D", &self.whole_socbench());
        }
        self.print_everyday();
    }

    fn print_everyday(&self) {
        if self.everyday.is_empty() {
            return;
        }
        println!("\n{:<24}{:>10}{:>8}{:>14}{:>12}", "set", "sentences", "right", "more steps", "operations");
        for (name, open, held_out) in &self.everyday {
            print_everyday(name, open);
            print_everyday(&format!("{name}, held out"), held_out);
        }
        let (open, held_out) = self.whole_everyday();
        print_everyday("everyday open", &open);
        print_everyday("everyday held-out", &held_out);
    }

    /// All figures on one line, for comparison.
    fn line(&self) -> String {
        let mut parts = Vec::new();
        if let Some(t) = &self.tmdb {
            parts.push(format!("TMDB {}", short(t)));
        }
        if !self.socbench.is_empty() {
            let s = self.whole_socbench();
            let (recall, precision, whole) = (percent(s.hits, s.gold), percent(s.hits, s.planned), percent(s.whole, s.count));
            parts.push(format!("SOCBench recall {recall:>4.1} precision {precision:>4.1} whole {whole:>4.1}"));
        }
        if !self.own.is_empty() {
            let (open, held_out) = self.whole_own();
            parts.push(format!("own {} / {}", short(&open), short(&held_out)));
        }
        if !self.everyday.is_empty() {
            let (open, held_out) = self.whole_everyday();
            parts.push(format!("everyday {}/{} / {}/{}", open.right, open.count, held_out.right, held_out.count));
        }
        parts.join(" | ")
    }
}

fn short(s: &Ordered) -> String {
    let share = |part| percent(part, s.count);
    format!("{:>4.1} {:>4.1} {:>4.1} {:>+5.2}", share(s.exact), share(s.path), share(s.top), average(s))
}

fn average(s: &Ordered) -> f64 {
    s.extra as f64 / s.count.max(1) as f64
}

fn print_ordered(name: &str, s: &Ordered) {
    let share = |part| percent(part, s.count);
    let (exact, path, top) = (share(s.exact), share(s.path), share(s.top));
    println!("{name:<24}{:>10}{exact:>8.1}{path:>14.1}{top:>10.1}{:>+13.2}", s.count, average(s));
}

fn print_everyday(name: &str, s: &Everyday) {
    println!("{name:<24}{:>10}{:>8}{:>14}{:>12}", s.count, s.right, s.path, s.operations);
}

fn print_sets(name: &str, s: &Sets) {
    let (recall, precision, whole) = (percent(s.hits, s.gold), percent(s.hits, s.planned), percent(s.whole, s.count));
    let supporting = percent(s.supporting, s.planned);
    println!("{name:<24}{:>10}{recall:>8.1}{precision:>14.1}{whole:>10.1}{supporting:>13.1}", s.count);
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn main() {
    let arguments = Arguments::read();
    let started = Instant::now();
    let figures = Figures::of(&arguments, &arguments.options, arguments.verbose);
    figures.print();
    println!("\n{}  ({:.1} s)", figures.line(), started.elapsed().as_secs_f64());
    if arguments.ablate {
        for (name, switch_off) in ablation::PARTS {
            let mut options = arguments.options.clone();
            switch_off(&mut options.weights);
            println!("{name:<28} {}", Figures::of(&arguments, &options, false).line());
        }
    }
}
