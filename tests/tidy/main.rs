//! The shape of the house: which crate may know of which, and where the
//! outside world is let in. ARCHITECTURE.md says why.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use moustique_tests::root;

/// Of the workspace, each crate may name these and no others.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("moustique-core", &[]),
    ("moustique-store", &["moustique-core"]),
    ("moustique-broker", &["moustique-core", "moustique-store"]),
    ("moustique-protocol", &["moustique-core"]),
    ("moustique-monitor", &["moustique-broker", "moustique-core"]),
    (
        "moustique-http",
        &[
            "moustique-broker",
            "moustique-core",
            "moustique-monitor",
            "moustique-protocol",
        ],
    ),
    (
        "moustique-node",
        &[
            "moustique-broker",
            "moustique-core",
            "moustique-discovery",
            "moustique-http",
            "moustique-monitor",
            "moustique-protocol",
            "moustique-store",
        ],
    ),
    ("moustique-client", &[]),
    ("moustique-discovery", &["moustique-core"]),
    ("moustique", &["moustique-discovery", "moustique-node"]),
    (
        "moustique-desktop",
        &[
            "moustique-broker",
            "moustique-core",
            "moustique-monitor",
            "moustique-node",
            "moustique-store",
        ],
    ),
    // What measures the house, from outside and from its cellar.
    (
        "moustique-bench",
        &["moustique-broker", "moustique-core", "moustique-store"],
    ),
    // What looks at the house from outside.
    ("moustique-tests", &["moustique-client"]),
];

/// Of the outside, these crates may not name those.
const MAY_NOT_NAME: &[(&str, &[&str])] = &[
    (
        "moustique-core",
        &[
            "tokio",
            "serde",
            "serde_json",
            "axum",
            "hyper",
            "http",
            "rusqlite",
            "tracing",
        ],
    ),
    (
        "moustique-store",
        &["tokio", "axum", "hyper", "http", "serde"],
    ),
    (
        "moustique-broker",
        &["rusqlite", "serde", "axum", "hyper", "http"],
    ),
    (
        "moustique-protocol",
        &["tokio", "axum", "hyper", "http", "rusqlite"],
    ),
    (
        "moustique-monitor",
        &["axum", "hyper", "http", "tauri", "rusqlite"],
    ),
    ("moustique-http", &["rusqlite", "tauri"]),
    ("moustique-node", &["rusqlite", "axum", "hyper", "tauri"]),
    ("moustique-desktop", &["rusqlite", "axum", "hyper"]),
    ("moustique", &["rusqlite", "axum", "hyper", "tauri"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap()
}

/// What a crate needs to be built, not what its tests use.
fn named(package: &Package) -> BTreeSet<&str> {
    let dependencies = package.dependencies.iter();
    dependencies
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.as_str())
        .collect()
}

#[test]
fn arrows_between_the_crates_run_one_way() {
    let metadata = metadata();
    let members: BTreeSet<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = MAY_NAME.iter().copied().collect();
    let listed: BTreeSet<&str> = allowed.keys().copied().collect();
    assert_eq!(members, listed, "every crate of the workspace has its row");
    for package in &metadata.packages {
        for name in named(package).intersection(&members) {
            assert!(
                allowed[package.name.as_str()].contains(name),
                "{} names {name}, which it may not",
                package.name
            );
        }
    }
}

#[test]
fn each_crate_keeps_out_what_is_not_its_own() {
    let metadata = metadata();
    for (crate_name, banned) in MAY_NOT_NAME {
        let package = metadata
            .packages
            .iter()
            .find(|p| p.name.as_str() == *crate_name)
            .unwrap();
        let named = named(package);
        for name in *banned {
            assert!(
                !named.contains(name),
                "{crate_name} names {name}, which it may not"
            );
        }
    }
}

#[test]
fn every_crate_takes_part_in_the_lints() {
    for package in metadata().packages {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}",
            package.manifest_path
        );
    }
}

fn files_below(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, endings, found);
        } else if path
            .extension()
            .is_some_and(|e| endings.iter().any(|ending| e == *ending))
        {
            found.push(path);
        }
    }
}

#[test]
fn one_file_alone_knows_of_the_desktop_shell() {
    let source = root().join("ui/src");
    let mut files = Vec::new();
    files_below(&source, &["ts", "js", "svelte"], &mut files);
    assert!(files.len() > 10);
    let naming: Vec<PathBuf> = files
        .into_iter()
        .filter(|path| fs::read_to_string(path).unwrap().contains("@tauri-apps/"))
        .map(|path| path.strip_prefix(&source).unwrap().to_owned())
        .filter(|path| !path.to_string_lossy().contains(".test."))
        .collect();
    assert_eq!(naming, [Path::new("lib/host/tauri.ts")]);
}
