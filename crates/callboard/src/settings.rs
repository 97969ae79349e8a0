//! `callboard.toml`: services, environments, accepted deviations, words of the project.

use std::ops::Range;
use std::sync::Arc;

use callboard_model::suggest::did_you_mean_or_list;
use callboard_model::{Code, Diagnostic, Operation, Span, System};
use indexmap::IndexMap;
use serde::Deserialize;
use toml::Spanned;

/// The name of the file.
pub(crate) const FILE_NAME: &str = "callboard.toml";

/// Settings that cannot be read.
pub(crate) const INVALID_SETTINGS: Code = Code("invalid-settings");

/// What `callboard.toml` says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// `[project]`.
    pub(crate) project: ProjectSection,
    /// `[services.NAME]`.
    pub(crate) services: IndexMap<String, ServiceSection>,
    /// `[environments.NAME]`.
    pub(crate) environments: IndexMap<String, EnvironmentSection>,
    /// `[[accept]]`.
    pub(crate) accept: Vec<AcceptSection>,
    /// `[aliases]`: a word of the project and the entity that it means.
    pub(crate) aliases: IndexMap<String, String>,
    /// `[links]`.
    pub(crate) links: LinksSection,
    /// `[llm]`.
    pub(crate) llm: LlmSection,
    /// The file's name and text, for places in messages.
    #[serde(skip)]
    source: Option<(Arc<str>, Arc<str>)>,
}

/// `[project]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProjectSection {
    /// What people call it.
    pub(crate) name: Option<String>,
    /// Globs of scenario files.
    pub(crate) scenarios: Option<Vec<String>>,
    /// The environment that is used when none is named.
    pub(crate) environment: Option<Spanned<String>>,
}

/// `[services.NAME]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceSection {
    /// A path from the project's folder, or a URL.
    pub(crate) definition: Spanned<String>,
    /// Globs of the files that are its code.
    #[serde(default)]
    pub(crate) owns: Vec<String>,
    /// Services that it calls, where that is known.
    pub(crate) calls: Option<Vec<Spanned<String>>>,
}

/// `[environments.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EnvironmentSection {
    /// `[environments.NAME.services.NAME]`.
    pub(crate) services: IndexMap<String, Spanned<TargetSection>>,
    /// Named values.
    pub(crate) values: IndexMap<String, toml::Value>,
}

/// `[environments.NAME.services.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TargetSection {
    /// The base URL of a real server.
    pub(crate) server: Option<String>,
    /// Whether Callboard stands in for it.
    #[serde(rename = "virtual")]
    pub(crate) is_virtual: bool,
    /// The port where it stands in, so that real neighbours find it; any free port when absent.
    pub(crate) port: Option<u16>,
    /// Headers of each request to it.
    pub(crate) headers: IndexMap<String, String>,
}

/// `[[accept]]`: a deviation of a real service from its definition that the project knows and accepts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptSection {
    /// The service.
    pub(crate) service: Spanned<String>,
    /// `operationId`, or method and path; all operations when absent.
    pub(crate) operation: Option<Spanned<String>>,
    /// An undocumented status.
    pub(crate) status: Option<u16>,
    /// A place in the response body; `*` stands for any key or index.
    pub(crate) pointer: Option<String>,
    /// Why.
    pub(crate) reason: String,
}

/// `[links]`: what the project says about links. See [`crate::links`] for the form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LinksSection {
    /// Links that exist.
    pub(crate) confirm: Vec<Spanned<String>>,
    /// Links that do not.
    pub(crate) reject: Vec<Spanned<String>>,
}

/// `[llm]`: a language model that is asked when sentences are planned. See [`crate::llm`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmSection {
    /// `PROVIDER/MODEL`.
    pub(crate) model: Option<Spanned<String>>,
    /// Where it answers, in place of the provider's own address.
    pub(crate) base_url: Option<Spanned<String>>,
    /// The environment variable that holds its key.
    pub(crate) key_env: Option<Spanned<String>>,
    /// How long one answer may take, in seconds.
    pub(crate) timeout: Option<Spanned<f64>>,
}

impl LlmSection {
    /// What is wrong, where, and what to do.
    fn problem(&self) -> Option<(Range<usize>, String, Option<String>)> {
        let model = self.model.as_ref().and_then(|model| {
            crate::llm::model::check_label(model.get_ref()).err().map(|(what, help)| (model.span(), what, Some(help)))
        });
        let base = self.base_url.as_ref().and_then(|base| {
            let why = crate::llm::model::check_base(base.get_ref(), self.key_env.is_some()).err()?;
            Some((base.span(), format!("`{}` cannot be asked: {why}", base.get_ref()), None))
        });
        let key = self.key_env.as_ref().and_then(|name| {
            let why = crate::llm::model::check_key_variable(name.get_ref()).err()?;
            Some((name.span(), format!("`{}` cannot hold the key: {why}", name.get_ref()), None))
        });
        let timeout = self.timeout.as_ref().filter(|seconds| !(0.01..=3600.0).contains(seconds.get_ref()));
        let timeout = timeout.map(|seconds| (seconds.span(), "expected from 0.01 to 3600 seconds".to_owned(), None));
        model.or(base).or(key).or(timeout)
    }
}

