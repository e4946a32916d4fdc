//! The two arrays that index chunks: the fixed one of datasets of fixed shape and the extensible one of datasets
//! that grow along one axis (`libver='latest'`). Must never make an entry for a chunk that the dataset cannot
//! have.

use rust_hdf5::format::UNDEF_ADDR;
use rust_hdf5::format::chunk_index::extensible_array::{
    EA_CLS_FILT_CHUNK, EaGeometry, ExtensibleArrayDataBlock, ExtensibleArrayHeader,
    ExtensibleArrayIndexBlock, ExtensibleArraySuperBlock, FilteredChunkEntry, FilteredDataBlock,
    FilteredIndexBlock,
};
use rust_hdf5::format::chunk_index::fixed_array::{
    FA_CLIENT_FILT_CHUNK, FixedArrayDataBlock, FixedArrayHeader, FixedArrayPagedPrefix, decode_filtered_page,
    decode_unfiltered_page,
};
use rust_hdf5::format::messages::data_layout::EarrayParams;

use super::chunks::{Chunk, MAX_CHUNKS, Shape};
use super::fault::Fault;
use super::source::{MAX_PIECE, Source, little_endian};

/// How the entries of an array are numbered: by the grid of the largest shape allowed, C order, the unlimited axis
/// first.
pub(super) struct Slots {
    grid: Vec<u64>,
    first_axis: usize,
    /// Entries that can be chunks of the dataset.
    pub(super) count: u64,
}

impl Slots {
    pub(super) fn new(shape: &Shape, max_dims: Option<&[u64]>) -> Result<Self, Fault> {
        let unlimited = |axis: usize| max_dims.and_then(|dims| dims.get(axis)) == Some(&u64::MAX);
        let grid: Vec<u64> = shape
            .dims()
            .iter()
            .zip(shape.chunk())
            .enumerate()
            .map(|(axis, (length, chunk))| {
                let length = match max_dims.and_then(|dims| dims.get(axis)) {
                    Some(most) if *most != u64::MAX => *most,
                    _ => *length,
                };
                length.div_ceil(*chunk)
            })
            .collect();
        let first_axis = (0..shape.rank()).find(|axis| unlimited(*axis)).unwrap_or(0);
        // Beyond the last chunk along the slowest axis there is nothing to look for.
        let used = |axis: usize| match (shape.dims().get(axis), shape.chunk().get(axis)) {
            (Some(length), Some(chunk)) => length.div_ceil(*chunk),
            _ => 0,
        };
        let count = grid
            .iter()
            .enumerate()
            .map(|(axis, cells)| if axis == first_axis { used(axis) } else { *cells })
            .fold(1u64, u64::saturating_mul);
        if count > MAX_CHUNKS as u64 {
            return Err(Fault::limit(
                format!("the number of chunks ({count})"),
                MAX_CHUNKS.to_string(),
            ));
        }
        Ok(Self {
            grid,
            first_axis,
            count,
        })
    }

    /// The chunk of an entry.
    pub(super) fn chunk(
        &self,
        shape: &Shape,
        slot: u64,
        address: u64,
        bytes: u64,
        mask: u32,
    ) -> Option<Chunk> {
        if address == UNDEF_ADDR {
            return None;
        }
        let mut coordinates = vec![0; self.grid.len()];
        let mut rest = slot;
        for (axis, (coordinate, cells)) in coordinates.iter_mut().zip(&self.grid).enumerate().rev() {
            if axis != self.first_axis {
                *coordinate = rest % (*cells).max(1);
                rest /= (*cells).max(1);
            }
        }
        if let Some(coordinate) = coordinates.get_mut(self.first_axis) {
            *coordinate = rest;
        }
        shape.at(coordinates.into_iter(), address, bytes, mask)
    }
}

/// An entry: address, bytes in the file, filters left out.
type Entry = (u64, u64, u32);

