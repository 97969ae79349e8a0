//! The tables, and the steps from each older format to the next. The format's number stands in `PRAGMA user_version`.

use sqlx::{Connection as _, Executor as _, SqliteConnection};

/// Each entry leads from the format of its index to the next one. Entries are only ever added.
const STEPS: [&str; 1] = [include_str!("../migrations/1-first.sql")];

/// The format that this version writes.
pub(crate) const FORMAT: i64 = STEPS.len() as i64;

/// `PRAGMA application_id`: marks the file as ours ("CBst").
const APPLICATION_ID: i64 = 0x4342_7374;

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A store of this format, 0 for an empty file.
    Format(i64),
    /// A database of somebody else.
    Foreign,
}

/// Looks at a file without changing it, at one moment: another process may be making its tables.
pub(crate) async fn look(connection: &mut SqliteConnection) -> Result<Found, sqlx::Error> {
    let mut moment = connection.begin().await?;
    let format: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *moment).await?;
    let application: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *moment).await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *moment).await?;
    moment.rollback().await?;
    Ok(match (application, format, tables) {
        (APPLICATION_ID, format, _) => Found::Format(format),
        (0, 0, 0) => Found::Format(0),
        _ => Found::Foreign,
    })
}

/// Brings a store to [`FORMAT`] in one transaction. Several processes may try at once: one does it, the others find it done.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let format: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    for step in STEPS.iter().skip(usize::try_from(format).unwrap_or(usize::MAX)) {
        transaction.execute(sqlx::raw_sql(*step)).await?;
    }
    if format < FORMAT {
        let mark = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT};");
        transaction.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(mark))).await?;
    }
    transaction.commit().await
}
