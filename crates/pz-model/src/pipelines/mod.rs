//! The redshift pipelines as everybody needs to know them: what they are called, take and make, and their
//! configuration with its defaults and limits. The pipelines, the service and the web form read it from here.

mod columns;
mod combine;
mod config;
mod training_set;
mod words;

use serde_json::{Value, json};

use crate::product_type::ProductType;
pub use columns::{ColumnsError, InputColumns};
pub use combine::{
    ColumnType, CombineParam, CombineType, DEFAULT_FLAGS_TRANSLATION, ExtraColumn, ExtraColumnSource,
    RESERVED_COLUMNS, TieTreatment,
};
pub use config::{ConfigError, PipelineParam, UsedConfig};
pub use training_set::{
    CrossmatchParam, DuplicateCriteria, MatchKind, SplitMethod, TrainingSetParam, choose_option,
};
use words::words;

/// Most inputs of one process.
pub const INPUTS_MAX: usize = 1000;
/// Largest file with translations of quality flags, in bytes.
pub const FLAGS_FILE_MAX_BYTES: usize = 1 << 20;

/// A pipeline of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PipelineKind {
    /// Combines reference redshift catalogs, with duplicates marked or removed.
    CombineRedshift,
    /// Matches a reference redshift catalog with the photometry of a release.
    TrainingSet,
}

words! {
    /// The format of a pipeline's product.
    OutputFormat {
        /// Apache Parquet.
        Parquet = "parquet" | "pq",
        /// Comma-separated text.
        Csv = "csv",
        /// FITS binary table.
        Fits = "fits" | "fit",
        /// HDF5, one dataset per column.
        Hdf5 = "hdf5" | "h5" | "hf5",
        /// VOTable.
        Votable = "votable",
        /// HATS catalog.
        Hats = "hats",
        /// The same as the redshift catalog that is read.
        LikeInput = "specz",
    }
}

impl PipelineKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::CombineRedshift, Self::TrainingSet];

    /// Unique name, as the Python library asks for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CombineRedshift => "combine_redshift_dedup",
            Self::TrainingSet => "training_set_maker",
        }
    }

    /// The pipeline with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name people read; an instance may change it in its database.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::CombineRedshift => "Combine Redshift Catalogs",
            Self::TrainingSet => "Training Set Maker",
        }
    }

    /// One sentence for people; an instance may change it in its database.
    pub const fn description(self) -> &'static str {
        match self {
            Self::CombineRedshift => {
                "Combines reference redshift catalogs into one, with homogenised quality flags and duplicates marked or removed."
            }
            Self::TrainingSet => "Matches a reference redshift catalog with the photometry of a release.",
        }
    }

    /// Version of the pipeline: that of the program it is part of.
    pub const fn version(self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// The product types it takes.
    pub const fn accepted_types(self) -> &'static [ProductType] {
        &[ProductType::RedshiftCatalog]
    }

    /// The product type it makes.
    pub const fn output_type(self) -> ProductType {
        match self {
            Self::CombineRedshift => ProductType::RedshiftCatalog,
            Self::TrainingSet => ProductType::TrainingSet,
        }
    }

    /// It reads the photometry of a release, which must be named.
    pub const fn needs_release(self) -> bool {
        matches!(self, Self::TrainingSet)
    }

    /// It takes exactly one input.
    pub const fn takes_one_input(self) -> bool {
        matches!(self, Self::TrainingSet)
    }

    /// It takes a file with translations of quality flags.
    pub const fn takes_flags_file(self) -> bool {
        matches!(self, Self::CombineRedshift)
    }

    /// The formats it writes.
    pub fn output_formats(self) -> Vec<OutputFormat> {
        let fits = |format: &OutputFormat| match self {
            // Several inputs may have several formats.
            Self::CombineRedshift => *format != OutputFormat::LikeInput,
            Self::TrainingSet => true,
        };
        OutputFormat::ALL.iter().copied().filter(fits).collect()
    }

    /// The format it writes when none is asked for.
    pub const fn default_format(self) -> OutputFormat {
        match self {
            Self::CombineRedshift => OutputFormat::Parquet,
            Self::TrainingSet => OutputFormat::LikeInput,
        }
    }

    /// The default `param`.
    pub fn default_param(self) -> Value {
        let param = match self {
            Self::CombineRedshift => serde_json::to_value(CombineParam::default()),
            Self::TrainingSet => serde_json::to_value(TrainingSetParam::default()),
        };
        param.unwrap_or_default()
    }

    /// The default configuration as the API shows it: `param` is what users edit.
    pub fn system_config(self) -> Value {
        let (output_name, output_format) = match self {
            Self::CombineRedshift => ("crd", Value::from(OutputFormat::Parquet.as_str())),
            // Absent means: like the input.
            Self::TrainingSet => ("tsm", Value::Null),
        };
        json!({
            "output_root_dir": "",
            "output_dir": "",
            "output_format": output_format,
            "output_name": output_name,
            "executor": {},
            "inputs": {},
            "param": self.default_param(),
        })
    }
}

/// The start of a text from outside, for a message.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_contract() {
        assert_eq!(
            PipelineKind::CombineRedshift.system_config(),
            json!({"output_root_dir": "", "output_dir": "", "output_format": "parquet", "output_name": "crd",
                "executor": {}, "inputs": {},
                "param": {"combine_type": "concatenate", "extra_columns": {},
                    "z_flag_homogenized_value_to_cut": 3.0, "flags_translation_file": "default",
                    "insert_DP1_footprint_flag": false, "insert_rubin_footprint_flag": true}})
        );
        assert_eq!(
            PipelineKind::TrainingSet.system_config(),
            json!({"output_root_dir": "", "output_dir": "", "output_format": null, "output_name": "tsm",
                "executor": {}, "inputs": {},
                "param": {"crossmatch": {"radius_arcsec": 1.0, "n_neighbors": 1},
                    "use_absolute_lsdb_path": false, "selected_cols": [], "flux_type": "auto",
                    "convert_flux_to_mag": true, "dereddening": "sfd", "split_method": "random",
                    "train_fraction": 0.7, "random_seed": null}})
        );
    }

    #[test]
    fn formats_are_read_in_any_case_and_spelling() {
        assert_eq!(OutputFormat::from_word(" PQ "), Some(OutputFormat::Parquet));
        assert_eq!(OutputFormat::from_word("Fit"), Some(OutputFormat::Fits));
        assert_eq!(OutputFormat::from_word("xlsx"), None);
        let combine = PipelineKind::CombineRedshift.output_formats();
        assert!(combine.contains(&OutputFormat::Votable) && !combine.contains(&OutputFormat::LikeInput));
        for kind in PipelineKind::ALL {
            assert!(kind.output_formats().contains(&kind.default_format()));
            assert_eq!(PipelineKind::from_name(kind.name()), Some(kind));
        }
    }
}