/// Whether a text is the operation's id, or its method and path.
fn is_named(operation: &Operation, text: &str) -> bool {
    let by_path = || {
        text.split_once(' ').is_some_and(|(method, path)| {
            operation.key.method.as_str().eq_ignore_ascii_case(method) && path.trim() == &*operation.key.path
        })
    };
    operation.id.as_deref() == Some(text) || by_path()
}

impl AcceptSection {
    /// Whether it accepts a status of an operation.
    pub(crate) fn is_status_of(&self, operation: &Operation, status: u16) -> bool {
        self.status == Some(status)
            && self.pointer.is_none()
            && self.service.get_ref() == operation.key.service.as_str()
            && self.operation.as_ref().is_none_or(|written| is_named(operation, written.get_ref()))
    }
}

impl Settings {
    /// The values of all environments; of two with one name, the first.
    pub(crate) fn all_values(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut all = serde_json::Map::new();
        for (name, value) in self.environments.values().flat_map(|environment| &environment.values) {
            let json = || serde_json::to_value(value).unwrap_or_default();
            all.entry(name.clone()).or_insert_with(json);
        }
        all
    }

    /// Whether every environment that knows a service sends this header with each request to it.
    pub(crate) fn sends_header(&self, service: &str, header: &str) -> bool {
        let mut targets = self.environments.values().filter_map(|environment| environment.services.get(service)).peekable();
        targets.peek().is_some() && targets.all(|t| t.get_ref().headers.keys().any(|name| name.eq_ignore_ascii_case(header)))
    }

    /// Reads settings. A mistake is an error with its place.
    pub(crate) fn parse(file: &Arc<str>, text: &str) -> Result<Self, Box<Diagnostic>> {
        let mut settings: Self = toml::from_str(text).map_err(|error| Box::new(explain(file, text, &error)))?;
        settings.check(file, text)?;
        settings.source = Some((file.clone(), Arc::from(text)));
        Ok(settings)
    }

    /// What does not fit the definitions: acceptances for operations that do not exist.
    pub(crate) fn check_against(&self, system: &System) -> Vec<Diagnostic> {
        self.accept.iter().filter_map(|accept| self.check_acceptance(accept, system)).collect()
    }

    fn check_acceptance(&self, accept: &AcceptSection, system: &System) -> Option<Diagnostic> {
        let (file, text) = self.source.as_ref()?;
        let written = accept.operation.as_ref()?;
        // A service whose definition cannot be read is reported as such.
        let service = system.service(accept.service.get_ref())?;
        if service.operations.iter().any(|operation| is_named(operation, written.get_ref())) {
            return None;
        }
        let known: Vec<String> = service.operations.iter().map(Operation::label).collect();
        let message = format!("`{}` has no operation `{}`", service.name, written.get_ref());
        let help = did_you_mean_or_list(written.get_ref(), known.iter().map(String::as_str));
        let span = to_span(file, text, written.span());
        Some(Diagnostic::error(INVALID_SETTINGS, span, message).with_optional_help(help))
    }

