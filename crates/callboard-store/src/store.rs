//! Opening the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::error::{StoreError, is_busy};
use crate::schema::{self, FORMAT, Found};

/// How long one process waits for another one to finish writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open store: one connection to its file.
#[derive(Debug)]
pub struct Store {
    pub(crate) path: PathBuf,
    pub(crate) connection: SqliteConnection,
}

impl Store {
    /// Opens the store for writing; makes it, and its folder, when it is not there. Brings older formats up to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        make_folder(path)?;
        let mut connection = connect(path).await.map_err(|error| StoreError::of(path, error))?;
        let found = schema::look(&mut connection).await.map_err(|error| StoreError::of(path, error))?;
        if accepted(path, found)? < FORMAT {
            schema::migrate(&mut connection).await.map_err(|error| StoreError::of(path, error))?;
        }
        keep_log(&mut connection).await.map_err(|error| StoreError::of(path, error))?;
        Ok(Self { path: path.to_owned(), connection })
    }

    /// Opens a store that is there, to read it. Changes nothing, works in a folder that cannot be written.
    pub async fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let mut connection = connect_to_read(path).await.map_err(|error| StoreError::reading(path, error))?;
        let found = schema::look(&mut connection).await.map_err(|error| StoreError::reading(path, error))?;
        if accepted(path, found)? < FORMAT {
            // Older formats are read through their migration, which needs to write.
            connection.close().await.map_err(|error| StoreError::reading(path, error))?;
            return Self::open(path).await;
        }
        Ok(Self { path: path.to_owned(), connection })
    }

    /// Writes everything out and closes the file.
    pub async fn close(self) -> Result<(), StoreError> {
        let Self { path, connection } = self;
        connection.close().await.map_err(|error| StoreError::of(&path, error))
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn failed(&self, error: sqlx::Error) -> StoreError {
        StoreError::of(&self.path, error)
    }
}

fn make_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .map_err(|error| StoreError::NotWritable { path: path.to_owned(), source: error.into() })
}

async fn connect(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        // In WAL mode a crash of the program loses nothing; a crash of the machine loses the last scenarios, never the file.
        .synchronous(SqliteSynchronous::Normal)
        .disable_statement_logging();
    options.connect().await
}

/// Readers and the writer do not wait for each other in WAL mode. The switch needs the file for itself; where another process has it
/// just now, that one switches, or the next one that opens it does.
async fn keep_log(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await?;
    if mode != "wal" {
        let switched = sqlx::query("PRAGMA journal_mode = WAL").execute(connection).await;
        return switched.map(|_| ()).or_else(|error| if is_busy(&error) { Ok(()) } else { Err(error) });
    }
    Ok(())
}

/// A store in WAL mode needs its side files. Where they cannot be made, the file alone is whole as long as no log lies beside it.
async fn connect_to_read(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(PATIENCE).disable_statement_logging();
    let first = try_to_read(&options).await;
    let has_log = path.with_extension("db-wal").metadata().is_ok_and(|log| log.len() > 0);
    match first {
        Err(_) if !has_log => try_to_read(&options.immutable(true)).await,
        result => result,
    }
}

/// SQLite finds out with the first statement whether it can read.
async fn try_to_read(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    schema::look(&mut connection).await?;
    Ok(connection)
}

fn accepted(path: &Path, found: Found) -> Result<i64, StoreError> {
    match found {
        Found::Format(format) if format <= FORMAT => Ok(format),
        Found::Format(found) => Err(StoreError::NewerFormat { path: path.to_owned(), found, known: FORMAT }),
        Found::Foreign => Err(StoreError::Corrupt { path: path.to_owned(), source: "a database of another program".into() }),
    }
}

impl Store {
    /// Lets the file grow to so many pages of 4 KiB for as long as it is open (`PRAGMA max_page_count`): a quota, and how a full disk is
    /// tried out.
    pub async fn limit_pages(&mut self, pages: u32) -> Result<(), StoreError> {
        let pragma = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        let done = sqlx::query(pragma).execute(&mut self.connection).await;
        done.map(|_| ()).map_err(|error| self.failed(error))
    }
}
