//! `callboard demo`: the whole job on the bundled shop, told in a page.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use callboard_analysis::impact::Impact;
use callboard_analysis::report::{self, RunReport};
use callboard_model::map::SystemMap;
use callboard_model::run::Verdict;
use callboard_model::{Code, ServiceName, System};
use callboard_planner::{MappedSystem, Planner};
use callboard_shop::{Shop, ShopOptions};
use tokio_util::sync::CancellationToken;

use crate::cli::DemoArgs;
use crate::commands::{generate, impact, plan};
use crate::environment::{Environment, Wishes};
use crate::exit::{Exit, Failure};
use crate::outputs::html as html_report;
use crate::progress::Progress;
use crate::project::{Project, shown};
use crate::session::{Session, exit_of};
use crate::signals::cancel_when_stopped;
use crate::suite::{Suite, used_services};
use crate::terminal::{Sources, Terminal};
use crate::tests_of::tests;

/// The service that is down.
const DOWN: &str = "payments";
/// What the scenario of the demo is made of.
const SENTENCE: &str = "Register a customer, open a cart for her, add two teapots to the cart, place an order for the cart and pay it, \
                        then read the payment and the order";
/// Where somebody makes a change, and which one.
const CHANGED: &str = "services/shipping/src/shipping.rs";
/// Tests that ask the stand-in for what only the real service's own rules can tell are left out: cards that it declines, refunds that
/// change a payment.
const NEEDS_REAL_PAYMENTS: [&str; 2] = ["payment.arazzo.yaml#declined", "cancel.arazzo.yaml#cancel-and-refund"];

/// So many selected tests are shown with their reasons.
const SHOWN_TESTS: usize = 6;

/// Shows the whole job.
pub(crate) async fn demo(arguments: &DemoArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let story = Story { terminal };
    let place = Place::make(arguments.keep.as_deref())?;
    let shop = RunningShop::start().await?;
    place.write_files(&shop)?;
    let has_git = place.commit();
    let project = Project::find(Some(&place.folder))?;

    story.title("Six services, each with a definition and names of its own, are read as one system");
    let mut sources = Sources::default();
    let loaded = project.load_some(&[], &mut sources)?;
    let mapped = MappedSystem::new(&loaded.system, &project.map_options());
    story.system(&loaded.system, &mapped.map);

    story.title("A sentence becomes a scenario that crosses them; no model, no key, no network");
    let scenario = place.folder.join("scenarios/demo.arazzo.yaml");
    let options = plan::options(&project, None, &loaded.system)?;
    let plan = Planner::of(&mapped, &options).plan(SENTENCE, &options);
    let text = generate::scenario_text(&plan, &loaded.system, SENTENCE, &options, Some(&scenario))?;
    std::fs::write(&scenario, text).map_err(|error| Failure::file(&scenario, "write", &error))?;
    story.say(format!("\"{SENTENCE}\""));
    for (number, step) in plan.steps.iter().enumerate() {
        story.say(format!("{:>2}. {}", number + 1, step.operation));
    }
    place.commit();

    story.title(&format!("{DOWN} is down: Callboard stands in for it, from its definition; everything runs, in parallel"));
    let suite = Suite::read(&project, &[], &[], &mut sources)?;
    terminal.diagnostics(&suite.errors(), &sources);
    let cancel = cancel_when_stopped(terminal);
    let first = run(&project, &suite, None, terminal, &cancel).await?;
    story.results(&first);
    story.say(
        story.dim("left out: 2 tests of what only the real service can tell, which cards it declines and what a refund does"),
    );

    let mut exit = exit_of(&first.finished);
    if has_git && exit == Exit::Pass {
        story.title(&format!("Somebody changes {CHANGED}: which tests have to run, and why?"));
        place.change()?;
        let impact = impact::analyse(&project, &suite, "HEAD").await?;
        let selected: BTreeSet<_> = impact.selected.iter().map(|selected| selected.test.clone()).collect();
        story.selection(&impact);
        story.say(format!("{} of {} tests; the others are deselected", selected.len(), selected.len() + impact.deselected.len()));
        let second = run(&project, &suite, Some(&selected), terminal, &cancel).await?;
        story.results(&second);
        exit = exit_of(&second.finished);
    }

    let html = place.report_path();
    std::fs::write(&html, html_report(&first, "The shop")?).map_err(|error| Failure::file(&html, "write", &error))?;
    story.title("The report: one file, with each request, each check and the way through the services");
    story.say(shown(&html));
    if arguments.open {
        open_in_browser(&html);
    }
    if arguments.keep.is_some() {
        story.say(format!("The project is kept in {}; try `callboard map --links` there", shown(&place.folder)));
    }
    shop.stop().await;
    Ok(exit)
}

