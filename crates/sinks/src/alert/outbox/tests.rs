//! What is kept, whatever happens to the disk and to the process.

use std::fs;
use std::path::PathBuf;

use super::*;

fn alert(id: &str) -> Alert {
    Alert {
        id: id.to_owned(),
        ..Alert::test("baby", "cry finds baby_cry", "home", Timestamp::now())
    }
}

struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("alerts").join("outbox.db")
    }

    fn open(&self) -> (Outbox, Vec<String>) {
        Outbox::open(&self.path(), &["a".to_owned(), "b".to_owned()].into())
    }
}

const NOW: Duration = Duration::ZERO;

fn both() -> Vec<String> {
    vec!["a".to_owned(), "b".to_owned()]
}

fn ids(outbox: &Outbox, destination: &str) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(waiting) = outbox.next(destination, NOW) {
        assert_eq!(outbox.tried(destination, waiting.seq, &Outcome::Delivered), None);
        ids.push(waiting.alert.id);
    }
    ids
}

#[test]
fn what_was_raised_is_there_after_a_restart_in_order_until_each_destination_has_it() {
    let folder = Folder::new();
    let (outbox, told) = folder.open();
    assert_eq!(told, [""; 0]);
    for id in ["1", "2", "3"] {
        assert_eq!(outbox.raise(&alert(id), &both(), false), None);
    }
    assert_eq!(
        outbox.raise(&alert("2"), &both(), false),
        None,
        "the same again is nothing new"
    );
    assert_eq!(ids(&outbox, "a"), ["1", "2", "3"]);
    let first = outbox.next("b", NOW).unwrap();
    outbox.tried("b", first.seq, &Outcome::Failed("it answered 500".to_owned()));
    drop(outbox);
    let (outbox, told) = folder.open();
    assert_eq!(told, [""; 0]);
    assert_eq!(outbox.next("a", NOW), None);
    assert_eq!(outbox.next("b", NOW).unwrap().attempts, 1);
    assert_eq!(ids(&outbox, "b"), ["1", "2", "3"]);
    assert!(outbox.drained(NOW));
}

#[test]
fn what_is_refused_is_kept_as_failed_and_the_next_one_has_its_turn() {
    let folder = Folder::new();
    let (outbox, _) = folder.open();
    for id in ["1", "2"] {
        outbox.raise(&alert(id), &both(), false);
    }
    let first = outbox.next("a", NOW).unwrap();
    outbox.tried("a", first.seq, &Outcome::Refused("it answered 400".to_owned()));
    assert_eq!(outbox.next("a", NOW).unwrap().alert.id, "2");
    let recent = outbox.recent(10);
    assert_eq!((recent[0].id.as_str(), recent[1].id.as_str()), ("2", "1"));
    assert_eq!(recent[1].deliveries[0].state, DeliveryState::Failed);
    assert_eq!(recent[1].deliveries[0].error.as_deref(), Some("it answered 400"));
    assert_eq!(recent[1].deliveries[1].state, DeliveryState::Waiting);
    assert_eq!(outbox.waiting("a"), (1, Some("it answered 400".to_owned())));
}

#[test]
fn a_muted_alert_is_kept_and_sent_nowhere() {
    let folder = Folder::new();
    let (outbox, _) = folder.open();
    outbox.raise(&alert("1"), &both(), true);
    assert_eq!(outbox.next("a", NOW), None);
    assert!(outbox.recent(1)[0].muted);
    let (alerts, _) = folder.open().0.known();
    assert_eq!(alerts[0].id, "1");
}

#[test]
fn what_was_settled_is_known_after_a_restart() {
    let folder = Folder::new();
    let (outbox, _) = folder.open();
    assert_eq!(outbox.settle("baby-e1", Timestamp::now()), None);
    drop(outbox);
    assert_eq!(folder.open().0.known().1, ["baby-e1"]);
}

#[test]
fn what_waits_for_a_destination_that_is_no_more_is_given_up_in_words() {
    let folder = Folder::new();
    folder.open().0.raise(&alert("1"), &both(), false);
    let (outbox, told) = Outbox::open(&folder.path(), &["b".to_owned()].into());
    assert_eq!(
        told,
        ["a: alerts that waited for it are given up, the file has it no more"]
    );
    assert_eq!(outbox.recent(1)[0].deliveries[0].state, DeliveryState::Failed);
    assert_eq!(ids(&outbox, "b"), ["1"]);
    assert_eq!(folder.open().1, [""; 0], "it is said once");
}

