//! Files that are not what was written: truncated, or with other bits.
//!
//! Whatever was done to them, the broker starts, says so, keeps what was
//! damaged beside, and never serves what was not published. What it may do is
//! to serve less: where it has reported damage, or where the end of the
//! write-ahead log is missing or its last publish is damaged, which cannot be
//! told from an end that was never written.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::thread;

use moustique_tests::{Broker, Ended, Setup, copy_files, count_from, figure};

use crate::damage::{Damage, Dice, damage};
use crate::damage_seen::Seen;
use crate::damage_template::Template;

/// Seeds for each of the two files, unless `MOUSTIQUE_DAMAGE_SEEDS` says
/// otherwise.
const SEEDS: usize = 100;

/// Which file is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Database,
    WriteAheadLog,
}

/// Damages a copy by a seed and starts a broker on it. What it did wrong, if
/// anything.
fn try_seed(template: &Template, target: Target, seed: u64) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let database = copy_files(&template.database(), folder.path());
    let file = match target {
        Target::Database => database.clone(),
        Target::WriteAheadLog => database.with_extension("db-wal"),
    };
    let kind = damage(&file, &mut Dice::new(seed));
    let blame = |what: &str| format!("seed {seed}, {target:?} {kind:?}: {what}");
    let broker = match Broker::try_start(folder.path(), &Setup::default()) {
        Ok(broker) => broker,
        Err(ended) => return check_refusal(&ended).map_err(|what| blame(&what)),
    };
    let mut log = broker.log_of_start().to_vec();
    let seen = Seen::by(&broker.caller(), template);
    broker.caller().publish("/after", "works");
    log.extend(broker.kill_and_read_log());
    let aside = damaged_copies(folder.path());
    check_log(&log, &aside)
        .and_then(|()| seen.check_truth(template))
        .and_then(|()| match (aside.is_empty(), target) {
            (false, Target::WriteAheadLog) if is_log_alone(&aside) => seen.check_older(template),
            (false, _) => Ok(()),
            (true, Target::Database) => seen.check_whole(template),
            (true, Target::WriteAheadLog) if kind == Damage::Truncated => {
                seen.check_older(template)
            }
            (true, Target::WriteAheadLog) => seen.check_last(template),
        })
        .and_then(|()| check_next_start(folder.path(), &aside, &seen.values))
        .map_err(|what| blame(&what))
}

/// Whether no more than the write-ahead log was set aside.
fn is_log_alone(aside: &BTreeMap<PathBuf, Vec<u8>>) -> bool {
    let mut paths = aside.keys();
    paths.all(|path| path.to_string_lossy().ends_with("-wal"))
}

/// It did not panic, and what it set aside it has said.
fn check_log(log: &[String], aside: &BTreeMap<PathBuf, Vec<u8>>) -> Result<(), String> {
    if log.iter().any(|line| line.contains("panicked")) {
        return Err(format!("it panicked: {log:?}"));
    }
    let names = |line: &String| line.contains("damaged") && line.contains("moustique.db");
    if !aside.is_empty() && !log.iter().any(names) {
        return Err(format!("it said nothing of damage: {log:?}"));
    }
    Ok(())
}

/// What was set aside stays as it is, and what was served is served again.
fn check_next_start(
    folder: &Path,
    aside: &BTreeMap<PathBuf, Vec<u8>>,
    served: &BTreeMap<String, String>,
) -> Result<(), String> {
    let broker = Broker::try_start(folder, &Setup::default())
        .map_err(|ended| format!("the next start fails: {ended:?}"))?;
    let caller = broker.caller();
    let lost = served
        .iter()
        .find(|(t, m)| caller.value(t).as_ref() != Some(m));
    if let Some((topic, _)) = lost {
        return Err(format!("{topic} is lost with the next start"));
    }
    if caller.value("/after").as_deref() != Some("works") {
        return Err("what was published after it is lost".into());
    }
    broker.kill();
    let now = damaged_copies(folder);
    let is_kept = aside
        .iter()
        .all(|(path, bytes)| now.get(path) == Some(bytes));
    let is_kept = is_kept && now.len() == aside.len();
    is_kept.then_some(()).ok_or_else(|| {
        let names: Vec<_> = now.keys().collect();
        format!("what was set aside has changed: {names:?}")
    })
}

/// A broker may leave alone what is not its own, or newer than it: that is what
/// some flipped bits of the file's head say.
fn check_refusal(ended: &Ended) -> Result<(), String> {
    let errors = ended.log.iter().filter(|line| line.contains("ERROR"));
    let line = errors.clone().next().map_or("", String::as_str);
    let is_foreign = ["of another program", "newer Moustique"];
    let is_allowed = is_foreign.iter().any(|reason| line.contains(reason));
    if is_allowed && errors.count() == 1 && ended.status.code() == Some(1) {
        return Ok(());
    }
    Err(format!("it does not start: {ended:?}"))
}

/// The files that were set aside, with what is in them.
fn damaged_copies(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_aside = |path: &PathBuf| path.to_string_lossy().contains(".damaged-");
    paths
        .filter(is_aside)
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// The same; a broker that does not answer is one thing that may be wrong.
fn try_seed_to_its_end(template: &Template, target: Target, seed: u64) -> Result<(), String> {
    let tried = panic::catch_unwind(AssertUnwindSafe(|| try_seed(template, target, seed)));
    tried.unwrap_or_else(|_| {
        Err(format!(
            "seed {seed}, {target:?}: what it panicked of, above"
        ))
    })
}

/// Tries all seeds, two brokers at a time.
fn try_all(target: Target) {
    let template = &Template::new();
    let all = count_from("MOUSTIQUE_DAMAGE_SEEDS", SEEDS);
    let every_other = |first: usize| {
        let seeds = (first..all).step_by(2);
        let wrong =
            seeds.filter_map(|seed| try_seed_to_its_end(template, target, seed as u64).err());
        wrong.collect::<Vec<_>>()
    };
    let wrong = thread::scope(|scope| {
        let other = scope.spawn(move || every_other(1));
        let mut wrong = every_other(0);
        wrong.extend(other.join().unwrap());
        wrong
    });
    let first: Vec<_> = wrong.iter().take(10).collect();
    figure(&format!("{target:?}: {all} damaged, {} wrong", wrong.len()));
    assert!(wrong.is_empty(), "{} of {all}: {first:#?}", wrong.len());
}

#[test]
fn damage_to_the_database_is_reported_and_never_served() {
    try_all(Target::Database);
}

#[test]
fn damage_to_the_write_ahead_log_is_never_served() {
    try_all(Target::WriteAheadLog);
}
