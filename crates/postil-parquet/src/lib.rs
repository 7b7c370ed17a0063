//! Tables as Parquet, written while they are read: rows go in, bytes come out, and no more than one group of rows is held.
//!
//! A crate of its own, so that its dependencies are built beside the rest. It knows nothing of what is in the tables.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

/// How many rows a group has at most.
const GROUP_ROWS: usize = 20_000;
/// How many bytes of text a group has, about.
const GROUP_BYTES: usize = 8 << 20;

/// What a column holds. Every column may be empty in some rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text in UTF-8.
    Text,
    /// Whole numbers.
    Integer,
    /// Truth values.
    Truth,
    /// Moments in UTC, in microseconds since 1970.
    Time,
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Of a column of [`Kind::Text`].
    Text(String),
    /// Of a column of [`Kind::Integer`].
    Integer(i64),
    /// Of a column of [`Kind::Truth`].
    Truth(bool),
    /// Of a column of [`Kind::Time`].
    Time(i64),
}

/// The values of one column in the group that is being filled, packed: cells of their own would take many times as much.
#[derive(Debug, Default)]
struct Column {
    /// Of each row: 1 where there is a value.
    levels: Vec<i16>,
    /// Texts, one behind the other.
    text: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
    /// Everything that is not text; truth is 1 or 0.
    numbers: Vec<i64>,
}

impl Column {
    /// Adds the value of one more row; how many bytes it takes.
    fn push(&mut self, kind: Kind, cell: Cell) -> usize {
        let weight = match (kind, cell) {
            (Kind::Text, Cell::Text(text)) => {
                self.text.extend_from_slice(text.as_bytes());
                self.ends.push(self.text.len());
                Some(text.len())
            }
            (Kind::Integer, Cell::Integer(number)) | (Kind::Time, Cell::Time(number)) => {
                self.numbers.push(number);
                Some(8)
            }
            (Kind::Truth, Cell::Truth(truth)) => {
                self.numbers.push(i64::from(truth));
                Some(1)
            }
            _ => None,
        };
        self.levels.push(i16::from(weight.is_some()));
        weight.unwrap_or_default()
    }

    /// Writes the column and forgets its values.
    fn write(&mut self, kind: Kind, group: &mut SerializedRowGroupWriter<'_, Sink>) -> Result<()> {
        match kind {
            Kind::Text => {
                let all = ByteArray::from(std::mem::take(&mut self.text));
                let mut start = 0;
                let text = |end: usize| {
                    let from = std::mem::replace(&mut start, end);
                    all.slice(from, end - from)
                };
                write::<ByteArrayType>(group, &self.ends.drain(..).map(text).collect::<Vec<_>>(), &self.levels)?;
            }
            Kind::Integer | Kind::Time => write::<Int64Type>(group, &self.numbers, &self.levels)?,
            Kind::Truth => {
                let truths: Vec<bool> = self.numbers.iter().map(|number| *number == 1).collect();
                write::<BoolType>(group, &truths, &self.levels)?;
            }
        }
        self.numbers.clear();
        self.levels.clear();
        Ok(())
    }
}

/// Bytes that were written and not taken yet.
#[derive(Debug, Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A table that is being written.
pub struct Table {
    columns: Vec<(Kind, Column)>,
    rows: usize,
    weight: usize,
    sink: Sink,
    writer: SerializedFileWriter<Sink>,
}

impl Table {
    /// Begins a table with these columns.
    ///
    /// # Errors
    /// When two columns have one name.
    pub fn new(columns: &[(&str, Kind)]) -> Result<Table> {
        let fields = columns.iter().map(|(name, kind)| field(name, *kind)).collect::<Result<Vec<_>>>()?;
        let schema = Arc::new(Type::group_type_builder("rows").with_fields(fields).build()?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let sink = Sink::default();
        let writer = SerializedFileWriter::new(sink.clone(), schema, Arc::new(properties))?;
        let columns = columns.iter().map(|(_, kind)| (*kind, Column::default())).collect();
        Ok(Table { columns, rows: 0, weight: 0, sink, writer })
    }

    /// Adds a row. What does not fit its column, or is missing at the end, is empty there.
    pub fn push(&mut self, row: Vec<Cell>) -> Result<()> {
        let mut cells = row.into_iter();
        for (kind, column) in &mut self.columns {
            self.weight += column.push(*kind, cells.next().unwrap_or(Cell::Empty));
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.weight >= GROUP_BYTES { self.write_group() } else { Ok(()) }
    }

    /// The bytes that are ready by now.
    pub fn take(&mut self) -> Vec<u8> {
        self.sink.take()
    }

    /// Ends the table: the last bytes.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        self.write_group()?;
        self.writer.close()?;
        Ok(self.sink.take())
    }

    fn write_group(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for (kind, column) in &mut self.columns {
            column.write(*kind, &mut group)?;
        }
        group.close()?;
        (self.rows, self.weight) = (0, 0);
        Ok(())
    }
}

fn field(name: &str, kind: Kind) -> Result<TypePtr> {
    let (physical, logical, converted) = match kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String), ConvertedType::UTF8),
        Kind::Integer => (Physical::INT64, None, ConvertedType::NONE),
        Kind::Truth => (Physical::BOOLEAN, None, ConvertedType::NONE),
        Kind::Time => {
            let logical = LogicalType::timestamp(true, TimeUnit::MICROS);
            (Physical::INT64, Some(logical), ConvertedType::TIMESTAMP_MICROS)
        }
    };
    let field = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .with_converted_type(converted);
    Ok(Arc::new(field.build()?))
}

fn write<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Sink>, values: &[T::T], levels: &[i16]) -> Result<()> {
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(values, Some(levels), None)?;
        column.close()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    use super::*;

    #[test]
    fn a_table_reads_back_in_groups_and_comes_out_while_it_is_written() {
        let columns = [("name", Kind::Text), ("count", Kind::Integer), ("good", Kind::Truth), ("at", Kind::Time)];
        let mut table = Table::new(&columns).unwrap();
        let mut bytes = Vec::new();
        let rows = 2 * GROUP_ROWS + 7;
        for at in 0..rows {
            let number = i64::try_from(at).unwrap();
            let name = if at % 3 == 0 { Cell::Empty } else { Cell::Text(format!("Łódź {at}")) };
            table.push(vec![name, Cell::Integer(number), Cell::Truth(at % 2 == 0), Cell::Time(number * 1000)]).unwrap();
            bytes.extend(table.take());
        }
        assert!(bytes.len() > 100_000, "two groups are out before the end");
        bytes.extend(table.finish().unwrap());
        let file = tempfile(&bytes);
        let reader = SerializedFileReader::new(file).unwrap();
        assert_eq!(reader.metadata().num_row_groups(), 3);
        let mut count = 0;
        for (at, row) in reader.get_row_iter(None).unwrap().enumerate() {
            let row = row.unwrap();
            let name = row.get_string(0).ok().cloned();
            assert_eq!(name, (at % 3 != 0).then(|| format!("Łódź {at}")));
            assert_eq!(row.get_long(1).unwrap(), i64::try_from(at).unwrap());
            assert_eq!(row.get_bool(2).unwrap(), at % 2 == 0);
            count += 1;
        }
        assert_eq!(count, rows);
    }

    #[test]
    fn a_table_without_rows_is_a_table() {
        let bytes = Table::new(&[("a", Kind::Text)]).unwrap().finish().unwrap();
        let reader = SerializedFileReader::new(tempfile(&bytes)).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }

    fn tempfile(bytes: &[u8]) -> std::fs::File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }
}