#[test]
fn a_damaged_outbox_is_moved_aside_and_a_new_one_is_begun() {
    let folder = Folder::new();
    let path = folder.path();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for damage in [
        &b"this is no database at all, and it is long enough to be read as one"[..],
        &[0x53; 5000],
    ] {
        fs::write(&path, damage).unwrap();
        let (outbox, told) = folder.open();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].contains("is damaged") && told[1].contains("was moved to"),
            "{told:?}"
        );
        assert_eq!(outbox.raise(&alert("1"), &both(), false), None);
        drop(outbox);
        assert_eq!(ids(&folder.open().0, "a"), ["1"]);
    }
    let aside = fs::read_dir(path.parent().unwrap()).unwrap().flatten();
    let aside = aside.filter(|entry| entry.file_name().to_string_lossy().contains(".damaged-"));
    assert!(aside.count() >= 2, "both are kept");
}

#[test]
fn a_database_with_damaged_pages_is_found_out_when_it_is_opened() {
    let folder = Folder::new();
    let (outbox, _) = folder.open();
    for n in 0..200 {
        outbox.raise(&alert(&format!("alert-{n}")), &both(), false);
    }
    drop(outbox);
    let mut bytes = fs::read(folder.path()).unwrap();
    let (begin, end) = (4096, bytes.len());
    bytes[begin..end].fill(0xa5);
    fs::write(folder.path(), bytes).unwrap();
    let (outbox, told) = folder.open();
    assert!(told.iter().any(|told| told.contains("was moved to")), "{told:?}");
    assert_eq!(outbox.raise(&alert("new"), &both(), false), None);
}

#[test]
fn without_a_disk_alerts_are_kept_in_memory_sent_and_written_when_there_is_one() {
    let folder = Folder::new();
    // A file stands where the folder should be.
    let blocked = folder.folder.path().join("alerts");
    fs::write(&blocked, "in the way").unwrap();
    let (outbox, told) = folder.open();
    assert!(told.iter().any(|told| told.contains("cannot be opened")), "{told:?}");
    let told = outbox.raise(&alert("1"), &both(), false);
    assert!(told.is_some_and(|told| told.contains("kept in memory")));
    assert!(outbox.catch_up().is_some());
    let waiting = outbox.next("a", NOW).unwrap();
    assert_eq!(waiting.alert.id, "1");
    let told = outbox.tried("a", waiting.seq, &Outcome::Delivered);
    assert!(told.is_some_and(|told| told.contains("kept in memory")));
    assert!(outbox.next("a", NOW).is_none());
    fs::remove_file(&blocked).unwrap();
    assert_eq!(outbox.catch_up(), None);
    drop(outbox);
    let (outbox, _) = folder.open();
    assert_eq!((outbox.next("a", NOW), ids(&outbox, "b")), (None, vec!["1".to_owned()]));
}

#[test]
fn only_so_many_are_kept_and_the_oldest_go_first() {
    let folder = Folder::new();
    let (outbox, _) = folder.open();
    for n in 0..MOST_DONE + 5 {
        outbox.raise(&alert(&format!("{n:04}")), &["a".to_owned()], false);
        let waiting = outbox.next("a", NOW).unwrap();
        outbox.tried("a", waiting.seq, &Outcome::Delivered);
    }
    let recent = outbox.recent(usize::MAX);
    assert_eq!(recent.len(), MOST_DONE);
    assert_eq!(recent.last().unwrap().id, "0005");
    let (alerts, settled) = folder.open().0.known();
    assert_eq!(
        (alerts.len(), settled.len()),
        (MOST_DONE, 5),
        "ids that may still be told are known"
    );
}

/// The child of the test below: raises alerts until it is killed, and says each id once it is safe.
#[test]
#[ignore = "it is run by the test below"]
fn raises_until_killed() {
    let Some(path) = std::env::var_os("BUSHBABY_TEST_OUTBOX") else {
        return;
    };
    let (outbox, _) = Outbox::open(path.as_ref(), &["a".to_owned(), "b".to_owned()].into());
    let mut out = std::io::stdout();
    for n in 0_u64.. {
        let id = format!("{}-{n}", std::process::id());
        assert_eq!(outbox.raise(&alert(&id), &both(), false), None);
        use std::io::Write;
        writeln!(out, "raised {id}").and_then(|()| out.flush()).unwrap();
    }
}

#[test]
fn whoever_is_killed_at_any_moment_has_lost_nothing() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let folder = Folder::new();
    let mut safe = Vec::new();
    for round in 1..=8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "alert::outbox::tests::raises_until_killed",
                "--ignored",
                "--nocapture",
            ])
            .env("BUSHBABY_TEST_OUTBOX", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = lines
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("raised ").map(|(_, id)| id.to_owned()));
        // Killed while it is about to raise the next one.
        let before = safe.len();
        for id in told {
            safe.push(id);
            if safe.len() == before + 3 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let (kept, _) = folder.open().0.known();
        let kept: BTreeSet<String> = kept.into_iter().map(|alert| alert.id).collect();
        let lost: Vec<&String> = safe.iter().filter(|id| !kept.contains(*id)).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
    }
    assert!(safe.len() >= 3 * 36, "{}", safe.len());
}
