//! Where the chunks of a dataset are: the five kinds of index that HDF5 has. Must never read more of a tree than
//! the rows asked for need.

use std::ops::Range;

use rust_hdf5::format::UNDEF_ADDR;
use rust_hdf5::format::btree_v1::ChunkBTreeV1Node;
use rust_hdf5::format::chunk_index::btree_v2::{
    BT2_TYPE_CHUNK_UNFILT, Bt2ChunkIndex, Bt2Header, collect_btree_v2_records,
};
use rust_hdf5::format::messages::data_layout::{ChunkIndexType, DataLayoutMessage};

use super::arrays;
use super::fault::Fault;
use super::source::{MAX_PIECE, Source};

/// Chunks of a dataset, where all must be known at once.
pub(super) const MAX_CHUNKS: usize = 1 << 20;

/// Nodes of a tree that lead to the rows of one piece.
const MAX_NODES: usize = 1 << 18;

const MAX_LEVELS: u8 = 32;

/// Pieces of a row of a chunk that do not lie one after the other.
const MAX_RUNS: u64 = 1 << 20;

/// A chunk in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    /// Its number along the first axis.
    pub(super) band: u64,
    /// Its number within the band, C order.
    pub(super) place: u64,
    pub(super) address: u64,
    /// Bytes in the file.
    pub(super) bytes: u64,
    /// Filters left out.
    pub(super) mask: u32,
}

/// Chunks in order.
#[derive(Debug, Default)]
pub(super) struct Index(Vec<Chunk>);

impl Index {
    fn new(mut chunks: Vec<Chunk>) -> Self {
        chunks.retain(|chunk| chunk.address != UNDEF_ADDR);
        chunks.sort_by_key(|chunk| (chunk.band, chunk.place));
        Self(chunks)
    }

    /// Those that hold any of these rows.
    pub(super) fn of_rows(&self, rows: &Range<u64>, shape: &Shape) -> &[Chunk] {
        let bands = shape.bands(rows);
        let start = self.0.partition_point(|chunk| chunk.band < bands.start);
        let end = self.0.partition_point(|chunk| chunk.band < bands.end);
        self.0.get(start..end).unwrap_or_default()
    }
}

/// Shape of a dataset and of its chunks, of the same rank, no length of a chunk zero.
#[derive(Debug)]
pub(super) struct Shape {
    dims: Vec<u64>,
    chunk: Vec<u64>,
    /// Chunks along each axis.
    grid: Vec<u64>,
    element: usize,
}

impl Shape {
    pub(super) fn new(dims: &[u64], chunk: &[u64], element: usize) -> Result<Self, Fault> {
        if dims.len() != chunk.len() || dims.is_empty() || chunk.contains(&0) || element == 0 {
            return Err(Fault::broken("its chunks do not fit its shape"));
        }
        // Each of these is copied by itself.
        let runs = chunk
            .iter()
            .skip(1)
            .rev()
            .skip(1)
            .fold(1u64, |runs, length| runs.saturating_mul(*length));
        if runs > MAX_RUNS {
            return Err(Fault::limit(
                format!("the shape of its chunks ({runs} pieces a row)"),
                MAX_RUNS.to_string(),
            ));
        }
        Ok(Self {
            grid: dims
                .iter()
                .zip(chunk)
                .map(|(length, chunk)| length.div_ceil(*chunk))
                .collect(),
            dims: dims.to_vec(),
            chunk: chunk.to_vec(),
            element,
        })
    }

    pub(super) fn rank(&self) -> usize {
        self.dims.len()
    }

    pub(super) fn dims(&self) -> &[u64] {
        &self.dims
    }

    pub(super) fn chunk(&self) -> &[u64] {
        &self.chunk
    }

    /// Bytes of an unpacked chunk; at most those that were allowed for the dataset.
    pub(super) fn chunk_bytes(&self) -> usize {
        self.chunk.iter().fold(self.element, |bytes, length| {
            bytes.saturating_mul(usize::try_from(*length).unwrap_or(usize::MAX))
        })
    }

    fn height(&self) -> u64 {
        self.chunk.first().copied().unwrap_or(1)
    }

    /// The bands in which these rows are.
    fn bands(&self, rows: &Range<u64>) -> Range<u64> {
        rows.start / self.height()..rows.end.div_ceil(self.height())
    }

    /// The chunk at these grid coordinates; none when it lies outside.
    pub(super) fn at(
        &self,
        coordinates: impl Iterator<Item = u64>,
        address: u64,
        bytes: u64,
        mask: u32,
    ) -> Option<Chunk> {
        let (mut band, mut place) = (0, 0u64);
        for (axis, (coordinate, grid)) in coordinates.zip(&self.grid).enumerate() {
            if coordinate >= *grid {
                return None;
            }
            if axis == 0 {
                band = coordinate;
            } else {
                place = place.saturating_mul(*grid).saturating_add(coordinate);
            }
        }
        Some(Chunk {
            band,
            place,
            address,
            bytes,
            mask,
        })
    }

