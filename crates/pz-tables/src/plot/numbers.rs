//! The numbers of a column, batch by batch. Must never keep them.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType as ArrowType, Float32Type, Float64Type};

use super::Table;
use crate::error::TableError;

/// One batch of a column as numbers; what is missing is NaN.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    values: Vec<f64>,
}

impl Numbers {
    /// The numbers of `array`, without a copy where there is nothing to convert.
    fn of<'a>(&'a mut self, array: &'a ArrayRef) -> Option<&'a [f64]> {
        if let Some(plain) = array.as_primitive_opt::<Float64Type>()
            && plain.null_count() == 0
        {
            return Some(plain.values());
        }
        self.values.clear();
        self.fill(array)?;
        Some(&self.values)
    }

    fn fill(&mut self, array: &ArrayRef) -> Option<()> {
        if let Some(singles) = array.as_primitive_opt::<Float32Type>() {
            self.values
                .extend(singles.values().iter().map(|value| f64::from(*value)));
        } else if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
            self.values.extend_from_slice(doubles.values());
        } else {
            let is_number = |kind: &ArrowType| kind.is_numeric() || kind.is_null();
            let numeric = match array.data_type() {
                ArrowType::Dictionary(_, value) => is_number(value),
                kind => is_number(kind),
            };
            if !numeric {
                return None;
            }
            let doubles = cast(array, &ArrowType::Float64).ok()?;
            self.values
                .extend_from_slice(doubles.as_primitive_opt::<Float64Type>()?.values());
        }
        if let Some(nulls) = array.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
            for (value, valid) in self.values.iter_mut().zip(nulls.iter()) {
                if !valid {
                    *value = f64::NAN;
                }
            }
        }
        Some(())
    }
}

impl Table<'_> {
    /// Calls `each` with the numbers of two columns, batch by batch.
    pub(super) fn for_each_pair(
        self,
        columns: [usize; 2],
        mut each: impl FnMut(&[f64], &[f64]),
    ) -> Result<(), TableError> {
        let mut buffers = [Numbers::default(), Numbers::default()];
        let [first, second] = &mut buffers;
        for batch in self.reader.read_rows(0..u64::MAX, Some(&columns))? {
            let batch = batch?;
            let first = first
                .of(self.array(&batch, 0)?)
                .ok_or_else(|| self.no_numbers(columns[0]))?;
            let second = second
                .of(self.array(&batch, 1)?)
                .ok_or_else(|| self.no_numbers(columns[1]))?;
            each(first, second);
        }
        Ok(())
    }

    /// Calls `each` with the numbers of a column and, when `other` is given, with the array of another one.
    pub(super) fn for_each(
        self,
        column: usize,
        other: Option<usize>,
        mut each: impl FnMut(&[f64], Option<&ArrayRef>) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let mut numbers = Numbers::default();
        let columns: Vec<usize> = [Some(column), other].into_iter().flatten().collect();
        for batch in self.reader.read_rows(0..u64::MAX, Some(&columns))? {
            let batch = batch?;
            let values = numbers
                .of(self.array(&batch, 0)?)
                .ok_or_else(|| self.no_numbers(column))?;
            each(values, batch.columns().get(1))?;
        }
        Ok(())
    }

    fn array(self, batch: &RecordBatch, position: usize) -> Result<&ArrayRef, TableError> {
        batch
            .columns()
            .get(position)
            .ok_or_else(|| self.broken("a column is missing"))
    }

    fn no_numbers(self, column: usize) -> TableError {
        TableError::NoNumbers {
            file: self.file_name.to_owned(),
            column: self.column_name(column),
        }
    }
}
