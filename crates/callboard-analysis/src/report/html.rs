//! The run as one HTML file: nothing else is needed to read it, and it fetches nothing.
//!
//! `view` turns the run into what is shown, `step` one step of it, `sequence` draws who called whom, the template puts it into markup
//! and escapes every value. Scripts only filter, unfold and copy: without them everything is still there.

mod sequence;
mod step;
mod view;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use super::RunReport;

/// The report could not be rendered.
#[derive(Debug, thiserror::Error)]
#[error("failed to render the HTML report")]
pub struct HtmlError(#[from] minijinja::Error);

/// The run as one HTML file. `title` is the project's name.
pub fn html(report: &RunReport, title: &str) -> Result<String, HtmlError> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // The ending of the name turns escaping on.
    environment.add_template("report.html", include_str!("html/report.html"))?;
    let context = context! {
        title => view::line(title),
        style => Value::from_safe_string(include_str!("html/report.css").to_owned()),
        script => Value::from_safe_string(include_str!("html/report.js").to_owned()),
        data => (!view::is_short(report)).then(|| Value::from_safe_string(embedded(report))),
        run => Value::from(Serde(view::run(report))),
    };
    Ok(environment.get_template("report.html")?.render(context)?)
}

/// The run as JSON that can stand in a `script` element: without `<`, nothing in it can end that element or begin a comment (HTML,
/// "restrictions for contents of script elements").
fn embedded(report: &RunReport) -> String {
    super::json(report).to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let page = html(&samples::hostile_run(), "<b>{{ 7*7 }}</b>").expect("it renders");
        assert!(!page.contains("<img") && !page.contains("<b>{{"), "markup of a body got through");
        assert_eq!(page.matches("<script").count(), 2, "only our own scripts");
        assert_eq!(page.matches("</script").count(), 2);
        assert!(!page.contains('\u{1b}') && !page.contains('\0'));
        assert!(page.contains("{{ 7*7 }}"), "values are no templates");
    }

    #[test]
    fn the_embedded_data_is_the_run() {
        let report = samples::hostile_run();
        let page = html(&report, "t").expect("it renders");
        let start = page.find(r#"<script type="application/json" id="data">"#).expect("data")
            + r#"<script type="application/json" id="data">"#.len();
        let data = &page[start..start + page[start..].find("</script>").expect("an end")];
        assert_eq!(serde_json::from_str::<serde_json::Value>(data).expect("JSON"), super::super::json(&report));
    }

    #[test]
    fn a_long_report_keeps_the_details_of_failures_only() {
        let mut scenarios: Vec<_> = (0..=view::DETAILED).map(|i| samples::passed(&format!("browse-{i}"))).collect();
        scenarios.push(samples::failed());
        let page = html(&samples::report(scenarios), "shop").expect("it renders");
        assert!(page.contains("browse-200") && page.contains("it&#x27;"), "all scenarios, and the body of the failed one");
        assert!(!page.contains(r#"id="data""#) && !page.contains("/products?q=a"), "no requests of passed ones");
        assert!(page.len() / view::DETAILED < 8_000, "{}", page.len());
    }

    #[test]
    fn nothing_is_fetched() {
        let page = html(&samples::failed_run(), "shop").expect("it renders");
        for fetching in ["src=", "<link", "url(", "@import", "fetch(", "href=\"http"] {
            assert!(!page.contains(fetching), "{fetching}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn every_state_is_shown_in_words() {
        let page = html(&samples::failed_run(), "shop").expect("it renders");
        for words in ["placeOrder", "not run", "declined", "accepted", "teardown", "could not be evaluated", "stale", "curl -sS"]
        {
            assert!(page.to_lowercase().contains(&words.to_lowercase()), "{words}");
        }
        let page = html(&samples::not_ready_run(), "shop").expect("it renders");
        assert!(page.contains("Environment not ready") && page.contains("connection refused"));
    }
}
