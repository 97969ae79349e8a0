//! The scenario files of this repository, against the definitions that they were written for.

use crate::support::{judge, scenarios, system, workspace};
use callboard_model::{Document, System};
use callboard_scenario::{parse, write};

#[track_caller]
fn all_pass(folder: &str, system: &System) {
    let paths = scenarios(&workspace(folder));
    assert!(!paths.is_empty(), "{folder} has scenarios");
    for path in paths {
        let (_, _, found) = judge(&path, system);
        found.iter().filter(|d| !d.is_error()).for_each(|d| eprintln!("{d}"));
        let errors: Vec<_> = found.iter().filter(|d| d.is_error()).map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
}

fn shop() -> System {
    let definition = |name: &str| workspace(&format!("examples/shop/services/{name}/openapi.yaml"));
    let names: Vec<String> = std::fs::read_dir(workspace("examples/shop/services"))
        .expect("the shop has services")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .filter(|name| definition(name).exists())
        .collect();
    system(&names.iter().map(|name| (name.as_str(), definition(name))).collect::<Vec<_>>())
}

fn jupyter() -> System {
    let definition = |name: &str| workspace(&format!("acceptance/jupyter/definitions/{name}"));
    system(&[
        ("hub", definition("jupyterhub.yml")),
        ("proxy", definition("configurable-http-proxy.yml")),
        ("server", definition("jupyter-server.yaml")),
    ])
}

#[test]
fn the_scenarios_of_the_shop_pass() {
    all_pass("examples/shop/scenarios", &shop());
}

#[test]
fn the_journeys_through_jupyter_pass() {
    all_pass("acceptance/jupyter/scenarios", &jupyter());
}

#[test]
fn writing_a_file_and_reading_it_back_changes_nothing() {
    let folders = ["examples/shop/scenarios", "acceptance/jupyter/scenarios"];
    for path in folders.iter().flat_map(|folder| scenarios(&workspace(folder))) {
        let bytes = std::fs::read(&path).expect("readable");
        let read = |bytes: &[u8]| {
            let document = Document::parse("a.arazzo.yaml", bytes).unwrap_or_else(|error| panic!("{error}"));
            parse(&document).value.expect("a scenario file")
        };
        let text = write(&read(&bytes));
        assert_eq!(text, write(&read(text.as_bytes())), "{}", path.display());
    }
}
