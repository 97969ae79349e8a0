//! The rule of ARCHITECTURE.md: a crate depends on strictly lower layers only.

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The layers, lowest first.
const LAYERS: [&[&str]; 6] = [
    &["callboard-model"],
    &["callboard-schema"],
    &["callboard-definition", "callboard-scenario"],
    &["callboard-planner", "callboard-analysis"],
    &["callboard-runner", "callboard-virtual", "callboard-store"],
    &["callboard"],
];

/// Outside of the layers: they depend on no crate of ours, and any test or the demo may use them.
const BESIDE: [&str; 2] = ["callboard-testkit", "callboard-shop"];

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|names| names.contains(&name))
}

#[test]
fn a_crate_depends_on_strictly_lower_layers() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata reads the workspace");
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        if BESIDE.contains(&name) {
            let ours: Vec<_> = package.dependencies.iter().filter(|d| layer(&d.name).is_some()).map(|d| d.name.clone()).collect();
            assert!(ours.is_empty(), "{name} stands beside the layers and must not depend on {ours:?}");
            continue;
        }
        let own = layer(name).unwrap_or_else(|| panic!("{name} has no layer: add it to LAYERS here and to ARCHITECTURE.md"));
        for dependency in package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development) {
            if let Some(other) = layer(&dependency.name).filter(|other| *other >= own) {
                wrong.push(format!("{name} (layer {own}) -> {} (layer {other})", dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "upward or sideways dependencies: {wrong:#?}");
}
