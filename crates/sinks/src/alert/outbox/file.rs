//! The outbox on the disk: SQLite, so that a power cut leaves either all of a change or nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_node::alerts::{DeliveryState, DeliveryStatus};
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, params};

use super::Entry;

/// How long somebody else may hold the file.
const PATIENCE: Duration = Duration::from_secs(2);
/// Tables that another version may have made in another way are not read.
const LAYOUT: i32 = 1;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS alerts (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, muted INTEGER NOT NULL, json TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS deliveries (
        seq INTEGER NOT NULL, destination TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, error TEXT,
        PRIMARY KEY (seq, destination));
    CREATE TABLE IF NOT EXISTS settled (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL);
    PRAGMA user_version = 1;
";

/// Why the file cannot be used.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Io(std::io::Error),
    /// Its contents are no outbox.
    Damaged(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => write!(f, "{error}"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Damaged(what) => f.write_str(what),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl Fault {
    /// Whether what the file holds is wrong, so that waiting does not help.
    fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) => true,
            Self::Io(_) => false,
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(code) => matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase),
                // A value is not what it should be.
                None => true,
            },
        }
    }
}

/// What the disk had.
#[derive(Debug, Default)]
pub struct Kept {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Ids that were decided on, and when, in milliseconds since 1970.
    pub settled: BTreeMap<String, i64>,
}

/// Reads the outbox at `path` and changes nothing; nothing where there is none.
///
/// # Errors
/// Why it cannot be read.
pub fn read(path: &Path) -> Result<Kept, String> {
    if !path.exists() {
        return Ok(Kept::default());
    }
    // A log that the last writer left behind can only be read by one who may write.
    let open = || -> Result<Kept, Fault> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(PATIENCE)?;
        load(&connection).map(|(kept, _)| kept)
    };
    open().map_err(|fault| fault.to_string())
}

/// The file, open where that was possible.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    connection: Option<Connection>,
    is_damaged: bool,
}

impl File {
    /// Opens what is there or begins a new one; says what was wrong.
    pub(super) fn open(path: &Path) -> (Self, Kept, Vec<String>) {
        let mut file = Self {
            path: path.to_owned(),
            connection: None,
            is_damaged: false,
        };
        match opened(path).and_then(|connection| load(&connection).map(|kept| (connection, kept))) {
            Ok((connection, (kept, told))) => {
                file.connection = Some(connection);
                (file, kept, told)
            }
            Err(fault) if fault.is_damage() => {
                let mut told = vec![format!("the outbox `{}` is damaged: {fault}", path.display())];
                told.extend(file.begin_anew());
                (file, Kept::default(), told)
            }
            Err(fault) => {
                let told = format!("the outbox `{}` cannot be opened: {fault}", path.display());
                (file, Kept::default(), vec![told])
            }
        }
    }

    /// Whether it must begin anew before it can be written.
    pub(super) fn is_broken(&self) -> bool {
        self.connection.is_none() || self.is_damaged
    }

    /// Moves what is there aside when it is damaged, and opens a new one. Says what became of the old one, or what is wrong.
    pub(super) fn begin_anew(&mut self) -> Option<String> {
        self.connection = None;
        let first = match opened(&self.path) {
            Ok(connection) if !self.is_damaged => {
                self.connection = Some(connection);
                return None;
            }
            Ok(_) => None,
            Err(fault) if fault.is_damage() => None,
            Err(fault) => Some(fault),
        };
        if let Some(fault) = first {
            return Some(format!(
                "the outbox `{}` cannot be opened: {fault}",
                self.path.display()
            ));
        }
        let aside = format!("{}.damaged-{}", self.path.display(), Timestamp::now().as_millisecond());
        let mut told = format!("the damaged outbox was moved to `{aside}`, a new one is begun");
        for suffix in ["", "-wal", "-shm"] {
            let from = format!("{}{suffix}", self.path.display());
            match std::fs::rename(&from, format!("{aside}{suffix}")) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    told = format!("the damaged outbox `{from}` cannot be moved aside: {error}");
                }
                _ => {}
            }
        }
        match opened(&self.path) {
            Ok(connection) => {
                self.connection = Some(connection);
                self.is_damaged = false;
            }
            Err(fault) => told = format!("{told}; the new one cannot be opened: {fault}"),
        }
        Some(told)
    }

    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), Fault> {
        self.change(|transaction| add(transaction, entry))
    }

    pub(super) fn update(&mut self, seq: i64, delivery: &DeliveryStatus) -> Result<(), Fault> {
        self.change(|transaction| put(transaction, seq, delivery))
    }

    pub(super) fn settle(&mut self, id: &str, at_ms: i64, forget_before_ms: i64) -> Result<(), Fault> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM settled WHERE at_ms <= ?1", params![forget_before_ms])?;
            settle(transaction, id, at_ms)
        })
    }

    pub(super) fn forget(&mut self, seq: i64, id: &str, at_ms: i64) -> Result<(), Fault> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM deliveries WHERE seq = ?1", params![seq])?;
            transaction.execute("DELETE FROM alerts WHERE seq = ?1", params![seq])?;
            settle(transaction, id, at_ms)
        })
    }

    /// Makes the file hold exactly this.
    pub(super) fn write_all<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry>,
        settled: &BTreeMap<String, i64>,
    ) -> Result<(), Fault> {
        self.change(|transaction| {
            transaction.execute_batch("DELETE FROM deliveries; DELETE FROM alerts; DELETE FROM settled;")?;
            for entry in entries {
                add(transaction, entry)?;
            }
            settled
                .iter()
                .try_for_each(|(id, at_ms)| settle(transaction, id, *at_ms))
        })
    }

    fn change(&mut self, write: impl FnOnce(&Transaction<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
        let Some(connection) = &mut self.connection else {
            return Err(Fault::Damaged("it is not open".to_owned()));
        };
        let all = || -> Result<(), Fault> {
            let transaction = connection.transaction()?;
            write(&transaction)?;
            Ok(transaction.commit()?)
        };
        all().inspect_err(|fault: &Fault| self.is_damaged |= fault.is_damage())
    }
}