    /// References between sections: environments and acceptances name services that exist.
    fn check(&self, file: &Arc<str>, text: &str) -> Result<(), Box<Diagnostic>> {
        let known = || self.services.keys().map(String::as_str);
        let unknown = |name: &str, range: Range<usize>| {
            let span = to_span(file, text, range);
            let message = format!("no service is called `{name}`");
            Box::new(Diagnostic::error(INVALID_SETTINGS, span, message).with_optional_help(did_you_mean_or_list(name, known())))
        };
        for environment in self.environments.values() {
            for (name, target) in &environment.services {
                if !self.services.contains_key(name) {
                    return Err(unknown(name, target.span()));
                }
                let target_section = target.get_ref();
                if let Some(Err(why)) = target_section.server.as_deref().map(crate::environment::check_server) {
                    let message = format!("the server of `{name}` is no http or https URL: {why}");
                    let span = to_span(file, text, target.span());
                    return Err(Box::new(Diagnostic::error(INVALID_SETTINGS, span, message)));
                }
                if target_section.server.is_none() && !target_section.is_virtual {
                    let message = format!("`{name}` has neither a `server` nor `virtual = true`");
                    let help = "add server = \"http://127.0.0.1:PORT\", or virtual = true to stand in for it";
                    return Err(Box::new(
                        Diagnostic::error(INVALID_SETTINGS, to_span(file, text, target.span()), message).with_help(help),
                    ));
                }
            }
        }
        for link in self.links.confirm.iter().chain(&self.links.reject) {
            if let Err(what) = crate::links::parse(link.get_ref()) {
                let span = to_span(file, text, link.span());
                return Err(Box::new(Diagnostic::error(INVALID_SETTINGS, span, what).with_help(crate::links::FORM)));
            }
        }
        if let Some((range, what, help)) = self.llm.problem() {
            return Err(Box::new(Diagnostic::error(INVALID_SETTINGS, to_span(file, text, range), what).with_optional_help(help)));
        }
        let callees = self.services.values().flat_map(|service| service.calls.iter().flatten());
        for named in callees.chain(self.accept.iter().map(|accept| &accept.service)) {
            if !self.services.contains_key(named.get_ref()) {
                return Err(unknown(named.get_ref(), named.span()));
            }
        }
        if let Some(accept) = self.accept.iter().find(|accept| accept.status.is_none() && accept.pointer.is_none()) {
            let span = to_span(file, text, accept.service.span());
            let help = "add status = 404 for a status that is not documented, or pointer = \"/field\" for a place in the answer";
            return Err(Box::new(Diagnostic::error(INVALID_SETTINGS, span, "this acceptance accepts nothing").with_help(help)));
        }
        if let Some(name) = &self.project.environment
            && !self.environments.contains_key(name.get_ref())
        {
            let message = format!("no environment is called `{}`", name.get_ref());
            let help = did_you_mean_or_list(name.get_ref(), self.environments.keys().map(String::as_str));
            let span = to_span(file, text, name.span());
            return Err(Box::new(Diagnostic::error(INVALID_SETTINGS, span, message).with_optional_help(help)));
        }
        Ok(())
    }
}

/// Puts a parser's error into our words: where, what, and what was expected.
fn explain(file: &Arc<str>, text: &str, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().map_or_else(|| Span::file(file.clone()), |range| to_span(file, text, range));
    let message = error.message().lines().next().unwrap_or_default().to_owned();
    let help = unknown_field_help(&message);
    let message = message.split(", expected one of").next().unwrap_or(&message).to_owned();
    Diagnostic::error(INVALID_SETTINGS, span, message).with_optional_help(help)
}

/// serde lists the fields that it knows; the nearest one is the better answer.
fn unknown_field_help(message: &str) -> Option<String> {
    let given = message.strip_prefix("unknown field `")?.split('`').next()?;
    let known: Vec<&str> = message.split("expected").nth(1)?.split('`').skip(1).step_by(2).collect();
    did_you_mean_or_list(given, known)
}

/// A byte range as line and column.
pub(crate) fn to_span(file: &Arc<str>, text: &str, range: Range<usize>) -> Span {
    let place = |offset: usize| {
        let before = text.get(..offset.min(text.len())).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    };
    let (line, column) = place(range.start);
    let (end_line, end_column) = place(range.end.max(range.start + 1));
    Span { file: file.clone(), line, column, end_line, end_column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Settings::parse(&Arc::from("callboard.toml"), text).expect_err("the text has a mistake").to_string()
    }

    #[test]
    fn a_mistyped_key_is_named_with_its_place_and_the_nearest_known_one() {
        insta::assert_snapshot!(error("[services.orders]\ndefinitoin = \"a.yaml\"\n"), @"callboard.toml:2:1: error[invalid-settings]: unknown field `definitoin` (help: did you mean `definition`?)");
    }

    #[test]
    fn an_environment_names_services_that_exist() {
        let text = "[services.orders]\ndefinition = \"a.yaml\"\n[environments.local.services.order]\nserver = \"http://h\"\n";
        assert!(error(text).contains("no service is called `order`"), "{}", error(text));
        assert!(error(text).contains("did you mean `orders`?"));
    }

    #[test]
    fn a_target_is_real_or_virtual() {
        let text = "[services.orders]\ndefinition = \"a.yaml\"\n[environments.local.services.orders]\nheaders = {}\n";
        assert!(error(text).contains("neither a `server` nor"), "{}", error(text));
    }

    #[test]
    fn an_acceptance_says_what_it_accepts() {
        let text = "[services.hub]\ndefinition = \"a.yaml\"\n[[accept]]\nservice = \"hub\"\nreason = \"x\"\n";
        assert!(error(text).starts_with("callboard.toml:4:11") && error(text).contains("accepts nothing"), "{}", error(text));
    }

    #[test]
    fn a_link_that_cannot_be_read_says_how_it_is_written() {
        assert!(
            error("[links]\nreject = [\"orders -> cart\"]\n").contains("SERVICE METHOD PATH"),
            "{}",
            error("[links]\nreject = [\"a\"]\n")
        );
    }

    #[test]
    fn broken_toml_says_where() {
        assert!(error("[services.orders\n").starts_with("callboard.toml:1:17"), "{}", error("[services.orders\n"));
    }
}
