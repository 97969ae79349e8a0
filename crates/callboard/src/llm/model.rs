//! Which model is asked, where, and with which key.
//!
//! A key goes only where it belongs: the well-known variable of a provider (`OPENAI_API_KEY`) to that provider's own host, or to a base
//! URL that the user's environment names. A base URL in `callboard.toml` gets the variable that stands beside it and no well-known one,
//! so that a project of somebody else cannot collect keys by naming a server.

use std::path::PathBuf;
use std::time::Duration;

use callboard_model::suggest::did_you_mean_or_list;
use url::Url;

use super::wire::Wire;
use crate::exit::Failure;
use crate::project::BAD_ARGUMENT;
use crate::settings::LlmSection;

/// The environment's base URL, for any provider.
const BASE_URL: &str = "CALLBOARD_LLM_BASE_URL";
/// The key for [`BASE_URL`].
const BASE_KEY: &str = "CALLBOARD_LLM_API_KEY";
/// How long one answer may take when nothing is said.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A provider: its name, wire format, base URL and the variable of its key.
struct Provider {
    name: &'static str,
    wire: Wire,
    base: &'static str,
    key: Option<&'static str>,
}

const PROVIDERS: [Provider; 7] = [
    Provider { name: "openai", wire: Wire::OpenAi, base: "https://api.openai.com/v1", key: Some("OPENAI_API_KEY") },
    Provider { name: "anthropic", wire: Wire::Anthropic, base: "https://api.anthropic.com", key: Some("ANTHROPIC_API_KEY") },
    Provider {
        name: "gemini",
        wire: Wire::Gemini,
        base: "https://generativelanguage.googleapis.com",
        key: Some("GEMINI_API_KEY"),
    },
    Provider { name: "ollama", wire: Wire::Ollama, base: "http://127.0.0.1:11434", key: None },
    Provider { name: "mistral", wire: Wire::OpenAi, base: "https://api.mistral.ai/v1", key: Some("MISTRAL_API_KEY") },
    Provider { name: "groq", wire: Wire::OpenAi, base: "https://api.groq.com/openai/v1", key: Some("GROQ_API_KEY") },
    Provider { name: "openrouter", wire: Wire::OpenAi, base: "https://openrouter.ai/api/v1", key: Some("OPENROUTER_API_KEY") },
];

/// The provider that answers from recordings.
const REPLAY: &str = "replay";

/// Who is asked.
#[derive(Clone, Debug)]
pub(crate) enum Model {
    /// A model behind HTTP.
    Remote(Remote),
    /// Recordings in a folder.
    Replay(PathBuf),
}

/// A model behind HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// `PROVIDER/MODEL`.
    pub(crate) label: String,
    pub(crate) wire: Wire,
    /// The provider's name for it.
    pub(crate) name: String,
    /// Without a slash at its end.
    pub(crate) base: String,
    /// The key, or what is missing.
    pub(crate) key: Key,
    pub(crate) timeout: Duration,
}

/// A key.
#[derive(Clone)]
pub(crate) enum Key {
    /// The value of a variable.
    Value { variable: String, value: String },
    /// This variable is not set although a key is needed.
    Missing(String),
    /// None is sent.
    None,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value { variable, .. } => write!(f, "the value of {variable}"),
            Self::Missing(variable) => write!(f, "{variable}, which is not set"),
            Self::None => f.write_str("none"),
        }
    }
}

impl Model {
    /// What people call it.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Remote(remote) => remote.label.clone(),
            Self::Replay(folder) => format!("{REPLAY}/{}", folder.display()),
        }
    }

    /// Who is to be asked, by the command line (or its variable) and the settings; nobody when nothing is said, or `off`.
    pub(crate) fn resolve(
        given: Option<&str>,
        section: &LlmSection,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, Failure> {
        let of_settings = section.model.as_ref().map(|model| model.get_ref().as_str());
        // An empty variable is none.
        let given = given.filter(|label| !label.is_empty());
        let Some(label) = given.or(of_settings).filter(|label| *label != "off") else { return Ok(None) };
        let refuse = |message, help| Err(Failure::argument(BAD_ARGUMENT, message, help));
        let (provider, name) = match parse(label) {
            Ok(parsed) => parsed,
            Err((message, help)) => return refuse(message, Some(help)),
        };
        let Some(provider) = provider else { return Ok(Some(Self::Replay(PathBuf::from(name)))) };
        // What the settings say beside their model belongs to its provider.
        let is_meant = of_settings.and_then(|label| label.split('/').next()).is_none_or(|own| own == provider.name);
        let (base, key) = place(provider, is_meant.then_some(section), variable);
        let base = base.trim_end_matches('/').to_owned();
        if let Err(why) = check_base(&base, matches!(key, Key::Value { .. })) {
            return refuse(format!("`{base}` cannot be asked: {why}"), None);
        }
        let timeout = section.timeout.as_ref().map_or(TIMEOUT, |seconds| Duration::from_secs_f64(*seconds.get_ref()));
        Ok(Some(Self::Remote(Remote { label: label.to_owned(), wire: provider.wire, name: name.to_owned(), base, key, timeout })))
    }
}

