//! `./x layers`: the crates depend on each other as the rank table says.
//!
//! A crate may use crates of a lower rank only, and of those only the listed ones, so that a
//! reader who opens one crate knows everything it can reach. Tests, demo, benchmarks and these
//! tasks stand outside: they may use any crate, and no crate may use them.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Result, bail};

use crate::project::{DependencyKind, Package, Project};
use crate::run::say;

/// The rank table; ARCHITECTURE.md says what each crate is for.
const LAYERS: &[Layer] = &[
    Layer {
        name: "ringlock-model",
        rank: 0,
        uses: Uses::Only(&[]),
    },
    Layer {
        name: "ringlock-finding",
        rank: 0,
        uses: Uses::Only(&[]),
    },
    Layer {
        name: "ringlock-files",
        rank: 0,
        uses: Uses::Only(&[]),
    },
    Layer {
        name: "ringlock-suites",
        rank: 0,
        uses: Uses::Only(&[]),
    },
    Layer {
        name: "ringlock-config",
        rank: 1,
        uses: Uses::Only(&["ringlock-model", "ringlock-finding", "ringlock-suites"]),
    },
    Layer {
        name: "ringlock-store",
        rank: 1,
        uses: Uses::Only(&["ringlock-model"]),
    },
    Layer {
        name: "ringlock-policy",
        rank: 1,
        uses: Uses::Only(&["ringlock-model"]),
    },
    Layer {
        name: "ringlock-topology",
        rank: 1,
        uses: Uses::Only(&["ringlock-model", "ringlock-finding"]),
    },
    Layer {
        name: "ringlock-wire",
        rank: 1,
        uses: Uses::Only(&[]),
    },
    Layer {
        name: "ringlock-net",
        rank: 1,
        uses: Uses::Only(&["ringlock-model"]),
    },
    Layer {
        name: "ringlock-pki",
        rank: 2,
        uses: Uses::Only(&["ringlock-model", "ringlock-store"]),
    },
    Layer {
        name: "ringlock-tls",
        rank: 3,
        uses: Uses::Only(&[
            "ringlock-model",
            "ringlock-suites",
            "ringlock-pki",
            "ringlock-policy",
        ]),
    },
    Layer {
        name: "ringlock-secret",
        rank: 4,
        uses: Uses::Only(&[
            "ringlock-finding",
            "ringlock-files",
            "ringlock-config",
            "ringlock-store",
        ]),
    },
    Layer {
        name: "ringlock-token",
        rank: 4,
        uses: Uses::Only(&["ringlock-pki"]),
    },
    Layer {
        name: "ringlock-check",
        rank: 5,
        uses: Uses::Only(&[
            "ringlock-model",
            "ringlock-finding",
            "ringlock-files",
            "ringlock-config",
            "ringlock-store",
            "ringlock-suites",
            "ringlock-pki",
            "ringlock-secret",
        ]),
    },
    Layer {
        name: "ringlock-agent",
        rank: 5,
        uses: Uses::EverythingBelow,
    },
    Layer {
        name: "ringlock",
        rank: 6,
        uses: Uses::EverythingBelow,
    },
];

/// What stands outside the ranks.
const OUTSIDE: &[&str] = &[
    "ringlock-testkit",
    "ringlock-itest",
    "ringlock-demo",
    "ringlock-bench",
    "xtask",
];

/// The one outsider that the tests of a crate may use.
const TESTKIT: &str = "ringlock-testkit";

/// The TLS library is named by one crate, so that one crate answers for how TLS is used.
const TLS_LIBRARIES: &[&str] = &["rustls", "tokio-rustls"];
const TLS_CRATE: &str = "ringlock-tls";

/// Checks the workspace against the table.
///
/// # Errors
/// Some dependency is not as the table says; each was printed.
pub(crate) fn run(project: &Project) -> Result<()> {
    let breaches = breaches(&project.packages);
    for breach in &breaches {
        say!("layers: {breach}");
    }
    if !breaches.is_empty() {
        bail!(
            "{} broken (the rank table is in xtask/src/layers.rs)",
            breaches.len()
        );
    }
    say!(
        "layers: {} crates in {} ranks, as the table says",
        LAYERS.len(),
        ranks()
    );
    Ok(())
}