/// The entries of a fixed array.
pub(super) fn fixed(
    source: &Source,
    address: u64,
    shape: &Shape,
    slots: &Slots,
    chunks: &mut Vec<Chunk>,
) -> Result<(), Fault> {
    let context = &source.context;
    let header = FixedArrayHeader::decode(&source.read_upto(address, 256)?, context)?;
    if header.data_blk_addr == UNDEF_ADDR {
        return Ok(());
    }
    let width = usize::from(context.sizeof_addr);
    let filtered = header.client_id == FA_CLIENT_FILT_CHUNK;
    let size_width = size_width(filtered, header.element_size, width)?;
    let entry_bytes = if filtered { width + size_width + 4 } else { width };
    let count = usize::try_from(header.num_elmts).unwrap_or(usize::MAX);
    if count > MAX_CHUNKS || (count.saturating_mul(entry_bytes) as u64) > source.file_bytes() {
        return Err(Fault::broken(format!("its index claims {count} chunks")));
    }
    let whole = shape.chunk_bytes() as u64;
    let mut slot = 0u64;
    let mut keep = |entries: &mut dyn Iterator<Item = Entry>| {
        for (address, bytes, mask) in entries {
            chunks.extend(slots.chunk(shape, slot, address, bytes, mask));
            slot += 1;
        }
    };
    if !header.is_paged() {
        let length = 10 + width + count * entry_bytes;
        let block = source.read_upto(header.data_blk_addr, length)?;
        if filtered {
            let block = FixedArrayDataBlock::decode_filtered(&block, context, count, size_width)?;
            let entries = block.filtered_elements.iter();
            keep(&mut entries.map(|entry| (entry.address, entry.chunk_size, entry.filter_mask)));
        } else {
            let block = FixedArrayDataBlock::decode_unfiltered(&block, context, count)?;
            keep(&mut block.elements.iter().map(|address| (*address, whole, 0)));
        }
        return Ok(());
    }
    let pages = header.npages();
    let page_entries = header.dblk_page_nelmts();
    let prefix_bytes = 10 + width + (pages as usize).div_ceil(8);
    let prefix = source.read_upto(header.data_blk_addr, prefix_bytes)?;
    let prefix = FixedArrayPagedPrefix::decode(&prefix, context, pages)?;
    let stride = page_entries * entry_bytes as u64 + 4;
    let start = header.data_blk_addr.saturating_add(prefix.prefix_size as u64);
    for page in 0..pages {
        let entries = page_entries.min(header.num_elmts - page * page_entries) as usize;
        if !prefix.page_initialized(page as usize) {
            keep(&mut std::iter::repeat_n((UNDEF_ADDR, 0, 0), entries));
            continue;
        }
        let bytes = source.read_upto(start.saturating_add(page * stride), entries * entry_bytes + 4)?;
        if filtered {
            let page = decode_filtered_page(&bytes, context, entries, size_width)?;
            keep(
                &mut page
                    .iter()
                    .map(|entry| (entry.address, entry.chunk_size, entry.filter_mask)),
            );
        } else {
            let page = decode_unfiltered_page(&bytes, context, entries)?;
            keep(&mut page.iter().map(|address| (*address, whole, 0)));
        }
    }
    Ok(())
}

/// Bytes in which an entry gives the size of its chunk.
fn size_width(filtered: bool, entry_bytes: u8, address_width: usize) -> Result<usize, Fault> {
    if !filtered {
        return Ok(0);
    }
    usize::from(entry_bytes)
        .checked_sub(address_width + 4)
        .filter(|width| (1..=8).contains(width))
        .ok_or_else(|| Fault::broken("the entries of its index have a wrong size"))
}

