//! The formats that are measured, and beside whom.

use pz_tables::write::OutputFormat;

/// One format.
#[derive(Debug)]
pub(super) struct Format {
    /// As the option names it.
    pub(super) name: &'static str,
    pub(super) output: OutputFormat,
    /// Libraries that read whole columns of it, in `bench/peers/tables.py`.
    pub(super) peers: &'static [&'static str],
    /// Those that open a page.
    pub(super) page_peers: &'static [&'static str],
    /// Those that write it as Parquet, or Parquet as CSV.
    pub(super) convert_peers: &'static [&'static str],
    /// More rows than the peers can hold in memory are not measured.
    pub(super) most_rows: u64,
}

/// All of them.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: "csv",
        output: OutputFormat::Csv,
        peers: &["pyarrow", "pandas"],
        page_peers: &["pandas"],
        convert_peers: &["pyarrow"],
        most_rows: u64::MAX,
    },
    Format {
        name: "parquet",
        output: OutputFormat::Parquet,
        peers: &["pyarrow", "pandas"],
        page_peers: &["pyarrow"],
        convert_peers: &["pyarrow"],
        most_rows: u64::MAX,
    },
    Format {
        name: "fits",
        output: OutputFormat::Fits,
        peers: &["astropy"],
        page_peers: &["astropy"],
        convert_peers: &["astropy"],
        most_rows: u64::MAX,
    },
    Format {
        name: "hdf5",
        output: OutputFormat::Hdf5,
        peers: &["h5py"],
        page_peers: &["h5py"],
        convert_peers: &["h5py"],
        most_rows: u64::MAX,
    },
    Format {
        name: "votable",
        output: OutputFormat::Votable,
        peers: &["astropy"],
        page_peers: &[],
        convert_peers: &["astropy"],
        // astropy reads a million rows in half a minute.
        most_rows: 1_000_000,
    },
];
