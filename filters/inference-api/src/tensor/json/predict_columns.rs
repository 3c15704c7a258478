//! Named inputs, of which each instance has one value.

use super::words::Word;
use crate::json::Survey;
use crate::tensor::{Form, MAX_NAME_BYTES, Shape, Tensor, TensorData, Values};

/// The inputs of an object, or of a list of objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    columns: Vec<Column>,
    /// How many objects began.
    rows: u64,
    /// How many inputs of the object were found.
    found: usize,
    /// The object has an input that the first one has not, or not all of its.
    differs: bool,
    /// Not all inputs are kept.
    is_cut: bool,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    /// The last object that has it.
    last_row: u64,
    rows: u64,
    elements: u64,
    /// The shape of each value, if they all have the same one.
    nesting: Option<Shape>,
    values: Values,
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It was added to its input.
    Kept,
    /// The same object has an input of that name already.
    Twice,
    /// There is no room for another input.
    NoRoom,
}

impl Columns {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Another object begins.
    pub(super) fn begin_row(&mut self) {
        self.rows = self.rows.saturating_add(1);
        self.found = 0;
        self.differs = false;
    }

    /// The object was none: it stood for a string.
    pub(super) fn cancel_row(&mut self) {
        self.rows = self.rows.saturating_sub(1);
    }

    /// Says that the object ends, and gives whether its inputs are others than
    /// those of the first one.
    pub(super) fn end_row(&self) -> bool {
        self.differs || self.found != self.columns.len()
    }

    /// Adds the value of an input.
    pub(super) fn add(&mut self, name: &Word, value: &Survey, room: usize) -> Added {
        let row = self.rows;
        // They come in the same order, as good as always.
        let is_it = |column: &Column| column.name == name.as_str();
        let hint = Some(self.found).filter(|at| self.columns.get(*at).is_some_and(is_it));
        let place = hint.or_else(|| self.columns.iter().position(is_it));
        let Some(column) = place.and_then(|place| self.columns.get_mut(place)) else {
            return self.add_column(name, value, room);
        };
        let is_twice = column.last_row == row;
        column.add(row, value);
        if is_twice {
            return Added::Twice;
        }
        self.found = self.found.saturating_add(1);
        Added::Kept
    }

    /// The tensors that they make: each of them with the objects as its first
    /// dimension if these stand in a list.
    pub(super) fn tensors(&mut self, are_rows: bool) -> impl Iterator<Item = Tensor> {
        let columns = core::mem::take(&mut self.columns);
        columns.into_iter().enumerate().map(move |(position, column)| {
            let nesting = if are_rows { column.batched() } else { column.nesting };
            let data = TensorData {
                form: Form::Json,
                elements: Some(column.elements),
                nesting,
                values: column.values,
                ..TensorData::default()
            };
            let name_is_cut = column.name.len() > MAX_NAME_BYTES;
            Tensor { name: column.name, name_is_cut, position, data, ..Tensor::default() }
        })
    }

    fn add_column(&mut self, name: &Word, value: &Survey, room: usize) -> Added {
        if self.rows > 1 {
            // If the first one was cut, nobody knows what it had.
            self.differs |= !self.is_cut;
            return Added::Kept;
        }
        if self.columns.len() >= room {
            self.is_cut = true;
            return Added::NoRoom;
        }
        self.columns.push(Column {
            name: name.as_str().to_owned(),
            last_row: self.rows,
            rows: 1,
            elements: value.leaves(),
            nesting: value.nesting(),
            values: value.values(),
        });
        self.found = self.found.saturating_add(1);
        Added::Kept
    }
}

impl Column {
    fn add(&mut self, row: u64, value: &Survey) {
        if self.last_row != row {
            self.rows = self.rows.saturating_add(1);
        }
        self.last_row = row;
        self.elements = self.elements.saturating_add(value.leaves());
        self.nesting.take_if(|nesting| !value.is_nested_like(nesting));
        self.values = self.values.and(value.values());
    }

    fn batched(&self) -> Option<Shape> {
        let inner = self.nesting.as_ref()?;
        let rows = i64::try_from(self.rows).unwrap_or(i64::MAX);
        Some(inner.inside(rows))
    }
}
