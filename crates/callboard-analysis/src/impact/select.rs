//! Puts a selection together: for each test every reason, for each thing that is not known an escalation.

use std::collections::{BTreeMap, BTreeSet};

use callboard_model::ServiceName;
use callboard_model::evidence::TestHistory;
use callboard_model::names::TestName;
use callboard_model::run::Verdict;

use super::classify::{Changes, Redefined, Touched, classify};
use super::reach::{Contact, Reach, operation};
use super::{Escalation, Impact, ImpactInput, Reason, ReasonKind, Selected, day, histories, names};
use crate::usage::TestUse;

const EVERYTHING: &str = "everything";

pub(super) fn select(input: &ImpactInput<'_>) -> Impact {
    let changes = classify(input);
    let mut selection =
        Selection { input, reach: Reach::new(input), reasons: BTreeMap::new(), escalations: Vec::new(), notes: Vec::new() };
    selection.everything(&changes);
    for ((service, kind), touched) in &changes.services {
        selection.service(service, *kind, touched);
    }
    changes.operations.iter().for_each(|redefined| selection.operations(redefined));
    selection.scenarios(&changes.scenarios);
    selection.tests_by_themselves();
    selection.finish(changes)
}

struct Selection<'a> {
    input: &'a ImpactInput<'a>,
    reach: Reach<'a>,
    reasons: BTreeMap<&'a TestName, Vec<Reason>>,
    escalations: Vec<Escalation>,
    notes: Vec<String>,
}

impl<'a> Selection<'a> {
    fn add(&mut self, test: &'a TestUse, kind: ReasonKind, item: &str, text: String) {
        self.reasons.entry(&test.test).or_default().push(Reason { kind, item: item.to_owned(), text });
    }

    fn everything(&mut self, changes: &Changes<'_>) {
        for broad in &changes.everything {
            for test in self.input.tests {
                self.add(test, broad.kind, broad.path, format!("{}: {}", broad.path, broad.cause));
            }
            // Settings are understood: they concern everything.
            if broad.kind == ReasonKind::Unknown {
                self.escalate(broad.path, EVERYTHING.to_owned(), broad.cause.clone(), broad.help.clone());
            }
        }
    }

