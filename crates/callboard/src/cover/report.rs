//! What `generate --cover` tells: coverage before and after, scenarios, findings, and what was dropped and why.

use callboard_analysis::gaps::{self as analysis, Gaps, Share, Totals};
use callboard_planner::cover::{Blame, Finding};
use serde_json::{Value, json};

use super::files::Written;
use super::trials::{OnTrial, State};
use crate::project::shown;
use crate::rate::Rating;

/// Everything that is to be told.
pub(crate) struct Outcome<'a> {
    /// What no test touched before.
    pub(crate) before: &'a Gaps,
    /// What no test touches with the new ones.
    pub(crate) after: &'a Gaps,
    pub(crate) trials: &'a [OnTrial],
    pub(crate) kept: &'a [&'a OnTrial],
    pub(crate) written: &'a [Written],
    /// Where scenarios were tried.
    pub(crate) tried_on: &'a str,
    pub(crate) runs: usize,
    /// How strong the checks are, where that was asked for.
    pub(crate) rating: Option<&'a Rating>,
}

impl Outcome<'_> {
    /// All findings, each once.
    pub(crate) fn findings(&self) -> Vec<&Finding> {
        let mut found: Vec<&Finding> = Vec::new();
        for finding in self.trials.iter().flat_map(|on_trial| &on_trial.trial.findings) {
            let is_same = |known: &&Finding| {
                known.service == finding.service
                    && known.operation == finding.operation
                    && known.status == finding.status
                    && known.pointer == finding.pointer
                    && (finding.can_be_accepted() || known.what == finding.what)
            };
            if !found.iter().any(is_same) {
                found.push(finding);
            }
        }
        found
    }

    /// Candidates that do not hold, guesses aside: nobody promised those. Of several tries the first one speaks.
    fn dropped(&self) -> Vec<(&str, &str)> {
        let mut dropped: Vec<(&str, &str)> = Vec::new();
        for on_trial in self.trials.iter().filter(|on_trial| !on_trial.trial.candidate.is_guess) {
            let State::Hopeless(why) = &on_trial.state else { continue };
            let title = on_trial.trial.candidate.title.as_str();
            let held = self.trials.iter().any(|other| other.state == State::Held && other.trial.candidate.title == title);
            if !held && !dropped.iter().any(|(known, _)| *known == title) {
                dropped.push((title, why));
            }
        }
        dropped
    }

    /// In words.
    pub(crate) fn to_text(&self) -> String {
        let (before, after) = (self.before.total(), self.after.total());
        let line = |name: &str, b: Share, a: Share| format!("{name:<24}{:>4} -> {:>4} of {}\n", b.touched, a.touched, a.all);
        let mut text = String::new();
        text.push_str(&line("operations", before.operations, after.operations));
        text.push_str(&line("status classes", before.classes, after.classes));
        text.push_str(&line("documented statuses", before.statuses, after.statuses));
        text.push_str(&line("values between services", before.crossings, after.crossings));
        for (title, why) in self.dropped() {
            text.push_str(&format!("dropped: {title} because {why}\n"));
        }
        for finding in self.findings() {
            text.push_str(&format!(
                "finding ({}): {} {} {}\n",
                finding.blame.as_str(),
                finding.service,
                finding.operation,
                finding.what
            ));
        }
        let sections: Vec<String> = self.findings().into_iter().filter_map(accept_section).collect();
        if !sections.is_empty() {
            text.push_str("\nWhat is known and right goes into callboard.toml:\n\n");
            text.push_str(&sections.join("\n"));
        }
        text
    }

    /// As one JSON value: the contract of `generate --cover --json`.
    pub(crate) fn to_json(&self) -> Value {
        let scenario = |on_trial: &&OnTrial| {
            let trial = &on_trial.trial;
            json!({
                "service": trial.candidate.service,
                "workflowId": trial.candidate.id,
                "title": trial.candidate.title,
                "kind": format!("{:?}", trial.candidate.kind).to_lowercase(),
                "green": !on_trial.is_red(),
                "steps": trial.file.workflows.iter().map(|workflow| workflow.steps.len()).sum::<usize>(),
                "learned": trial.learned,
                "dropped": trial.dropped.iter().map(|d| json!({"what": d.what, "because": d.because})).collect::<Vec<_>>(),
            })
        };
        let file = |written: &Written| json!({"file": shown(&written.path), "scenarios": written.scenarios, "edited": written.is_edited});
        let gaps = analysis::json(self.after);
        json!({
            "version": 1,
            "triedOn": self.tried_on,
            "runs": self.runs,
            "before": totals_json(&self.before.total()),
            "after": totals_json(&self.after.total()),
            "files": self.written.iter().map(file).collect::<Vec<_>>(),
            "scenarios": self.kept.iter().map(scenario).collect::<Vec<_>>(),
            "dropped": self.dropped().iter().map(|(title, why)| json!({"title": title, "because": why})).collect::<Vec<_>>(),
            "rating": self.rating.map(Rating::to_json),
            "findings": self.findings().into_iter().map(finding_json).collect::<Vec<_>>(),
            "notTouched": {"operations": gaps["gaps"], "answers": gaps["statusGaps"], "crossings": gaps["crossingGaps"]},
        })
    }
}

fn totals_json(totals: &Totals) -> Value {
    let share = |share: Share| json!({"touched": share.touched, "all": share.all});
    json!({
        "operations": share(totals.operations),
        "statusClasses": share(totals.classes),
        "statuses": share(totals.statuses),
        "crossings": share(totals.crossings),
    })
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "service": finding.service,
        "operation": finding.operation,
        "what": finding.what,
        "blame": finding.blame.as_str(),
        "status": finding.status,
        "pointer": finding.pointer,
    })
}

/// A section that makes a deviation known.
fn accept_section(finding: &Finding) -> Option<String> {
    if !finding.can_be_accepted() || finding.blame == Blame::System {
        return None;
    }
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut lines = vec![
        "[[accept]]".to_owned(),
        format!("service = {}", quoted(&finding.service)),
        format!("operation = {}", quoted(&finding.operation)),
    ];
    lines.extend(finding.status.map(|status| format!("status = {status}")));
    lines.extend(finding.pointer.as_ref().map(|pointer| format!("pointer = {}", quoted(pointer))));
    lines.push(format!("reason = {}", quoted(&finding.what)));
    Some(lines.join("\n") + "\n")
}
