//! The storage of a host.
//!
//! What is asked and answered crosses as JSON without the values, which cross as one run of bytes: values are bytes,
//! and JSON has none. The bounds of the port are checked here, so that an adapter in JavaScript need not.

use async_trait::async_trait;
use js_sys::{Array, Uint8Array};
use kitflik_core::{
    Batch, Check, Commit, Durability, Read, Row, Storage, StorageError, Version, Write, limits,
    validate_batch, validate_reads,
};
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{Given, settled};

#[wasm_bindgen]
extern "C" {
    /// A storage.
    pub type StorageBridge;

    /// Reads: the list of questions as JSON. Gives [`Answer<Rows>`] as JSON and the values, in a list of two.
    #[wasm_bindgen(method, structural, catch)]
    fn read(this: &StorageBridge, reads: &str) -> Result<Given, JsValue>;

    /// Commits: a [`Skeleton`] as JSON and its values. Gives [`Answer<Commit>`] as JSON.
    #[wasm_bindgen(method, structural, catch)]
    fn commit(this: &StorageBridge, batch: &str, values: &[u8]) -> Result<Given, JsValue>;
}

pub(crate) struct JsStorage(pub(crate) SendWrapper<StorageBridge>);

/// A batch with the lengths of its values.
#[derive(Serialize)]
struct Skeleton<'a> {
    checks: &'a [Check],
    writes: Vec<Change<'a>>,
    durability: Durability,
}

#[derive(Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Change<'a> {
    Put { key: &'a str, length: usize },
    Delete { key: &'a str },
}

/// For each question its rows: key, version, length of the value.
type Rows = Vec<Vec<(String, u64, usize)>>;

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Done(T),
    Failed { error: Kind, reason: String },
}

/// How a call failed.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Unavailable,
    Indeterminate,
    Corrupt,
}

impl Kind {
    fn with(self, reason: String) -> StorageError {
        match self {
            Self::Unavailable => StorageError::Unavailable { reason },
            Self::Indeterminate => StorageError::Indeterminate { reason },
            Self::Corrupt => StorageError::Corrupt { reason },
        }
    }
}

fn corrupt(reason: impl ToString) -> StorageError {
    StorageError::Corrupt { reason: reason.to_string() }
}

#[async_trait]
impl Storage for JsStorage {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        validate_reads(&reads)?;
        let text = serde_json::to_string(&reads).map_err(corrupt)?;
        let given = SendWrapper::new(settled(self.0.read(&text))).await;
        let given: Array =
            given.map_err(|reason| StorageError::Unavailable { reason })?.dyn_into().unwrap_or_default();
        let text = given.get(0).as_string().unwrap_or_default();
        let values = given.get(1).dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec()).unwrap_or_default();
        rows(&reads, &text, &values)
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        validate_batch(&batch)?;
        let mut values = Vec::new();
        let writes = batch.writes.iter().map(|write| match write {
            Write::Put { key, value } => {
                values.extend_from_slice(value);
                Change::Put { key, length: value.len() }
            }
            Write::Delete { key } => Change::Delete { key },
        });
        let writes = writes.collect();
        let skeleton = Skeleton { checks: &batch.checks, writes, durability: batch.durability };
        let text = serde_json::to_string(&skeleton).map_err(corrupt)?;
        let given = SendWrapper::new(settled(self.0.commit(&text, &values))).await;
        // Whatever is wrong with an answer to a commit, the batch may be applied: the engine finds out by reading.
        let answer = given.map(|answer| answer.as_string().unwrap_or_default());
        let outcome = answer
            .and_then(|text| outcome(&batch, &text))
            .unwrap_or_else(|reason| Err(StorageError::Indeterminate { reason }));
        if let Err(error) = &outcome {
            tracing::warn!(%error, "a commit failed");
        }
        outcome
    }
}

/// Joins rows with their values.
fn rows(reads: &[Read], text: &str, values: &[u8]) -> Result<Vec<Vec<Row>>, StorageError> {
    let answers: Rows = match serde_json::from_slice(text.as_bytes()).map_err(corrupt)? {
        Answer::Done(rows) => rows,
        Answer::Failed { error, reason } => return Err(error.with(reason)),
    };
    if answers.len() != reads.len() {
        return Err(corrupt(format!("read answered {} of {} questions", answers.len(), reads.len())));
    }
    let mut rest = values;
    let mut row = |(key, version, length): (String, u64, usize)| {
        let (value, after) =
            rest.split_at_checked(length).ok_or_else(|| corrupt("the values are shorter than they say"))?;
        rest = after;
        if version >= limits::MAX_VERSION {
            return Err(corrupt(format!("the version of {key} is {version}, allowed is less than 2^53")));
        }
        Ok(Row { key, value: value.to_vec(), version: Version(version) })
    };
    let mut joined = Vec::with_capacity(answers.len());
    for (read, answer) in reads.iter().zip(answers) {
        check_rows(read, &answer)?;
        joined.push(answer.into_iter().map(&mut row).collect::<Result<_, _>>()?);
    }
    Ok(joined)
}

