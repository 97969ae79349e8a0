//! A model's answer, read: JSON of the asked shape, or JSON found in talk.

use serde::Deserialize;
use serde_json::Value;

/// Longer answers are not read, in bytes.
const MAX_BYTES: usize = 512 * 1024;
/// No plan has more steps.
const MAX_STEPS: usize = 60;

/// What a model says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answer {
    pub(crate) steps: Vec<AnswerStep>,
    /// Words of the sentence that no operation stands for.
    #[serde(default)]
    pub(crate) unmatched: Vec<String>,
}

/// A step as it says it.
#[derive(Debug, Deserialize)]
pub(crate) struct AnswerStep {
    pub(crate) op: String,
    #[serde(default)]
    pub(crate) clause: Option<i64>,
    #[serde(default)]
    pub(crate) expect: Option<String>,
    #[serde(default)]
    pub(crate) inputs: Vec<AnswerInput>,
}

/// An input as it says it.
#[derive(Debug, Deserialize)]
pub(crate) struct AnswerInput {
    pub(crate) input: String,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) value: Value,
    #[serde(default)]
    pub(crate) step: Option<i64>,
    #[serde(default)]
    pub(crate) place: Option<String>,
}

/// Reads an answer; what is wrong with it as a sentence for the model and for people.
pub(crate) fn read(text: &str) -> Result<Answer, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("the answer has more than {} KiB", MAX_BYTES / 1024));
    }
    let value = json_of(text)?;
    let answer: Answer =
        serde_json::from_value(value).map_err(|error| format!("the answer is JSON of another shape: {error}"))?;
    match answer.steps.len() {
        0 => Err("the answer has no step".to_owned()),
        1..=MAX_STEPS => Ok(answer),
        many => Err(format!("the answer has {many} steps; at most {MAX_STEPS} are read")),
    }
}

/// The text as JSON, or the object between its first and its last brace.
fn json_of(text: &str) -> Result<Value, String> {
    let error = match serde_json::from_str(text.trim()) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let inner = text.find('{').zip(text.rfind('}')).filter(|(start, end)| start < end).map(|(start, end)| &text[start..=end]);
    let found = inner.and_then(|inner| serde_json::from_str(inner).ok());
    found.ok_or_else(|| {
        if error.is_eof() { "the answer's JSON is cut off".to_owned() } else { format!("the answer is no JSON: {error}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: &str = r#"{"op": "a.one", "inputs": [{"input": "path.id", "source": "literal", "value": 7}]}"#;

    #[test]
    fn json_is_found_in_talk_and_fences() {
        let plain = format!(r#"{{"steps": [{STEP}], "unmatched": []}}"#);
        for text in [plain.clone(), format!("Sure!\n```json\n{plain}\n```\nDone."), format!("  {plain}\n")] {
            let answer = read(&text).expect("an answer");
            assert_eq!((answer.steps[0].op.as_str(), answer.steps[0].inputs[0].value.as_i64()), ("a.one", Some(7)));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("", "cut off"),
            (r#"{"steps": [{"op": "a.one""#, "cut off"),
            ("I cannot help with that.", "no JSON"),
            (r#"{"plan": []}"#, "another shape: missing field `steps`"),
            (r#"{"steps": "none"}"#, "another shape"),
            (r#"{"steps": []}"#, "no step"),
            ("[1, 2]", "another shape"),
            ("null", "another shape"),
        ];
        for (text, expected) in cases {
            let error = read(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
        let many = format!(r#"{{"steps": [{}]}}"#, vec![STEP; 61].join(","));
        assert!(read(&many).is_err_and(|error| error.contains("61 steps")));
        assert!(read(&" ".repeat(MAX_BYTES + 1)).is_err_and(|error| error.contains("512 KiB")));
    }
}
