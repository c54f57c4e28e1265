use std::path::PathBuf;

use super::*;
use crate::project::Dependency;

/// A workspace that is as the table says, changed by the test.
fn workspace() -> Vec<Package> {
    let ranked = LAYERS.iter().map(|layer| {
        let uses: Vec<&str> = match layer.uses {
            Uses::Only(listed) => listed.to_vec(),
            Uses::EverythingBelow => below(layer.rank),
        };
        package(layer.name, &uses)
    });
    ranked
        .chain(
            OUTSIDE
                .iter()
                .map(|name| package(name, &["ringlock-agent"])),
        )
        .collect()
}

fn below(rank: u8) -> Vec<&'static str> {
    LAYERS
        .iter()
        .filter(|layer| layer.rank < rank)
        .map(|layer| layer.name)
        .collect()
}

fn package(name: &str, uses: &[&str]) -> Package {
    Package {
        id: name.to_owned(),
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        source: None,
        manifest_path: PathBuf::from("Cargo.toml"),
        dependencies: uses
            .iter()
            .map(|used| dependency(used, DependencyKind::Normal))
            .collect(),
        targets: Vec::new(),
    }
}

fn dependency(name: &str, kind: DependencyKind) -> Dependency {
    Dependency {
        name: name.to_owned(),
        kind,
    }
}

/// What the check says after `user` was made to depend on `used`.
fn said_after(user: &str, used: &str, kind: DependencyKind) -> Vec<String> {
    let mut packages = workspace();
    let package = packages
        .iter_mut()
        .find(|package| package.name == user)
        .unwrap();
    package.dependencies.push(dependency(used, kind));
    breaches(&packages)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn every_listed_dependency_has_a_lower_rank() {
    assert_eq!(breaches(&workspace()), []);
}

#[test]
fn a_crate_may_not_use_its_own_rank_or_a_higher_one() {
    assert_eq!(
        said_after("ringlock-store", "ringlock-policy", DependencyKind::Normal),
        ["ringlock-store (rank 1) uses ringlock-policy (rank 1), which is not lower"]
    );
    assert_eq!(
        said_after("ringlock-tls", "ringlock-agent", DependencyKind::Dev),
        ["ringlock-tls (rank 3) uses ringlock-agent (rank 5), which is not lower"]
    );
}

#[test]
fn a_crate_may_use_a_lower_one_only_if_it_is_listed() {
    let said = ["ringlock-wire uses ringlock-files, which the rank table does not list for it"];
    assert_eq!(
        said_after("ringlock-wire", "ringlock-files", DependencyKind::Normal),
        said
    );
    assert_eq!(
        said_after("ringlock-wire", "ringlock-files", DependencyKind::Build),
        said
    );
}

#[test]
fn tests_of_a_crate_may_use_any_lower_crate_and_the_testkit() {
    for used in ["ringlock-files", "ringlock-testkit"] {
        assert!(said_after("ringlock-wire", used, DependencyKind::Dev).is_empty());
    }
}

#[test]
fn nothing_of_the_product_uses_what_stands_outside() {
    assert_eq!(
        said_after("ringlock-net", "ringlock-testkit", DependencyKind::Normal),
        ["ringlock-net uses ringlock-testkit, which stands outside the product"]
    );
    assert_eq!(
        said_after("ringlock-net", "ringlock-bench", DependencyKind::Dev),
        ["ringlock-net uses ringlock-bench, which stands outside the product"]
    );
}

#[test]
fn only_the_tls_crate_names_the_tls_library() {
    assert!(said_after("ringlock-tls", "rustls", DependencyKind::Normal).is_empty());
    assert_eq!(
        said_after("ringlock-bench", "tokio-rustls", DependencyKind::Dev),
        ["ringlock-bench names tokio-rustls; only ringlock-tls may"]
    );
}

#[test]
fn a_package_without_a_place_and_a_place_without_a_package_are_both_found() {
    let mut packages = workspace();
    packages.retain(|package| package.name != "ringlock-wire");
    packages.push(package("ringlock-extra", &[]));
    let said: Vec<String> = breaches(&packages)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        [
            "ringlock-extra has no place in the rank table",
            "the rank table names ringlock-wire, which is not in the workspace",
        ]
    );
}