struct Layer {
    name: &'static str,
    rank: u8,
    uses: Uses,
}

/// Which crates of a lower rank a crate may use.
enum Uses {
    Only(&'static [&'static str]),
    EverythingBelow,
}

impl Uses {
    fn allows(&self, name: &str) -> bool {
        match self {
            Self::Only(listed) => listed.contains(&name),
            Self::EverythingBelow => true,
        }
    }
}

/// One way in which the workspace is not as the table says.
#[derive(Debug, PartialEq, Eq)]
enum Breach {
    /// A package is neither ranked nor outside.
    Unranked { package: String },
    /// The table names a crate that the workspace does not have.
    Gone { name: &'static str },
    /// A crate uses one of its own rank or above.
    NotLower {
        user: String,
        rank: u8,
        used: &'static str,
        used_rank: u8,
    },
    /// A crate uses a lower one that the table does not list for it.
    NotListed { user: String, used: &'static str },
    /// A ranked crate uses what stands outside.
    Outsider { user: String, used: String },
    /// The TLS library is named by another crate than the one that may.
    TlsLibrary { user: String, used: String },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unranked { package } => {
                write!(f, "{package} has no place in the rank table")
            }
            Self::Gone { name } => {
                write!(
                    f,
                    "the rank table names {name}, which is not in the workspace"
                )
            }
            Self::NotLower {
                user,
                rank,
                used,
                used_rank,
            } => write!(
                f,
                "{user} (rank {rank}) uses {used} (rank {used_rank}), which is not lower"
            ),
            Self::NotListed { user, used } => {
                write!(
                    f,
                    "{user} uses {used}, which the rank table does not list for it"
                )
            }
            Self::Outsider { user, used } => {
                write!(f, "{user} uses {used}, which stands outside the product")
            }
            Self::TlsLibrary { user, used } => {
                write!(f, "{user} names {used}; only {TLS_CRATE} may")
            }
        }
    }
}

fn breaches(packages: &[Package]) -> Vec<Breach> {
    let mut found = Vec::new();
    for package in packages {
        tls_library_breaches(package, &mut found);
        if let Some(layer) = layer(&package.name) {
            layer_breaches(layer, package, &mut found);
        } else if !OUTSIDE.contains(&package.name.as_str()) {
            found.push(Breach::Unranked {
                package: package.name.clone(),
            });
        }
    }
    let present = |name: &&str| packages.iter().any(|package| package.name == *name);
    let named = LAYERS
        .iter()
        .map(|layer| layer.name)
        .chain(OUTSIDE.iter().copied());
    found.extend(
        named
            .filter(|name| !present(name))
            .map(|name| Breach::Gone { name }),
    );
    found
}

fn tls_library_breaches(package: &Package, found: &mut Vec<Breach>) {
    if package.name == TLS_CRATE {
        return;
    }
    let named = package
        .dependencies
        .iter()
        .map(|dependency| dependency.name.as_str());
    for used in named.filter(|name| TLS_LIBRARIES.contains(name)) {
        found.push(Breach::TlsLibrary {
            user: package.name.clone(),
            used: used.to_owned(),
        });
    }
}

fn layer_breaches(layer: &Layer, package: &Package, found: &mut Vec<Breach>) {
    for dependency in &package.dependencies {
        let for_tests = dependency.kind == DependencyKind::Dev;
        let user = package.name.clone();
        if let Some(used) = self::layer(&dependency.name) {
            if used.rank >= layer.rank {
                found.push(Breach::NotLower {
                    user,
                    rank: layer.rank,
                    used: used.name,
                    used_rank: used.rank,
                });
            } else if !for_tests && !layer.uses.allows(used.name) {
                found.push(Breach::NotListed {
                    user,
                    used: used.name,
                });
            }
        } else if OUTSIDE.contains(&dependency.name.as_str())
            && !(for_tests && dependency.name == TESTKIT)
        {
            found.push(Breach::Outsider {
                user,
                used: dependency.name.clone(),
            });
        }
    }
}

fn layer(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

fn ranks() -> usize {
    LAYERS
        .iter()
        .map(|layer| layer.rank)
        .collect::<BTreeSet<_>>()
        .len()
}

#[cfg(test)]
mod tests;