/// The entries of an extensible array: some in the index block, the rest in data blocks that double in size, their
/// addresses in the index block and in super blocks.
pub(super) fn extensible(
    source: &Source,
    address: u64,
    parameters: &EarrayParams,
    shape: &Shape,
    slots: &Slots,
    chunks: &mut Vec<Chunk>,
) -> Result<(), Fault> {
    let context = &source.context;
    let header = ExtensibleArrayHeader::decode(&source.read_upto(address, 256)?, context)?;
    if header.idx_blk_addr == UNDEF_ADDR {
        return Ok(());
    }
    let geometry = EaGeometry::new(
        parameters.idx_blk_elmts,
        parameters.data_blk_min_elmts,
        parameters.sup_blk_min_data_ptrs,
        parameters.max_nelmts_bits,
        parameters.max_dblk_page_nelmts_bits,
    )?;
    let width = usize::from(context.sizeof_addr);
    let filtered = header.class_id == EA_CLS_FILT_CHUNK;
    let size_width = size_width(filtered, header.raw_elmt_size, width)?;
    let mut array = Extensible {
        source,
        geometry: &geometry,
        bits: parameters.max_nelmts_bits,
        filtered,
        size_width: size_width as u8,
        entry_bytes: if filtered { width + size_width + 4 } else { width },
        whole: shape.chunk_bytes() as u64,
        shape,
        slots,
        slot: 0,
        chunks,
    };
    let block = source.read_upto(header.idx_blk_addr, 1 << 16)?;
    let direct = usize::from(parameters.idx_blk_elmts);
    let (data_blocks, super_blocks) = if filtered {
        let block = FilteredIndexBlock::decode(
            &block,
            context,
            direct,
            geometry.ndblk_addrs,
            geometry.nsblk_addrs,
            size_width as u8,
        )?;
        block
            .elements
            .iter()
            .for_each(|entry| array.push((entry.addr, entry.nbytes, entry.filter_mask)));
        (block.dblk_addrs, block.sblk_addrs)
    } else {
        let block = ExtensibleArrayIndexBlock::decode(
            &block,
            context,
            direct,
            geometry.ndblk_addrs,
            geometry.nsblk_addrs,
        )?;
        block
            .elements
            .iter()
            .for_each(|address| array.push_plain(*address));
        (block.dblk_addrs, block.sblk_addrs)
    };
    for (number, level) in geometry.sblk.iter().enumerate() {
        if array.is_full() {
            break;
        }
        let blocks = usize::try_from(level.ndblks).unwrap_or(usize::MAX);
        if number < geometry.iblock_nsblks {
            let first = usize::try_from(level.start_dblk).unwrap_or(usize::MAX);
            for position in 0..blocks {
                let address = data_blocks
                    .get(first.saturating_add(position))
                    .copied()
                    .unwrap_or(UNDEF_ADDR);
                array.data_block(number, address, None)?;
            }
            continue;
        }
        let address = super_blocks
            .get(number - geometry.iblock_nsblks)
            .copied()
            .unwrap_or(UNDEF_ADDR);
        if address == UNDEF_ADDR {
            array.skip(level.ndblks.saturating_mul(level.dblk_nelmts));
            continue;
        }
        let bitmap = if geometry.is_sblk_paged(number) {
            blocks.saturating_mul(geometry.dblk_page_init_size(number))
        } else {
            0
        };
        let length = blocks
            .saturating_mul(width)
            .saturating_add(bitmap)
            .saturating_add(18 + width);
        if length > MAX_PIECE {
            return Err(Fault::broken("a block of its index is larger than any"));
        }
        let bytes = source.read_upto(address, length)?;
        let block =
            ExtensibleArraySuperBlock::decode(&bytes, context, parameters.max_nelmts_bits, blocks, bitmap)?;
        for (position, address) in block.dblk_addrs.iter().enumerate() {
            array.data_block(number, *address, Some((position, &block.page_init)))?;
        }
    }
    Ok(())
}

struct Extensible<'a> {
    source: &'a Source,
    geometry: &'a EaGeometry,
    bits: u8,
    filtered: bool,
    size_width: u8,
    entry_bytes: usize,
    whole: u64,
    shape: &'a Shape,
    slots: &'a Slots,
    slot: u64,
    chunks: &'a mut Vec<Chunk>,
}

