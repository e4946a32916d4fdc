//! How much memory the statistics of one column may use. Must never let a wide table use more than a narrow one.

/// Values kept for quartiles and histogram of a column, at most and at least.
const SAMPLE: usize = 65_536;
const LEAST_SAMPLE: usize = 128;

/// Values kept by all columns together (64 MiB).
const ALL_SAMPLES: usize = 64 * 1024 * 1024 / size_of::<f64>();

/// Different numbers followed per column, at most and at least.
const DIFFERENT: usize = 1_000;
const LEAST_DIFFERENT: usize = 16;

/// Different numbers followed in all columns together (32 MiB with free slots).
const ALL_DIFFERENT: usize = 32 * 1024 * 1024 / 64;

/// Columns up to which each has a sketch of 8 KiB; beyond that of 1 KiB, with a standard error of 3.3 %.
const WIDE: usize = 2_048;

/// Bounds for one of several columns that are scanned together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    /// Values kept for quartiles and histogram.
    pub(crate) sample: usize,
    /// Different values followed.
    pub(crate) different: usize,
    /// Binary logarithm of the registers of a sketch.
    pub(crate) sketch_bits: u32,
}

impl Share {
    /// For one of `columns` columns. Up to 128 columns have 65,536 values each, up to 8,192 at least 1,024.
    pub(crate) fn of(columns: usize) -> Self {
        let columns = columns.max(1);
        Self {
            sample: (ALL_SAMPLES / columns).clamp(LEAST_SAMPLE, SAMPLE),
            different: (ALL_DIFFERENT / columns).clamp(LEAST_DIFFERENT, DIFFERENT),
            sketch_bits: if columns <= WIDE { 13 } else { 10 },
        }
    }
}
