//! Why a model did not help.

use callboard_runner::SendError;

/// Why there is no answer. Behind "the language model did not help: ".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LlmError {
    #[error("the environment variable `{0}`, which holds its key, is not set")]
    NoKey(String),
    #[error("the key in `{0}` cannot stand in a header")]
    BadKey(String),
    #[error("{0}")]
    Send(#[from] SendError),
    #[error("{}{}", meaning(*code), if detail.is_empty() { String::new() } else { format!(": {detail}") })]
    Status { code: u16, detail: String },
    #[error("its answer was cut off at its limit of length")]
    Truncated,
    #[error("it declined to answer: {0}")]
    Declined(String),
    #[error("its answer is not of the form that the provider documents: {0}")]
    Nonsense(String),
    #[error("nothing is recorded in `{0}` for this question")]
    NotRecorded(String),
}

fn meaning(code: u16) -> String {
    match code {
        401 | 403 => format!("it refuses the key ({code})"),
        404 => "it does not know the model or the address (404)".to_owned(),
        429 => "too many requests, or no quota is left (429)".to_owned(),
        500..=599 => format!("the provider has a problem ({code})"),
        _ => format!("it answered {code}"),
    }
}