impl Extensible<'_> {
    fn is_full(&self) -> bool {
        self.slot >= self.slots.count
    }

    fn push(&mut self, (address, bytes, mask): Entry) {
        if !self.is_full() {
            self.chunks
                .extend(self.slots.chunk(self.shape, self.slot, address, bytes, mask));
        }
        self.slot = self.slot.saturating_add(1);
    }

    fn push_plain(&mut self, address: u64) {
        self.push((address, self.whole, 0));
    }

    fn skip(&mut self, entries: u64) {
        self.slot = self.slot.saturating_add(entries);
    }

    /// A data block of the level `number`; in a paged one only pages marked in the super block's bitmap exist.
    fn data_block(
        &mut self,
        number: usize,
        address: u64,
        pages: Option<(usize, &[u8])>,
    ) -> Result<(), Fault> {
        if self.is_full() {
            return Ok(());
        }
        let context = &self.source.context;
        let entries = self
            .geometry
            .sblk
            .get(number)
            .map_or(0, |level| level.dblk_nelmts);
        if address == UNDEF_ADDR {
            self.skip(entries);
            return Ok(());
        }
        let prefix = self.geometry.dblk_prefix_size(context.sizeof_addr, self.bits);
        if self.geometry.is_sblk_paged(number) {
            let (position, bitmap) = pages.unwrap_or((0, &[]));
            return self.pages(number, address.saturating_add(prefix as u64), position, bitmap);
        }
        let entries = usize::try_from(entries).unwrap_or(usize::MAX);
        let length = entries.saturating_mul(self.entry_bytes).saturating_add(prefix);
        if length > MAX_PIECE {
            return Err(Fault::broken("a block of its index is larger than any"));
        }
        let bytes = self.source.read_upto(address, length)?;
        if self.filtered {
            let block = FilteredDataBlock::decode(&bytes, context, self.bits, entries, self.size_width)?;
            for entry in &block.elements {
                self.push((entry.addr, entry.nbytes, entry.filter_mask));
            }
        } else {
            let block = ExtensibleArrayDataBlock::decode(&bytes, context, self.bits, entries)?;
            block
                .elements
                .iter()
                .for_each(|address| self.push_plain(*address));
        }
        Ok(())
    }

    fn pages(&mut self, number: usize, start: u64, position: usize, bitmap: &[u8]) -> Result<(), Fault> {
        let pages = usize::try_from(self.geometry.npages(number)).unwrap_or(usize::MAX);
        let entries = self.geometry.dblk_page_nelmts;
        let length = usize::try_from(entries)
            .ok()
            .and_then(|entries| entries.checked_mul(self.entry_bytes))
            .filter(|length| *length <= MAX_PIECE)
            .ok_or_else(|| Fault::broken("a page of its index is larger than any"))?;
        for page in 0..pages {
            if self.is_full() {
                break;
            }
            let bit = position.saturating_mul(pages).saturating_add(page);
            if bitmap
                .get(bit / 8)
                .is_none_or(|byte| byte & (0x80 >> (bit % 8)) == 0)
            {
                self.skip(entries);
                continue;
            }
            let address = start.saturating_add(page as u64 * (length as u64 + 4));
            let bytes = self.source.read(address, length)?;
            let width = usize::from(self.source.context.sizeof_addr);
            for entry in bytes.chunks_exact(self.entry_bytes) {
                if self.filtered {
                    let entry = FilteredChunkEntry::decode(entry, width, usize::from(self.size_width));
                    self.push((entry.addr, entry.nbytes, entry.filter_mask));
                } else {
                    let address = little_endian(entry);
                    let undefined = UNDEF_ADDR >> (64 - 8 * width.clamp(1, 8));
                    self.push_plain(if address == undefined { UNDEF_ADDR } else { address });
                }
            }
        }
        Ok(())
    }
}
