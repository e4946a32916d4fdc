//! The filters that chunks may have gone through. Must never begin to read a column that ends in an unknown one.

use rust_hdf5::format::messages::filter::FilterPipeline;

use super::fault::Fault;

/// Filters that are undone, by their registered numbers: deflate, shuffle, fletcher32, szip, nbit, scale-offset,
/// bzip2, lzf, blosc, lz4, bitshuffle, bit grooming and rounding.
const KNOWN: &[u16] = &[1, 2, 3, 4, 5, 6, 307, 32000, 32001, 32004, 32008, 32022, 32023];

/// Names of others that occur.
const NAMED: &[(u16, &str)] = &[
    (305, "LZO"),
    (32013, "ZFP"),
    (32015, "Zstandard"),
    (32017, "SZ"),
    (32019, "JPEG"),
    (32024, "SZ3"),
    (32026, "Blosc2"),
];

const REMEDY: &str = "Write it with gzip or without compression.";

/// Position in the settings of a Blosc filter of the compressor inside it, and the number of Zstandard there.
const BLOSC: u16 = 32001;
const BLOSC_COMPRESSOR: usize = 6;
const BLOSC_ZSTD: u32 = 5;

/// Whether all of them can be undone.
pub(super) fn check(pipeline: Option<&FilterPipeline>) -> Result<(), Fault> {
    for filter in pipeline.iter().flat_map(|pipeline| &pipeline.filters) {
        if !KNOWN.contains(&filter.id) {
            let name = NAMED
                .iter()
                .find(|(id, _)| *id == filter.id)
                .map(|(_, name)| *name);
            let what = match name {
                Some(name) => format!("compression with {name} (HDF5 filter {})", filter.id),
                None => format!("HDF5 filter {}", filter.id),
            };
            return Err(Fault::unsupported(what, REMEDY));
        }
        if filter.id == BLOSC && filter.cd_values.get(BLOSC_COMPRESSOR) == Some(&BLOSC_ZSTD) {
            return Err(Fault::unsupported(
                "compression with Blosc using Zstandard (blosc:zstd)",
                REMEDY,
            ));
        }
    }
    Ok(())
}