fn opened(path: &Path) -> Result<Connection, Fault> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let layout: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if layout != 0 && layout != LAYOUT {
        return Err(Fault::Damaged(format!("it has the layout {layout}, wanted {LAYOUT}")));
    }
    connection.execute_batch(TABLES)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Fault::Damaged(verdict));
    }
    Ok(connection)
}

fn add(transaction: &Transaction<'_>, entry: &Entry) -> Result<(), Fault> {
    let json = serde_json::to_string(&entry.alert).map_err(|error| Fault::Io(error.into()))?;
    transaction.execute(
        "INSERT OR REPLACE INTO alerts (seq, id, muted, json) VALUES (?1, ?2, ?3, ?4)",
        params![entry.seq, entry.alert.id, entry.muted, json],
    )?;
    entry
        .deliveries
        .iter()
        .try_for_each(|delivery| put(transaction, entry.seq, delivery))
}

fn put(transaction: &Transaction<'_>, seq: i64, delivery: &DeliveryStatus) -> Result<(), Fault> {
    transaction.execute(
        "INSERT OR REPLACE INTO deliveries (seq, destination, state, attempts, error) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            seq,
            delivery.destination,
            word(delivery.state),
            delivery.attempts,
            delivery.error
        ],
    )?;
    Ok(())
}

fn settle(transaction: &Transaction<'_>, id: &str, at_ms: i64) -> Result<(), Fault> {
    transaction.execute(
        "INSERT OR REPLACE INTO settled (id, at_ms) VALUES (?1, ?2)",
        params![id, at_ms],
    )?;
    Ok(())
}

const WORDS: [(&str, DeliveryState); 3] = [
    ("waiting", DeliveryState::Waiting),
    ("delivered", DeliveryState::Delivered),
    ("failed", DeliveryState::Failed),
];

fn word(state: DeliveryState) -> &'static str {
    WORDS
        .iter()
        .find(|(_, known)| *known == state)
        .map_or("", |(word, _)| word)
}

/// Reads everything; says what of it could not be read.
fn load(connection: &Connection) -> Result<(Kept, Vec<String>), Fault> {
    let mut kept = Kept::default();
    let mut told = Vec::new();
    let mut statement = connection.prepare("SELECT seq, muted, json FROM alerts ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, muted, json): (i64, bool, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        match serde_json::from_str(&json) {
            Ok(alert) => kept.entries.push(Entry {
                seq,
                alert,
                muted,
                deliveries: Vec::new(),
            }),
            Err(error) => told.push(format!(
                "an alert in the outbox cannot be read and is left out: {error}"
            )),
        }
    }
    let by_seq: BTreeMap<i64, usize> = kept
        .entries
        .iter()
        .enumerate()
        .map(|(n, entry)| (entry.seq, n))
        .collect();
    let mut statement =
        connection.prepare("SELECT seq, destination, state, attempts, error FROM deliveries ORDER BY rowid")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let state: String = row.get(2)?;
        let state = WORDS.iter().find(|(word, _)| *word == state).map(|(_, state)| *state);
        // A state that is not known is tried again: twice is better than never.
        let delivery = DeliveryStatus {
            destination: row.get(1)?,
            state: state.unwrap_or(DeliveryState::Waiting),
            attempts: row.get(3)?,
            error: row.get(4)?,
        };
        let seq: i64 = row.get(0)?;
        if let Some(place) = by_seq.get(&seq) {
            kept.entries[*place].deliveries.push(delivery);
        }
    }
    let mut statement = connection.prepare("SELECT id, at_ms FROM settled")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        kept.settled.insert(row.get(0)?, row.get(1)?);
    }
    Ok((kept, told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Alert;

    fn entry(seq: i64) -> Entry {
        let mut alert = Alert::test("baby", "", "home", Timestamp::UNIX_EPOCH);
        alert.id = format!("alert-{seq}");
        alert.message = "x".repeat(2000);
        Entry {
            seq,
            alert,
            muted: false,
            deliveries: Vec::new(),
        }
    }

    #[test]
    fn a_full_disk_is_no_damage_and_everything_is_written_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, ..) = File::open(&folder.path().join("outbox.db"));
        let pages = |file: &File, most: u32| {
            let connection = file.connection.as_ref().unwrap();
            connection.pragma_update(None, "max_page_count", most).unwrap();
        };
        pages(&file, 20);
        let entries: Vec<Entry> = (1..=100).map(entry).collect();
        let full = entries.iter().find_map(|entry| file.add(entry).err()).unwrap();
        assert!(full.to_string().contains("full"), "{full}");
        assert!(!full.is_damage() && !file.is_broken());
        pages(&file, 10_000);
        file.write_all(entries.iter(), &BTreeMap::new()).unwrap();
        let kept = read(&folder.path().join("outbox.db")).unwrap();
        assert_eq!(kept.entries.len(), 100);
    }
}