/// Refuses rows that were not asked for.
fn check_rows(read: &Read, rows: &[(String, u64, usize)]) -> Result<(), StorageError> {
    let (good, most) = match read {
        Read::Get { key } => (rows.iter().find(|row| row.0 != *key), 1),
        Read::Scan { start, end, limit, .. } => {
            (rows.iter().find(|row| row.0 < *start || row.0 >= *end), *limit as usize)
        }
    };
    if let Some((key, ..)) = good {
        return Err(corrupt(format!("a row of {key} answers {read:?}")));
    }
    if rows.len() > most {
        return Err(corrupt(format!("{} rows answer {read:?}, allowed are {most}", rows.len())));
    }
    Ok(())
}

/// The outcome that an answer tells, or why it tells none.
fn outcome(batch: &Batch, text: &str) -> Result<Result<Commit, StorageError>, String> {
    match serde_json::from_slice(text.as_bytes()).map_err(|error| error.to_string())? {
        Answer::Failed { error, reason } => Ok(Err(error.with(reason))),
        Answer::Done(Commit::Applied { version }) if version.0 >= limits::MAX_VERSION => {
            Err(format!("commit answered the version {version}, allowed is less than 2^53"))
        }
        Answer::Done(Commit::Conflict { key }) => {
            let known = batch.checks.iter().any(|check| {
                let (Check::Absent { key: checked } | Check::Version { key: checked, .. }) = check;
                *checked == key
            });
            if known {
                Ok(Ok(Commit::Conflict { key }))
            } else {
                Err(format!("commit answered a conflict at {key}, which no check is about"))
            }
        }
        Answer::Done(applied) => Ok(Ok(applied)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(key: &str) -> Read {
        Read::Get { key: key.to_owned() }
    }

    #[test]
    fn rows_get_their_values() {
        let reads =
            [get("a"), get("b"), Read::Scan { start: "c".into(), end: "d".into(), limit: 5, reverse: false }];
        let text = r#"[[["a",1,2]],[],[["c",2,1],["c1",3,3]]]"#;
        let answers = rows(&reads, text, b"aaccc1").unwrap();
        assert_eq!(answers[0][0], Row { key: "a".into(), value: b"aa".to_vec(), version: Version(1) });
        assert!(answers[1].is_empty());
        assert_eq!(answers[2][1].value, b"cc1");
    }

    #[test]
    fn junk_is_told_from_rows() {
        for (text, wrong) in [
            ("", "EOF"),
            ("[]", "0 of 1 questions"),
            (r#"[[["b",1,0]]]"#, "a row of b"),
            (r#"[[["a",1,0],["a",1,0]]]"#, "2 rows"),
            (r#"[[["a",1,9]]]"#, "shorter"),
            (r#"[[["a",9007199254740992,0]]]"#, "2^53"),
            (r#"{"error":"corrupt","reason":"told so"}"#, "told so"),
        ] {
            let Err(StorageError::Corrupt { reason }) = rows(&[get("a")], text, b"") else {
                panic!("{text} is junk")
            };
            assert!(reason.contains(wrong), "{text}: {reason}");
        }
        let gone = rows(&[get("a")], r#"{"error":"unavailable","reason":"gone"}"#, b"");
        assert_eq!(gone, Err(StorageError::Unavailable { reason: "gone".into() }));
    }

    #[test]
    fn an_outcome_is_one_of_two() {
        let checks = vec![Check::Absent { key: "a".into() }];
        let batch = Batch { checks, writes: Vec::new(), durability: Durability::Relaxed };
        let applied = outcome(&batch, r#"{"outcome":"applied","version":7}"#);
        assert_eq!(applied, Ok(Ok(Commit::Applied { version: Version(7) })));
        let conflict = outcome(&batch, r#"{"outcome":"conflict","key":"a"}"#);
        assert_eq!(conflict, Ok(Ok(Commit::Conflict { key: "a".into() })));
        let gone = outcome(&batch, r#"{"error":"unavailable","reason":"gone"}"#);
        assert_eq!(gone, Ok(Err(StorageError::Unavailable { reason: "gone".into() })));
        let late = r#"{"outcome":"applied","version":9007199254740992}"#;
        for junk in ["", "{}", r#"{"outcome":"conflict","key":"b"}"#, late] {
            assert!(outcome(&batch, junk).is_err(), "{junk}");
        }
    }
}
