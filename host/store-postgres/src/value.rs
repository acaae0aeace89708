//! Values as PostgreSQL keeps them, rows as it gives them back, and the one function that runs a statement.

use domain::Object;
use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgConnection, PgRow, PgTypeInfo};
use sqlx::{Arguments, Encode, Postgres, Row, SqlStr, Type};
use std::sync::Arc;
use store::StoreError;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Arc<[u8]>),
    Texts(Vec<String>),
    Ints(Vec<i64>),
}

/// A column of many rows, for a statement that takes them apart with `UNNEST`.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Blobs(Vec<Option<Vec<u8>>>),
}

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Int,
    Text,
    Blob,
}

/// Nothing, of the type that the statement asks for.
struct Untyped;

impl Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        /// `unknown`: PostgreSQL takes the type from where the value stands.
        const UNKNOWN: u32 = 705;
        PgTypeInfo::with_oid(Oid(UNKNOWN))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(i64::from(flag))
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Int(at.as_microsecond())
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        Self::Text(json.to_string())
    }
}

impl From<&Object> for Value {
    fn from(object: &Object) -> Self {
        Self::Text(serde_json::to_string(object).expect("a JSON object has text keys"))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Column {
    /// The values of one place of every row.
    pub(crate) fn of(kind: ColumnType, values: impl Iterator<Item = Value>) -> Self {
        match kind {
            ColumnType::Int => Self::Ints(
                values
                    .map(|value| match value {
                        Value::Int(number) => Some(number),
                        _ => None,
                    })
                    .collect(),
            ),
            ColumnType::Text => Self::Texts(
                values
                    .map(|value| match value {
                        Value::Text(text) => Some(text),
                        _ => None,
                    })
                    .collect(),
            ),
            ColumnType::Blob => Self::Blobs(
                values
                    .map(|value| match value {
                        Value::Blob(bytes) => Some(bytes.to_vec()),
                        _ => None,
                    })
                    .collect(),
            ),
        }
    }
}

/// Columns of texts from rows of texts.
pub(crate) fn columns<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> Vec<Column> {
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); N];
    for row in rows {
        for (column, text) in columns.iter_mut().zip(row) {
            column.push(Some(text));
        }
    }
    columns.into_iter().map(Column::Texts).collect()
}

/// A word of an enum that is written the same in JSON and in the database.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        other => unreachable!("not a word: {other:?}"),
    }
}

/// Run one statement and collect its rows. Every list that is asked for here has a limit in its text or is bounded by what it hangs on.
pub(crate) async fn run(
    connection: &mut PgConnection,
    sql: SqlStr,
    values: Vec<Value>,
) -> Result<Vec<PgRow>, sqlx::Error> {
    #[cfg(feature = "testing")]
    crate::testing::record(sql.as_str());
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Null => arguments.add(Untyped),
            Value::Int(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
            Value::Blob(bytes) => arguments.add(bytes.to_vec()),
            Value::Texts(texts) => arguments.add(texts),
            Value::Ints(numbers) => arguments.add(numbers),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    sqlx::query_with(sql, arguments).fetch_all(connection).await
}

/// Run one statement about many rows.
pub(crate) async fn run_columns(
    connection: &mut PgConnection,
    sql: SqlStr,
    columns: Vec<Column>,
) -> Result<Vec<PgRow>, sqlx::Error> {
    #[cfg(feature = "testing")]
    crate::testing::record(sql.as_str());
    let mut arguments = PgArguments::default();
    for column in columns {
        let added = match column {
            Column::Ints(values) => arguments.add(values),
            Column::Texts(values) => arguments.add(values),
            Column::Blobs(values) => arguments.add(values),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    sqlx::query_with(sql, arguments).fetch_all(connection).await
}

/// A row with the reason why it cannot be read.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'r>(pub(crate) &'r PgRow);

impl Cells<'_> {
    fn corrupt(&self, column: &str, reason: impl std::fmt::Display) -> StoreError {
        let id: String = self.0.try_get(0).unwrap_or_default();
        StoreError::Corrupt { row: id, reason: format!("{column}: {reason}") }
    }

    pub(crate) fn text(&self, column: &str) -> Result<String, StoreError> {
        self.0.try_get(column).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn text_or_null(&self, column: &str) -> Result<Option<String>, StoreError> {
        self.0.try_get(column).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn int(&self, column: &str) -> Result<i64, StoreError> {
        self.0.try_get(column).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn int_or_null(&self, column: &str) -> Result<Option<i64>, StoreError> {
        self.0.try_get(column).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn count(&self, column: &str) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn small(&self, column: &str) -> Result<u32, StoreError> {
        u32::try_from(self.int(column)?).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    pub(crate) fn blob(&self, column: &str) -> Result<Vec<u8>, StoreError> {
        self.0.try_get(column).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        Timestamp::from_microsecond(self.int(column)?).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn time_or_null(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        match self.int_or_null(column)? {
            None => Ok(None),
            Some(at) => Timestamp::from_microsecond(at).map(Some).map_err(|error| self.corrupt(column, error)),
        }
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|error| self.corrupt(column, error))
    }

    /// An enum that is stored as its word.
    pub(crate) fn word<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        let text = self.text(column)?;
        serde_json::from_value(serde_json::Value::String(text)).map_err(|error| self.corrupt(column, error))
    }
}
