//! The gaps as JSON.

use callboard_model::OperationKey;
use serde_json::{Value, json};

use super::{AnswerGap, CrossingGap, Gap, Gaps, ServiceCoverage, Share};

/// The gaps as one JSON value: the contract of `callboard gaps --json`.
pub fn json(gaps: &Gaps) -> Value {
    let total = gaps.total();
    json!({
        "version": 1,
        "summary": {
            "operations": total.operations.all,
            "covered": total.operations.touched,
            "gaps": gaps.gaps.len(),
            "statusClasses": share(total.classes),
            "statuses": share(total.statuses),
            "crossings": share(total.crossings),
        },
        "services": gaps.services.iter().map(service).collect::<Vec<_>>(),
        "gaps": gaps.gaps.iter().map(gap).collect::<Vec<_>>(),
        "statusGaps": gaps.answers.iter().map(answer).collect::<Vec<_>>(),
        "crossingGaps": gaps.crossings.iter().map(crossing).collect::<Vec<_>>(),
    })
}

fn share(share: Share) -> Value {
    json!({"all": share.all, "touched": share.touched})
}

fn service(service: &ServiceCoverage) -> Value {
    json!({
        "service": service.service,
        "operations": service.operations,
        "covered": service.covered,
        "onlyVirtual": service.only_virtual,
        "statusClasses": share(service.classes),
        "statuses": share(service.statuses),
        "crossings": share(service.crossings),
    })
}

/// What every gap says about its operation.
fn place(operation: &OperationKey, id: Option<&String>) -> Value {
    json!({
        "service": operation.service,
        "operation": id.cloned().unwrap_or_else(|| format!("{} {}", operation.method, operation.path)),
        "operationId": id,
        "method": operation.method,
        "path": operation.path,
    })
}

fn gap(gap: &Gap) -> Value {
    let mut value = place(&gap.operation, gap.id.as_ref());
    value["summary"] = json!(gap.summary);
    value["safe"] = json!(gap.is_safe);
    value["deprecated"] = json!(gap.is_deprecated);
    value
}

fn answer(gap: &AnswerGap) -> Value {
    let mut value = place(&gap.operation, gap.id.as_ref());
    value["class"] = json!(format!("{}xx", gap.class));
    value["wholeClass"] = json!(gap.is_whole_class);
    value["statuses"] = json!(gap.statuses);
    value
}

fn crossing(gap: &CrossingGap) -> Value {
    let mut value = place(&gap.to.operation, gap.id.as_ref());
    value["input"] = json!(gap.to.input.to_string());
    value["from"] = json!(gap.from);
    value["fromOwner"] = json!(gap.is_from_owner);
    value["entity"] = json!(gap.entity);
    value
}
