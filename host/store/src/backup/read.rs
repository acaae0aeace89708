//! Reading a backup: every byte is checked on the way, and nothing of it is trusted before.

use super::BackupError;
use super::format::{BLOCK_MAX, Counted, END, FIRST_LINE, FORMAT, HEADER, Header, ROWS, SEAL, decode_rows};
use crate::digest;
use crate::snapshot::Cell;
use flate2::read::DeflateDecoder;
use sha2::{Digest, Sha256};
use std::io::{ErrorKind, Read};

const FIRST_LINE_MAX: usize = 64;

/// Rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Place of the table in the header.
    pub table: usize,
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Debug)]
pub struct Reader<R> {
    file: R,
    hasher: Sha256,
    header: Header,
    counts: Vec<(u64, Sha256)>,
    /// What the end says, once it was read.
    end: Option<Vec<Counted>>,
}

impl<R: Read> Reader<R> {
    /// Read the header.
    ///
    /// # Errors
    /// The file is no backup, or one of a newer program.
    pub fn open(mut file: R) -> Result<Self, BackupError> {
        let mut hasher = Sha256::new();
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let mut byte = [0];
            if line.len() >= FIRST_LINE_MAX || file.read(&mut byte)? == 0 {
                return Err(BackupError::Foreign("it is no backup of Weft".to_owned()));
            }
            line.extend_from_slice(&byte);
        }
        hasher.update(&line);
        let line = String::from_utf8_lossy(&line);
        let format = line.trim_end().strip_prefix(FIRST_LINE).and_then(|number| number.parse::<u32>().ok());
        match format {
            None => return Err(BackupError::Foreign("it is no backup of Weft".to_owned())),
            Some(format) if format > FORMAT => {
                return Err(BackupError::Foreign(format!(
                    "its format is {format}, and this Weft reads up to {FORMAT}: use a newer Weft"
                )));
            }
            Some(_) => {}
        }
        let (kind, content) = block(&mut file, &mut hasher)?;
        let json = serde_json::from_slice(&content).unwrap_or_default();
        let header = Header::read(&json).filter(|_| kind == HEADER);
        let header = header.ok_or_else(|| BackupError::Damaged("its header cannot be read".to_owned()))?;
        let counts = header.tables.iter().map(|_| (0, Sha256::new())).collect();
        Ok(Self { file, hasher, header, counts, end: None })
    }

    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next rows, none at the end.
    ///
    /// # Errors
    /// The file was cut off or changed.
    pub fn next_block(&mut self) -> Result<Option<Block>, BackupError> {
        if self.end.is_some() {
            return Ok(None);
        }
        let (kind, content) = block(&mut self.file, &mut self.hasher)?;
        match kind {
            ROWS => self.rows(&content).map(Some),
            END => {
                self.end = Some(read_end(&content)?);
                self.check_seal()?;
                Ok(None)
            }
            other => Err(BackupError::Damaged(format!("it has a block of the unknown kind {other}"))),
        }
    }

    /// What was read of each table, when all of it was read and is what was written.
    ///
    /// # Errors
    /// It is not.
    pub fn finish(&mut self) -> Result<Vec<Counted>, BackupError> {
        let end = self.end.clone().ok_or_else(|| BackupError::Damaged("it was not read to its end".to_owned()))?;
        let found: Vec<Counted> = self
            .header
            .tables
            .iter()
            .zip(&self.counts)
            .map(|(table, (rows, hasher))| Counted {
                name: table.name.clone(),
                rows: *rows,
                digest: digest::hex(&hasher.clone().finalize()),
            })
            .collect();
        if found == end {
            return Ok(found);
        }
        let other = found.iter().zip(&end).find(|(found, said)| found != said).map(|(found, _)| found.name.as_str());
        Err(BackupError::Damaged(format!(
            "the rows of `{}` are not those that were written",
            other.unwrap_or("a table")
        )))
    }

    fn rows(&mut self, content: &[u8]) -> Result<Block, BackupError> {
        let damaged = |why: &str| BackupError::Damaged(why.to_owned());
        let (place, packed) = content.split_at_checked(2).ok_or_else(|| damaged("a block of rows is too short"))?;
        let table = usize::from(u16::from_be_bytes([place[0], place[1]]));
        let columns = self.header.tables.get(table).ok_or_else(|| damaged("there are rows of an unknown table"))?;
        let mut bytes = Vec::new();
        let limit = BLOCK_MAX as u64 + 1;
        DeflateDecoder::new(packed)
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| BackupError::Damaged(format!("a block of rows cannot be unpacked: {error}")))?;
        if bytes.len() > BLOCK_MAX {
            return Err(damaged("a block of rows is larger than any that is written"));
        }
        let rows = decode_rows(&bytes, columns.columns.len())?;
        let (count, hasher) = &mut self.counts[table];
        *count += rows.len() as u64;
        hasher.update(&bytes);
        Ok(Block { table, rows })
    }

    fn check_seal(&mut self) -> Result<(), BackupError> {
        let mut seal = [0; 33];
        exact(&mut self.file, &mut seal)?;
        self.hasher.update([seal[0]]);
        let digest = self.hasher.clone().finalize();
        if seal[0] != SEAL || digest.as_slice() != &seal[1..] {
            return Err(BackupError::Damaged("its content is not what was written: the digest differs".to_owned()));
        }
        if self.file.read(&mut [0])? != 0 {
            return Err(BackupError::Damaged("there is something behind its end".to_owned()));
        }
        Ok(())
    }
}

fn block<R: Read>(file: &mut R, hasher: &mut Sha256) -> Result<(u8, Vec<u8>), BackupError> {
    let mut head = [0; 9];
    exact(file, &mut head)?;
    hasher.update(head);
    let length = u64::from_be_bytes([head[1], head[2], head[3], head[4], head[5], head[6], head[7], head[8]]);
    let length = usize::try_from(length).ok().filter(|length| *length <= BLOCK_MAX);
    let length = length.ok_or_else(|| BackupError::Damaged("a block is larger than any that is written".to_owned()))?;
    // Not allocated before it is there: the length may be a lie.
    let mut content = Vec::new();
    file.take(length as u64).read_to_end(&mut content)?;
    if content.len() < length {
        return Err(cut());
    }
    hasher.update(&content);
    Ok((head[0], content))
}

fn exact<R: Read>(file: &mut R, bytes: &mut [u8]) -> Result<(), BackupError> {
    file.read_exact(bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => cut(),
        _ => error.into(),
    })
}

fn cut() -> BackupError {
    BackupError::Damaged("it ends before its end: it was cut off, or never finished".to_owned())
}

fn read_end(content: &[u8]) -> Result<Vec<Counted>, BackupError> {
    let json: serde_json::Value = serde_json::from_slice(content).unwrap_or_default();
    let one = |value: &serde_json::Value| {
        Some(Counted {
            name: value[0].as_str()?.to_owned(),
            rows: value[1].as_u64()?,
            digest: value[2].as_str()?.to_owned(),
        })
    };
    let read = json["tables"].as_array().and_then(|tables| tables.iter().map(one).collect());
    read.ok_or_else(|| BackupError::Damaged("its end cannot be read".to_owned()))
}
