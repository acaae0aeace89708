//! The file as a stream of rows: plain or gzip, with or without byte order mark, with either line end. One row is in memory at
//! a time.

use super::row::{self, COLUMNS, Row, RowProblem};
use jiff::tz::TimeZone;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes of one row: a quote that is never closed must not take the whole file into memory.
const ROW_BYTES_MAX: u64 = 1024 * 1024;
const HEADER_COLUMNS_MAX: usize = 1000;

/// Why reading cannot go on. What was read before stays good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    #[error("the file is empty; export the incident audit log with its header")]
    Empty,
    #[error(
        "the file is {what}, not CSV; export the incident audit log as CSV in UTF-8, which may be packed with gzip"
    )]
    Foreign { what: &'static str },
    #[error("the header lacks {}; it has {}{hint}", .missing.join(", "), .found.join(", "))]
    MissingColumns { missing: Vec<String>, found: Vec<String>, hint: &'static str },
    #[error("the header names {} more than once; each column may come once", .columns.join(", "))]
    DuplicateColumns { columns: Vec<String> },
    #[error(
        "the file ends in the middle after line {line}: it is truncated; fetch it again, rows that are imported stay"
    )]
    Truncated { line: u64 },
    #[error("the gzip data is damaged after line {line}: {why}; fetch the file again, rows that are imported stay")]
    Damaged { line: u64, why: String },
    #[error("the row after line {line} is longer than {ROW_BYTES_MAX} bytes; look for a quote that is not closed")]
    RowTooLong { line: u64 },
    #[error("the file cannot be read after line {line}: {why}")]
    Unreadable { line: u64, why: String },
}

/// A row that can be used, or what is wrong with it.
pub type Item = Result<Row, Vec<RowProblem>>;

/// Where each known column is.
#[derive(Debug)]
pub(super) struct Columns {
    positions: [usize; COLUMNS.len()],
    count: usize,
}

impl Columns {
    pub(super) fn cell<'r>(&self, record: &'r csv::ByteRecord, column: &str) -> Option<&'r [u8]> {
        let index = COLUMNS.iter().position(|known| *known == column)?;
        record.get(self.positions[index])
    }
}

/// The rows of a log.
pub struct Rows {
    csv: csv::Reader<Metered<Box<dyn BufRead + Send>>>,
    meter: Arc<Meter>,
    columns: Columns,
    zone: TimeZone,
    /// The last line that was read whole.
    line: u64,
    is_over: bool,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("line", &self.line).finish_non_exhaustive()
    }
}

impl Rows {
    /// Reads the header. `zone` is the zone of the instance that wrote the log: its dates have none.
    ///
    /// # Errors
    /// What makes the file another one than the log.
    pub fn open(input: impl Read + Send + 'static, zone: TimeZone) -> Result<Self, FileProblem> {
        let plain = unpack(input)?;
        let meter = Arc::new(Meter::default());
        let mut csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // With the default, the line feed of CRLF counts to the next row and every line number is one too low. The
            // carriage return is trimmed with the last value.
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(Metered { input: plain, meter: Arc::clone(&meter) });
        let mut header = csv::ByteRecord::new();
        let is_there = csv.read_byte_record(&mut header).map_err(|error| problem(error, 0, &meter))?;
        if !is_there {
            return Err(FileProblem::Empty);
        }
        let columns = columns(&header)?;
        meter.since_row.store(0, Relaxed);
        Ok(Self { line: csv.position().line().saturating_sub(1).max(1), csv, meter, columns, zone, is_over: false })
    }

    fn read(&mut self) -> Result<Option<Item>, FileProblem> {
        let mut record = csv::ByteRecord::new();
        loop {
            self.meter.since_row.store(0, Relaxed);
            let is_there =
                self.csv.read_byte_record(&mut record).map_err(|error| problem(error, self.line, &self.meter))?;
            if !is_there {
                return Ok(None);
            }
            if record.len() > 1 || !record.as_slice().trim_ascii().is_empty() {
                break;
            }
        }
        let is_cut = self.meter.ended_without_line_end(self.csv.position().byte());
        let end = self.csv.position().line();
        self.line = if is_cut { end } else { end - 1 };
        let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        let line = self.line.saturating_sub(inside);
        if record.len() == self.columns.count {
            return Ok(Some(row::read(&self.columns, &record, line, &self.zone)));
        }
        // A last row that is short and has no line end was cut off; any other one was written so.
        if record.len() < self.columns.count && is_cut {
            return Err(FileProblem::Truncated { line: line - 1 });
        }
        let why = format!("the row has {} columns and the header {}", record.len(), self.columns.count);
        let value = record.get(0).map(String::from_utf8_lossy).unwrap_or_default().trim().chars().take(80).collect();
        Ok(Some(Err(vec![RowProblem { line, number: None, column: "number".to_owned(), value, why }])))
    }
}