async fn run(
    project: &Project,
    suite: &Suite,
    only: Option<&BTreeSet<callboard_model::names::TestName>>,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<RunReport, Failure> {
    let wishes = Wishes { environment: None, servers: &[], virtual_services: &[] };
    let environment = Environment::resolve(&project.settings, wishes, &suite.system, &|_| None)?;
    let mut scenarios = tests(&suite.documents, &environment.values);
    scenarios.retain(|s| !NEEDS_REAL_PAYMENTS.iter().any(|file| s.name.as_str().contains(file)));
    scenarios.retain(|scenario| only.is_none_or(|only| only.contains(&scenario.name)));
    let used: BTreeSet<ServiceName> =
        scenarios.iter().filter_map(|s| Some(used_services(&s.source, s.workflow()?, &suite.system))).flatten().collect();
    let session = Session { project, suite, seed: 1, store: true, standing: None };
    let options = session.options(scenarios, &[]);
    let mut progress = Progress::new(terminal);
    session.run(options, environment, &used, terminal, &mut |event| progress.handle(event), cancel.clone()).await
}

/// The last part of a test's name.
fn short(test: &str) -> &str {
    test.strip_prefix("scenarios/").unwrap_or(test)
}

/// Prints the story.
struct Story<'t> {
    terminal: &'t Terminal,
}

impl Story<'_> {
    fn style(&self, role: report::text::Role, text: &str) -> String {
        let style = if self.terminal.color_out() { report::text::ansi } else { report::text::plain };
        style(role, text)
    }

    fn dim(&self, text: &str) -> String {
        self.style(report::text::Role::Dim, text)
    }

    fn title(&self, text: &str) {
        self.terminal.data(&format!("\n{}", self.style(report::text::Role::Strong, text)));
    }

    fn say(&self, text: impl AsRef<str>) {
        self.terminal.data(&format!("  {}", text.as_ref()));
    }

    fn system(&self, system: &System, map: &SystemMap) {
        let services: Vec<_> = system.services().iter().map(|s| format!("{} ({})", s.name, s.operations.len())).collect();
        let mut across: Vec<_> = map.links.iter().filter(|l| l.from.operation.service != l.to.operation.service).collect();
        self.say(format!("{}: {} operations", services.join(", "), system.operations().count()));
        self.say(format!(
            "{} entities, {} links, {} of them across services, such as",
            map.entities.len(),
            map.links.len(),
            across.len()
        ));
        across.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut entities = BTreeSet::new();
        for link in across.into_iter().filter(|link| entities.insert(link.entity.clone())).take(3) {
            let line = format!("{} {}  ->  {} {}", link.from.operation, link.from.output, link.to.operation, link.to.input);
            self.say(format!("  {line}  {}", self.dim(&format!("({}, {:.2})", link.entity, link.score))));
        }
    }

    /// Some tests with what ties them to the change; `callboard impact` shows all.
    fn selection(&self, impact: &Impact) {
        for selected in impact.selected.iter().take(SHOWN_TESTS) {
            let reason = selected.reasons.first().map_or("", |reason| reason.text.as_str());
            let (what, tie) = reason.split_once("; ").unwrap_or(("", reason));
            if selected.test == impact.selected[0].test {
                self.say(what);
            }
            self.say(format!("  {}  {}", short(selected.test.as_str()), self.dim(tie)));
        }
        let more = impact.selected.len().saturating_sub(SHOWN_TESTS);
        if more > 0 {
            self.say(format!("  … and {more} more"));
        }
    }

    fn results(&self, report: &RunReport) {
        for scenario in report.scenarios() {
            let passed = scenario.verdict == Verdict::Passed;
            let role = if passed { report::text::Role::Passed } else { report::text::Role::Failed };
            if !passed {
                self.say(format!("{} {}", self.style(role, scenario.verdict.as_str()), short(scenario.name.as_str())));
                let style = if self.terminal.color_out() { report::text::ansi } else { report::text::plain };
                self.terminal.data(report::text::scenario(scenario, style).trim_end());
            }
        }
        let style = if self.terminal.color_out() { report::text::ansi } else { report::text::plain };
        self.say(report::text::summary(report, style).trim_end());
    }
}

