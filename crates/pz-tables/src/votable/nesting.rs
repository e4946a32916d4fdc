//! How single values become cells of scalars, arrays and lists. Must never let a cell have another number of values
//! than its column says.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, FixedSizeListArray, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::error::ArrowError;

use super::column::{Column, item_field};

/// How the values of cells become cells.
pub(super) struct Nesting<'a> {
    column: &'a Column,
    pub(super) is_scalar: bool,
    pub(super) items: usize,
    pub(super) variable: bool,
    /// Which cells are not null (of arrays and lists; scalars are their own).
    valid: Vec<bool>,
    /// Ends of the lists, in elements of the outermost axis.
    ends: Vec<i32>,
}

impl<'a> Nesting<'a> {
    pub(super) fn new(column: &'a Column, rows: usize) -> Self {
        let is_scalar = column.is_scalar();
        Self {
            column,
            is_scalar,
            items: column.items(),
            variable: column.variable,
            valid: Vec::with_capacity(if is_scalar { 0 } else { rows }),
            ends: vec![0],
        }
    }

    /// A cell is null; the null values that stand for it.
    pub(super) fn null(&mut self) -> Result<usize, String> {
        if self.is_scalar {
            return Ok(1);
        }
        self.valid.push(false);
        if self.variable {
            self.ends.push(self.ends.last().copied().unwrap_or(0));
            return Ok(0);
        }
        Ok(self.items)
    }

    /// A cell has `count` values.
    pub(super) fn cell(&mut self, count: usize) -> Result<(), String> {
        if self.variable {
            if !count.is_multiple_of(self.items) {
                return Err(format!(
                    "it has {count} values where a multiple of {} was expected",
                    self.items
                ));
            }
            let end = i32::try_from(count / self.items)
                .ok()
                .and_then(|count| self.ends.last().copied().unwrap_or(0).checked_add(count));
            self.ends.push(end.ok_or("it has too many values")?);
        } else if count != self.items {
            return Err(format!(
                "it has {count} values where {} were expected",
                self.items
            ));
        }
        if !self.is_scalar {
            self.valid.push(true);
        }
        Ok(())
    }

    pub(super) fn finish(self, values: ArrayRef) -> Result<ArrayRef, ArrowError> {
        if self.is_scalar {
            return Ok(values);
        }
        let mut nulls = self.valid.contains(&false).then(|| NullBuffer::from(self.valid));
        let mut array = values;
        for (depth, axis) in self.column.fixed.iter().enumerate() {
            let is_outermost = depth + 1 == self.column.fixed.len() && !self.variable;
            let nulls = if is_outermost { nulls.take() } else { None };
            let length = i32::try_from(*axis).unwrap_or(i32::MAX);
            let item = item_field(array.data_type().clone());
            array = Arc::new(FixedSizeListArray::try_new(item, length, array, nulls)?);
        }
        if self.variable {
            let item = item_field(array.data_type().clone());
            let offsets = OffsetBuffer::new(self.ends.into());
            array = Arc::new(ListArray::try_new(item, offsets, array, nulls)?);
        }
        Ok(array)
    }
}