    /// Index of the chunk's first element along each axis.
    fn origin(&self, chunk: &Chunk) -> Vec<u64> {
        let mut rest = chunk.place;
        let mut origin = vec![0; self.rank()];
        for (axis, origin) in origin.iter_mut().enumerate().rev() {
            let (grid, length) = (
                self.grid.get(axis).copied().unwrap_or(1).max(1),
                self.chunk.get(axis).copied().unwrap_or(1),
            );
            let coordinate = if axis == 0 { chunk.band } else { rest % grid };
            rest /= grid;
            *origin = coordinate.saturating_mul(length);
        }
        origin
    }

    /// Part of the chunk is beyond the dataset.
    pub(super) fn hangs_over(&self, chunk: &Chunk) -> bool {
        self.origin(chunk)
            .iter()
            .zip(&self.chunk)
            .zip(&self.dims)
            .any(|((origin, length), dim)| origin.saturating_add(*length) > *dim)
    }

    /// Copies what `image` has of the rows `rows` to its place in `out`, which begins with the first of them.
    pub(super) fn place(&self, chunk: &Chunk, image: &[u8], rows: &Range<u64>, out: &mut [u8]) {
        let origin = self.origin(chunk);
        let Some(first) = origin.first().copied() else {
            return;
        };
        let start = rows.start.max(first);
        let end = rows.end.min(first.saturating_add(self.height()));
        // What of the chunk is inside, along the other axes.
        let extent: Vec<usize> = origin
            .iter()
            .zip(&self.chunk)
            .zip(&self.dims)
            .skip(1)
            .map(|((origin, length), dim)| (*length).min(dim.saturating_sub(*origin)) as usize)
            .collect();
        let row_elements = |lengths: &[u64]| lengths.iter().skip(1).product::<u64>() as usize;
        let (chunk_row, out_row) = (
            row_elements(&self.chunk) * self.element,
            row_elements(&self.dims) * self.element,
        );
        let runs = self.runs(&origin, &extent);
        for row in start..end {
            let from = (row - first) as usize * chunk_row;
            let to = (row - rows.start) as usize * out_row;
            for (source, target, length) in &runs {
                let source = image.get(from + source..from + source + length);
                let target = out.get_mut(to + target..to + target + length);
                if let (Some(source), Some(target)) = (source, target) {
                    target.copy_from_slice(source);
                }
            }
            // Rows that lie one after the other on both sides are copied at once.
            if row == start
                && chunk_row == out_row
                && runs.len() == 1
                && extent.iter().product::<usize>() * self.element == out_row
            {
                let length = (end - start) as usize * out_row;
                if let (Some(source), Some(target)) =
                    (image.get(from..from + length), out.get_mut(to..to + length))
                {
                    target.copy_from_slice(source);
                }
                return;
            }
        }
    }

    /// The runs of bytes of one row: offset in the chunk's row, in the dataset's row, length.
    fn runs(&self, origin: &[u64], extent: &[usize]) -> Vec<(usize, usize, usize)> {
        let Some((last, outer)) = extent.split_last() else {
            return vec![(0, 0, self.element)];
        };
        let strides = |lengths: &[u64]| {
            let mut stride = self.element;
            let mut strides: Vec<usize> = lengths
                .iter()
                .skip(1)
                .rev()
                .map(|length| {
                    let this = stride;
                    stride = stride.saturating_mul(*length as usize);
                    this
                })
                .collect();
            strides.reverse();
            strides
        };
        let (from, to) = (strides(&self.chunk), strides(&self.dims));
        let base: usize = origin
            .iter()
            .skip(1)
            .zip(&to)
            .map(|(origin, stride)| *origin as usize * stride)
            .sum();
        let mut runs = vec![(0, base)];
        for ((length, from), to) in outer.iter().zip(&from).zip(&to) {
            runs = runs
                .iter()
                .flat_map(|(source, target)| {
                    (0..*length).map(move |index| (source + index * from, target + index * to))
                })
                .collect();
        }
        runs.into_iter()
            .map(|(source, target)| (source, target, last * self.element))
            .collect()
    }
}