/// The shop without the service that is down.
struct RunningShop {
    addresses: BTreeMap<String, String>,
    down_port: u16,
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl RunningShop {
    async fn start() -> Result<Self, Failure> {
        let failed = |error: String| Failure::not_ready(Code("shop"), format!("failed to start the shop: {error}"), None);
        // The neighbours of the service that is down look for it at this port, where Callboard stands in for it.
        let down_port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr()).map_err(|e| failed(e.to_string()))?.port();
        let elsewhere = BTreeMap::from([(DOWN.to_owned(), format!("http://127.0.0.1:{down_port}"))]);
        let options = ShopOptions { elsewhere, ..ShopOptions::default() };
        let shop = Shop::bind(options).await.map_err(|error| failed(error.to_string()))?;
        let addresses = shop.addresses();
        let cancel = CancellationToken::new();
        let task = tokio::spawn(shop.run(cancel.clone()));
        Ok(Self { addresses, down_port, cancel, task })
    }

    async fn stop(self) {
        self.cancel.cancel();
        // The demo is over; how the shop ends changes nothing.
        let _ = self.task.await;
    }
}

/// The folder of the demo's project; a temporary one goes away at the next start of the machine, since the report in it is to be read.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn make(keep: Option<&Path>) -> Result<Self, Failure> {
        let folder = match keep {
            Some(folder) if folder.join(crate::settings::FILE_NAME).exists() => {
                let message = format!("`{}` holds a project already", folder.display());
                return Err(Failure::argument(Code("exists"), message, Some("name a new folder".to_owned())));
            }
            Some(folder) => folder.to_owned(),
            None => std::env::temp_dir().join(format!("callboard-demo-{}", std::process::id())),
        };
        std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, "create", &error))?;
        Ok(Self { folder })
    }

    fn write_files(&self, shop: &RunningShop) -> Result<(), Failure> {
        for (path, content) in callboard_shop::files() {
            let content = if *path == crate::settings::FILE_NAME { settings(content, shop) } else { (*content).to_owned() };
            self.write(path, &content)?;
        }
        self.write(".gitignore", ".callboard/\n*.html\n")
    }

    fn write(&self, path: &str, content: &str) -> Result<(), Failure> {
        let path = self.folder.join(path);
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, "create", &error))?;
        std::fs::write(&path, content).map_err(|error| Failure::file(&path, "write", &error))
    }

    /// Commits everything; `false` where there is no git.
    fn commit(&self) -> bool {
        let git = |arguments: &[&str]| {
            let identity = [
                "-c",
                "user.name=Callboard",
                "-c",
                "user.email=demo@localhost",
                "-c",
                "commit.gpgsign=false",
                "-c",
                "core.hooksPath=",
            ];
            let mut command = Command::new("git");
            command.arg("-C").arg(&self.folder).args(identity).args(arguments);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        (self.folder.join(".git").exists() || git(&["init", "--quiet"]))
            && git(&["add", "--all"])
            && git(&["commit", "--quiet", "-m", "The shop"])
    }

    /// Makes the change that impact analysis is asked about.
    fn change(&self) -> Result<(), Failure> {
        let path = self.folder.join(CHANGED);
        let code = std::fs::read_to_string(&path).map_err(|error| Failure::file(&path, "read", &error))?;
        std::fs::write(&path, format!("{code}\npub(crate) const MAX_PARCELS: usize = 20;\n"))
            .map_err(|error| Failure::file(&path, "write", &error))
    }

    fn report_path(&self) -> PathBuf {
        self.folder.join("report.html")
    }
}

/// The settings of the shop with the addresses of this run.
fn settings(content: &str, shop: &RunningShop) -> String {
    let services = content.split("[environments.").next().unwrap_or(content);
    let mut text = services.to_owned();
    for (service, address) in &shop.addresses {
        let place = if service == DOWN {
            format!("virtual = true\nport = {}", shop.down_port)
        } else {
            format!("server = \"{address}\"")
        };
        text.push_str(&format!("[environments.local.services.{service}]\n{place}\n\n"));
    }
    text
}

fn open_in_browser(path: &Path) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    // Where there is no browser, the path was printed.
    let _ = Command::new(opener).arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}
