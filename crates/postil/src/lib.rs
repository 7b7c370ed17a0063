//! The domain of Postil: its nouns, their rules and their SQL. Knows nothing of HTTP.
//!
//! Rooms, from the ground up: [`db`] (the only room that knows a database driver), [`id`], [`clock`], [`error`],
//! [`page`], [`event`], [`rows`] know no noun. Then each noun imports only what stands before it:
//! `project < view < job < webhook < media < trace < human_review < annotation <
//! queue < dataset < automation < erasure`.

pub mod annotation;
pub mod automation;
pub mod clock;
pub mod dataset;
pub mod db;
pub mod erasure;
pub mod error;
pub mod event;
pub mod human_review;
pub mod id;
pub mod job;
pub mod media;
pub mod page;
pub mod project;
pub mod queue;
pub mod rows;
pub mod trace;
pub mod view;
pub mod webhook;

pub use clock::Clock;
pub use db::{Db, Tx, Value};
pub use error::{Error, Result};

#[cfg(test)]
mod rooms {
    //! The order of the rooms, read from their `use` lines.

    use std::path::{Path, PathBuf};

    /// From the ground up: a room may use only what stands before it.
    const ORDER: [&str; 13] = [
        "ground",
        "project",
        "view",
        "job",
        "webhook",
        "media",
        "trace",
        "human_review",
        "annotation",
        "queue",
        "dataset",
        "automation",
        "erasure",
    ];

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn only_the_database_room_knows_a_driver() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut all = Vec::new();
        files(&source, &mut all);
        let knows = |file: &PathBuf| {
            let text = std::fs::read_to_string(file).unwrap();
            ["rusqlite::", "postgres::"]
                .iter()
                .any(|driver| text.lines().any(|line| line.starts_with("use ") && line.contains(driver)))
        };
        let outside: Vec<_> = all.iter().filter(|file| !file.starts_with(source.join("db")) && knows(file)).collect();
        assert!(outside.is_empty(), "{outside:#?}");
        assert!(all.iter().any(knows));
    }

    #[test]
    fn every_room_imports_only_what_stands_before_it() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut all = Vec::new();
        files(&source, &mut all);
        let mut wrong = Vec::new();
        for file in all {
            let place = file.strip_prefix(&source).unwrap().to_string_lossy().into_owned();
            if place == "lib.rs" {
                continue;
            }
            let room = ORDER.iter().position(|room| place.starts_with(&format!("{room}/"))).unwrap_or(0);
            let text = std::fs::read_to_string(&file).unwrap();
            for (above, name) in ORDER.iter().enumerate().skip(room + 1) {
                if text
                    .lines()
                    .any(|line| line.trim_start().starts_with("use") && line.contains(&format!("crate::{name}")))
                {
                    wrong.push(format!("{place} uses {name}, which stands {} above it", above - room));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