/// The chunks with any of these rows, from a tree of the first version.
pub(super) fn tree_entries(
    source: &Source,
    address: u64,
    shape: &Shape,
    rows: &Range<u64>,
) -> Result<Index, Fault> {
    let mut chunks = Vec::new();
    if address == UNDEF_ADDR {
        return Ok(Index::default());
    }
    let width = usize::from(source.context.sizeof_addr);
    let size = source
        .trees
        .chunk_btree_node_size(width, shape.rank())
        .min(MAX_PIECE);
    let mut pending = vec![(address, MAX_LEVELS)];
    let mut nodes = 0;
    while let Some((address, above)) = pending.pop() {
        nodes += 1;
        if nodes > MAX_NODES || chunks.len() > MAX_CHUNKS {
            return Err(Fault::limit(
                "the number of chunks of a few rows",
                MAX_CHUNKS.to_string(),
            ));
        }
        let bytes = source.read_upto(address, size)?;
        let node = ChunkBTreeV1Node::decode(&bytes, width, shape.rank(), source.trees.chunk_max_entries())?;
        if node.level >= above {
            return Err(Fault::broken("the index of a dataset goes in circles"));
        }
        for (child, keys) in node.children.iter().zip(node.keys.windows(2)) {
            let [low, high] = keys else { continue };
            let first =
                |key: &rust_hdf5::format::btree_v1::ChunkKey| key.offsets.first().copied().unwrap_or(0);
            if node.level > 0 {
                // All of the child's chunks begin in rows between the two keys.
                if first(low) < rows.end && first(high).saturating_add(shape.height()) > rows.start {
                    pending.push((*child, node.level));
                }
                continue;
            }
            if first(low) >= rows.end || first(low).saturating_add(shape.height()) <= rows.start {
                continue;
            }
            let coordinates = low
                .offsets
                .iter()
                .zip(shape.chunk())
                .map(|(offset, length)| offset / length);
            chunks.extend(shape.at(coordinates, *child, u64::from(low.chunk_size), low.filter_mask));
        }
    }
    Ok(Index::new(chunks))
}

/// All chunks, from an index of the second version.
pub(super) fn array_entries(
    source: &Source,
    layout: &DataLayoutMessage,
    shape: &Shape,
    max_dims: Option<&[u64]>,
) -> Result<Index, Fault> {
    let DataLayoutMessage::ChunkedV4 {
        index_type,
        index_address,
        earray_params,
        single_chunk_filter,
        ..
    } = layout
    else {
        return Err(Fault::broken("an unknown index"));
    };
    let address = *index_address;
    if address == UNDEF_ADDR {
        return Ok(Index::default());
    }
    let whole = shape.chunk_bytes() as u64;
    let slots = arrays::Slots::new(shape, max_dims)?;
    let mut chunks = Vec::new();
    match index_type {
        ChunkIndexType::SingleChunk => {
            let (bytes, mask) = single_chunk_filter
                .as_ref()
                .map_or((whole, 0), |filter| (filter.nbytes, filter.filter_mask));
            chunks.extend(shape.at(shape.dims().iter().map(|_| 0), address, bytes, mask));
        }
        ChunkIndexType::Implicit => {
            for slot in 0..slots.count {
                let at = address.saturating_add(slot.saturating_mul(whole));
                chunks.extend(slots.chunk(shape, slot, at, whole, 0));
            }
        }
        ChunkIndexType::FixedArray => arrays::fixed(source, address, shape, &slots, &mut chunks)?,
        ChunkIndexType::ExtensibleArray => {
            let parameters = earray_params
                .as_ref()
                .ok_or_else(|| Fault::broken("an index without parameters"))?;
            arrays::extensible(source, address, parameters, shape, &slots, &mut chunks)?;
        }
        ChunkIndexType::BTreeV2 => tree_two(source, address, shape, &mut chunks)?,
    }
    Ok(Index::new(chunks))
}

/// The chunks of a tree of the second version.
fn tree_two(source: &Source, address: u64, shape: &Shape, chunks: &mut Vec<Chunk>) -> Result<(), Fault> {
    let mut blocks = source.blocks();
    let head = rust_hdf5::format::BlockReader::read_block(&mut blocks, address, 256)?;
    let header = Bt2Header::decode(&head, &source.context)?;
    if header.root_node_addr == UNDEF_ADDR || header.total_num_records == 0 || header.record_size == 0 {
        return Ok(());
    }
    let records = collect_btree_v2_records(&header, &source.context, &mut blocks)?;
    let count = records.len() / usize::from(header.record_size);
    if count > MAX_CHUNKS {
        return Err(Fault::limit("the number of chunks", MAX_CHUNKS.to_string()));
    }
    let (rank, context) = (shape.rank(), &source.context);
    if header.record_type == BT2_TYPE_CHUNK_UNFILT {
        let whole = shape.chunk_bytes() as u64;
        for record in Bt2ChunkIndex::decode_unfiltered_records(&records, count, rank, context)? {
            chunks.extend(shape.at(record.scaled_offsets.into_iter(), record.chunk_address, whole, 0));
        }
    } else {
        let records =
            Bt2ChunkIndex::decode_filtered_records(&records, count, rank, header.record_size, context)?;
        for record in records {
            let coordinates = record.scaled_offsets.into_iter();
            let bytes = record.chunk_size;
            chunks.extend(shape.at(coordinates, record.chunk_address, bytes, record.filter_mask));
        }
    }
    Ok(())
}