impl Iterator for Rows {
    type Item = Result<Item, FileProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.read().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The text of the file, unpacked if it is packed and without byte order mark.
fn unpack(input: impl Read + Send + 'static) -> Result<Box<dyn BufRead + Send>, FileProblem> {
    let mut input = BufReader::new(input);
    let start = input.fill_buf().map_err(|error| unreadable(&error, 0))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        let mut plain = BufReader::new(flate2::bufread::MultiGzDecoder::new(input));
        let mark = bom_length(plain.fill_buf().map_err(|error| unreadable(&error, 0))?);
        plain.consume(mark);
        return Ok(Box::new(plain));
    }
    let foreign = [
        (&b"PK\x03\x04"[..], "a ZIP archive or an Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
        (b"\xff\xfe", "in UTF-16"),
        (b"\xfe\xff", "in UTF-16"),
        (b"BZh", "packed with bzip2"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd"),
        (b"\xfd7zXZ", "packed with xz"),
        (b"%PDF", "a PDF"),
        (b"<", "a web page or XML"),
        (b"{", "JSON"),
        (b"[", "JSON"),
    ];
    match foreign.iter().find(|(magic, _)| start.starts_with(magic)) {
        Some((_, what)) => Err(FileProblem::Foreign { what }),
        None => {
            let mark = bom_length(start);
            input.consume(mark);
            Ok(Box::new(input))
        }
    }
}

fn bom_length(start: &[u8]) -> usize {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if start.starts_with(MARK) { MARK.len() } else { 0 }
}

fn columns(header: &csv::ByteRecord) -> Result<Columns, FileProblem> {
    if header.iter().any(|name| name.contains(&0)) {
        return Err(FileProblem::Foreign { what: "binary data" });
    }
    let names: Vec<String> = header
        .iter()
        .take(HEADER_COLUMNS_MAX)
        .map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase())
        .collect();
    let duplicates: Vec<String> = COLUMNS
        .iter()
        .filter(|column| names.iter().filter(|name| name == column).count() > 1)
        .map(|&column| column.to_owned())
        .collect();
    if !duplicates.is_empty() {
        return Err(FileProblem::DuplicateColumns { columns: duplicates });
    }
    let position = |column: &&str| names.iter().position(|name| name == column);
    let missing: Vec<String> =
        COLUMNS.iter().filter(|column| position(column).is_none()).map(|&column| column.to_owned()).collect();
    if missing.is_empty() {
        return Ok(Columns { positions: COLUMNS.map(|column| position(&column).unwrap_or(0)), count: header.len() });
    }
    let hint = match names.as_slice() {
        [only] if only.contains(';') => "; the columns are separated by `;`, export them separated by commas",
        [only] if only.contains('\t') => "; the columns are separated by tabs, export them separated by commas",
        _ => "",
    };
    let shown = |name: &String| name.chars().take(60).filter(|c| !c.is_control()).collect();
    Err(FileProblem::MissingColumns { missing, found: names.iter().take(60).map(shown).collect(), hint })
}

/// What the library says, in our words.
fn problem(error: csv::Error, line: u64, meter: &Meter) -> FileProblem {
    if meter.since_row.load(Relaxed) > ROW_BYTES_MAX {
        return FileProblem::RowTooLong { line };
    }
    match error.into_kind() {
        csv::ErrorKind::Io(error) => unreadable(&error, line),
        other => FileProblem::Unreadable { line, why: format!("{other:?}") },
    }
}

fn unreadable(error: &std::io::Error, line: u64) -> FileProblem {
    let why = error.to_string();
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => FileProblem::Truncated { line },
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput => FileProblem::Damaged { line, why },
        _ => FileProblem::Unreadable { line, why },
    }
}

/// What has gone through the input.
#[derive(Debug, Default)]
struct Meter {
    since_row: AtomicU64,
    total: AtomicU64,
    last_byte: AtomicU64,
}

impl Meter {
    /// Whether everything up to `position` is all there is and ends in the middle of a line.
    fn ended_without_line_end(&self, position: u64) -> bool {
        position == self.total.load(Relaxed) && self.last_byte.load(Relaxed) != u64::from(b'\n')
    }
}

struct Metered<R> {
    input: R,
    meter: Arc<Meter>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.meter.since_row.load(Relaxed) > ROW_BYTES_MAX {
            return Err(std::io::Error::other("the row is too long"));
        }
        let count = self.input.read(buffer)?;
        self.meter.since_row.fetch_add(count as u64, Relaxed);
        self.meter.total.fetch_add(count as u64, Relaxed);
        if let Some(last) = buffer[..count].last() {
            self.meter.last_byte.store(u64::from(*last), Relaxed);
        }
        Ok(count)
    }
}