/// A provider, nothing for recordings, with the name of the model; or what is wrong, and what to do.
fn parse(label: &str) -> Result<(Option<&'static Provider>, &str), (String, String)> {
    let form = "write it as PROVIDER/MODEL, such as openai/gpt-4o-mini or ollama/llama3.1".to_owned();
    let Some((provider, name)) = label.split_once('/') else {
        return Err((format!("`{label}` names no provider"), form));
    };
    if name.is_empty() || name.len() > 300 || name.chars().any(|c| c.is_control() || c.is_whitespace() && provider != REPLAY) {
        return Err((format!("`{label}` names no model"), form));
    }
    if provider == REPLAY {
        return Ok((None, name));
    }
    let found = PROVIDERS.iter().find(|known| known.name == provider);
    let help = || did_you_mean_or_list(provider, PROVIDERS.iter().map(|known| known.name).chain([REPLAY])).unwrap_or(form);
    found.map(|found| (Some(found), name)).ok_or_else(|| (format!("no provider is called `{provider}`"), help()))
}

/// Whether a text can be a model of the settings.
pub(crate) fn check_label(label: &str) -> Result<(), (String, String)> {
    if label == "off" { Ok(()) } else { parse(label).map(|_| ()) }
}

/// Base URL and key.
fn place(provider: &Provider, section: Option<&LlmSection>, variable: &dyn Fn(&str) -> Option<String>) -> (String, Key) {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let key = |name: &str| set(name).map(|value| Key::Value { variable: name.to_owned(), value: value.trim().to_owned() });
    let own = || provider.key.map_or(Key::None, |name| key(name).unwrap_or_else(|| Key::Missing(name.to_owned())));
    if let Some(base) = set(BASE_URL) {
        // Servers of one's own often want no key.
        return (base, key(BASE_KEY).or_else(|| provider.key.and_then(key)).unwrap_or(Key::None));
    }
    let named = section.and_then(|section| section.key_env.as_ref()).map(|name| name.get_ref().as_str());
    let named = named.map(|name| key(name).unwrap_or_else(|| Key::Missing(name.to_owned())));
    match section.and_then(|section| section.base_url.as_ref()) {
        Some(base) => (base.get_ref().clone(), named.unwrap_or(Key::None)),
        None => (provider.base.to_owned(), named.unwrap_or_else(own)),
    }
}

/// Whether a variable may be named in the settings as the holder of a key: one that is made for that, and that belongs to nobody else.
pub(crate) fn check_key_variable(name: &str) -> Result<(), String> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_plain || !name.ends_with("_API_KEY") {
        return Err("its name is not of the form NAME_API_KEY: no other variable is ever sent to a model".to_owned());
    }
    match PROVIDERS.iter().find(|known| known.key == Some(name)) {
        Some(known) => Err(format!("it is the key of {}, and goes to {} alone", known.name, known.base)),
        None => Ok(()),
    }
}