    /// Behaviour of a service may be different: each test that reaches it, or may.
    fn service(&mut self, service: &'a ServiceName, kind: ReasonKind, touched: &[Touched<'_>]) {
        let Some((first, rest)) = touched.split_first() else { return };
        let what = format!("{}{} {}", first.path, more(rest.len(), "file"), first.because);
        let mut perhaps = Perhaps::default();
        let mut met = Vec::new();
        for test in self.input.tests {
            match self.reach.contact(test, service) {
                Some(Contact::Known(how)) => {
                    met.push(test);
                    self.add(test, kind, first.path, format!("{what}; the test {how}"));
                }
                Some(Contact::Perhaps(open)) => {
                    let text = format!("{what}; the test {}", perhaps_reaches(&open));
                    self.add(test, kind, first.path, text);
                    perhaps.add(open);
                }
                None => {}
            }
        }
        self.escalate_perhaps(service, &perhaps);
        if kind == ReasonKind::Code {
            self.note_virtual_only(service, &met);
        }
    }

    /// Operations are defined in another way: tests that call them; where the definition is read at run time, also tests that reach the
    /// service through others, because nobody knows which operations those call.
    fn operations(&mut self, redefined: &Redefined<'a>) {
        let service = &redefined.service.name;
        let mut perhaps = Perhaps::default();
        for test in self.input.tests {
            for changed in redefined.operations {
                if let Some(how) = self.reach.direct(test, |key| changed.keys.contains(key)) {
                    let key = changed.keys.first().map(operation).unwrap_or_default();
                    let text = format!("{} changes {key}: {}; the test {how}", redefined.path, changed.what);
                    self.add(test, ReasonKind::Definition, redefined.path, text);
                }
            }
            match self.reach.indirect(test, service).filter(|_| redefined.is_read) {
                Some(Contact::Known(how)) => {
                    let text = format!("{} changes what `{service}` offers to other services; the test {how}", redefined.path);
                    self.add(test, ReasonKind::Definition, redefined.path, text);
                }
                Some(Contact::Perhaps(open)) => {
                    let text = format!(
                        "{} changes what `{service}` offers to other services; the test {}",
                        redefined.path,
                        perhaps_reaches(&open)
                    );
                    self.add(test, ReasonKind::Definition, redefined.path, text);
                    perhaps.add(open);
                }
                None => {}
            }
        }
        self.escalate_perhaps(service, &perhaps);
    }

    fn scenarios(&mut self, files: &[&str]) {
        for test in self.input.tests {
            for file in files.iter().filter(|file| test.files.iter().any(|own| own == *file)) {
                let text = if test.files.first().is_some_and(|own| own == file) {
                    format!("{file} changed, and the test is in it")
                } else {
                    format!("{file} changed, and the test calls a workflow in it")
                };
                self.add(test, ReasonKind::Scenario, file, text);
            }
        }
    }

    /// Reasons that need no change: nothing known, last run, changed since.
    fn tests_by_themselves(&mut self) {
        if let Some(why) = &self.input.evidence.missing {
            let help = Some("run all tests once; keep .callboard/store.db between runs".to_owned());
            self.escalate("the store", EVERYTHING.to_owned(), format!("nothing is known of earlier runs: {why}"), help);
        }
        let histories = histories(self.input.evidence);
        for test in self.input.tests {
            for why in &test.unresolved {
                self.add(test, ReasonKind::Unresolved, test.test.as_str(), format!("what the test calls cannot be told: {why}"));
            }
            if let Some((kind, text)) = own_reason(test, histories.get(&test.test).copied()) {
                self.add(test, kind, test.test.as_str(), text);
            }
        }
    }

    fn escalate_perhaps(&mut self, service: &ServiceName, perhaps: &Perhaps) {
        if perhaps.tests == 0 {
            return;
        }
        let is_all = perhaps.tests == self.input.tests.len();
        let reach = if perhaps.tests == 1 { "test that reaches" } else { "tests that reach" };
        let to = if is_all { EVERYTHING.to_owned() } else { format!("{} {reach} {}", perhaps.tests, names(&perhaps.open)) };
        let others = self.input.services.iter().filter(|other| other.name != *service).count();
        let cause = if perhaps.open.len() >= others {
            format!("nothing is known about who calls `{service}`")
        } else {
            format!("nothing is known about what {} {}, so it may be `{service}`", names(&perhaps.open), call(&perhaps.open))
        };
        let help = format!("declare `calls = [\"…\"]` of {} in callboard.toml, [] for none", names(&perhaps.open));
        self.escalate(&format!("service {service}"), to, cause, Some(help));
    }

    fn escalate(&mut self, item: &str, to: String, cause: String, help: Option<String>) {
        let escalation = Escalation { item: item.to_owned(), to, cause, help };
        if !self.escalations.contains(&escalation) {
            self.escalations.push(escalation);
        }
    }

    /// A virtual service does not cover the code of the real one.
    fn note_virtual_only(&mut self, service: &ServiceName, met: &[&'a TestUse]) {
        let seen: Vec<bool> = met.iter().filter_map(|test| self.reach.has_met_the_real(test, service)).collect();
        if !seen.is_empty() && !seen.contains(&true) {
            self.notes.push(format!(
                "every test that met `{service}` so far met a virtual one: its changed code is covered only when they run against the real one"
            ));
        }
    }

    fn finish(mut self, changes: Changes<'_>) -> Impact {
        let mut impact =
            Impact { escalations: self.escalations, ignored: changes.ignored, notes: self.notes, ..Impact::default() };
        for test in self.input.tests {
            match self.reasons.remove(&test.test) {
                Some(mut reasons) => {
                    reasons.dedup();
                    impact.selected.push(Selected { test: test.test.clone(), reasons });
                }
                None => impact.deselected.push(test.test.clone()),
            }
        }
        if !impact.deselected.is_empty() {
            impact
                .notes
                .extend(self.input.services.iter().filter(|s| s.definition.is_empty()).map(|s| unseen_definition(&s.name)));
        }
        impact
    }
}

/// A repository says nothing about what another place serves.
fn unseen_definition(service: &ServiceName) -> String {
    format!("the definition of `{service}` is in no file of the project, so a change in it is not seen here")
}

/// Tests that may reach a service, and by what.
#[derive(Default)]
struct Perhaps {
    tests: usize,
    open: BTreeSet<ServiceName>,
}

impl Perhaps {
    fn add(&mut self, open: BTreeSet<ServiceName>) {
        self.tests += 1;
        self.open.extend(open);
    }
}

/// Why a test must run whatever changed.
fn own_reason(test: &TestUse, history: Option<&TestHistory>) -> Option<(ReasonKind, String)> {
    let Some(history) = history else {
        return Some((ReasonKind::NoEvidence, "no earlier run of the test is known".to_owned()));
    };
    if history.verdict != Verdict::Passed {
        let text = format!("the test ended as \"{}\" in run {} on {}", history.verdict.as_str(), history.run, day(history.at));
        return Some((ReasonKind::NotPassed, text));
    }
    let Some(passed) = &history.passed else {
        return Some((ReasonKind::NoEvidence, "no run is known in which the test passed".to_owned()));
    };
    let is_same = passed.fingerprint.as_deref() == Some(test.fingerprint.as_str());
    (!is_same).then(|| {
        (ReasonKind::Stale, format!("the test is not what it was when it passed in run {} on {}", passed.run, day(passed.at)))
    })
}

fn more(n: usize, noun: &str) -> String {
    match n {
        0 => String::new(),
        1 => format!(" and 1 more {noun}"),
        n => format!(" and {n} more {noun}s"),
    }
}

fn perhaps_reaches(open: &BTreeSet<ServiceName>) -> String {
    format!(
        "reaches {}, and nothing is known about what {} {}",
        names(open),
        if open.len() == 1 { "it" } else { "they" },
        call(open)
    )
}

fn call(callers: &BTreeSet<ServiceName>) -> &'static str {
    if callers.len() == 1 { "calls" } else { "call" }
}