/// Whether a URL can be asked: `https`, or `http` on this machine or without a key.
pub(crate) fn check_base(base: &str, has_key: bool) -> Result<(), String> {
    let url = Url::parse(base).map_err(|error| format!("it is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its scheme is `{}`", url.scheme()));
    }
    if !url.username().is_empty() || url.query().is_some() || url.fragment().is_some() {
        return Err("it holds a user name, a query or a fragment".to_owned());
    }
    if has_key && url.scheme() == "http" && !is_local(&url) {
        return Err("the key would travel to another machine without encryption".to_owned());
    }
    Ok(())
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(text: &str) -> LlmSection {
        toml::from_str(text).expect("a section")
    }

    fn remote(given: Option<&str>, text: &str, variables: &[(&str, &str)]) -> Remote {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        match Model::resolve(given, &section(text), &variable).expect("resolved") {
            Some(Model::Remote(remote)) => remote,
            other => panic!("{other:?}"),
        }
    }

    fn key(remote: &Remote) -> String {
        match &remote.key {
            Key::Value { value, .. } => value.clone(),
            other => format!("{other:?}"),
        }
    }

    const OWN: [(&str, &str); 2] = [("OPENAI_API_KEY", "own"), ("TEAM_API_KEY", "team")];

    #[test]
    fn nobody_is_asked_unless_somebody_says_so() {
        let none =
            |given: Option<&str>, text: &str| Model::resolve(given, &section(text), &|_| None).expect("resolved").is_none();
        assert!(none(Some(""), "") && none(None, "") && none(Some("off"), "model = 'openai/x'") && none(None, "model = 'off'"));
        assert!(!none(None, "model = 'ollama/x'") && !none(Some(""), "model = 'ollama/x'"));
    }

    #[test]
    fn a_well_known_key_goes_to_its_provider_and_where_the_environment_says() {
        let usual = remote(Some("openai/gpt-4o-mini"), "", &OWN);
        assert_eq!((usual.base.as_str(), key(&usual).as_str()), ("https://api.openai.com/v1", "own"));
        let mine = remote(Some("openai/x"), "", &[OWN[0], (BASE_URL, "https://gateway.example.com/v1/")]);
        assert_eq!((mine.base.as_str(), key(&mine).as_str()), ("https://gateway.example.com/v1", "own"));
        let keyed = remote(Some("openai/x"), "", &[OWN[0], (BASE_URL, "https://gateway.example.com"), (BASE_KEY, "gate")]);
        assert_eq!(key(&keyed), "gate");
    }

    #[test]
    fn a_base_url_of_the_settings_gets_no_well_known_key() {
        let text = "model = 'openai/x'\nbase_url = 'https://llm.example.com/v1'";
        assert_eq!(key(&remote(None, text, &OWN)), "none");
        assert_eq!(key(&remote(None, &format!("{text}\nkey_env = 'TEAM_API_KEY'"), &OWN)), "team");
        for name in ["OPENAI_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "team_API_KEY"] {
            assert!(check_key_variable(name).is_err(), "{name}");
        }
        assert!(check_key_variable("TEAM_API_KEY").is_ok());
        let other = remote(Some("anthropic/claude"), text, &[("ANTHROPIC_API_KEY", "a")]);
        assert_eq!(
            (other.base.as_str(), key(&other).as_str()),
            ("https://api.anthropic.com", "a"),
            "it belongs to another provider"
        );
    }

    #[test]
    fn a_missing_key_is_known_and_never_shown() {
        let missing = remote(Some("gemini/gemini-2.0-flash"), "", &[]);
        assert_eq!(format!("{:?}", missing.key), "GEMINI_API_KEY, which is not set");
        let shown = format!("{:?}", remote(Some("openai/x"), "", &OWN));
        assert!(!shown.contains("own") && shown.contains("the value of OPENAI_API_KEY"), "{shown}");
    }

    #[test]
    fn a_key_does_not_travel_in_plain_text() {
        assert!(check_base("http://llm.example.com/v1", true).is_err());
        assert!(check_base("http://llm.example.com/v1", false).is_ok());
        for base in ["http://127.0.0.1:1/v1", "http://localhost:1", "http://[::1]:1", "https://h/v1"] {
            assert_eq!(check_base(base, true), Ok(()), "{base}");
        }
        for base in ["ftp://h", "llm", "https://a@h", "https://h?key=1"] {
            assert!(check_base(base, false).is_err(), "{base}");
        }
    }

    #[test]
    fn a_mistyped_provider_is_told() {
        let error = |label: &str| {
            let failure = Model::resolve(Some(label), &LlmSection::default(), &|_| None).expect_err("refused");
            failure.diagnostics[0].to_string()
        };
        assert!(error("opena/x").contains("did you mean `openai`?"), "{}", error("opena/x"));
        assert!(error("gpt-4o").contains("names no provider") && error("openai/").contains("names no model"));
    }
}
