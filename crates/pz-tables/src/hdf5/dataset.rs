//! One dataset: its type, shape and storage, and the bytes of any of its rows. A row is all that has the same
//! first index. Must never hold more than one chunk and the rows asked for.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rust_hdf5::format::UNDEF_ADDR;
use rust_hdf5::format::messages::data_layout::DataLayoutMessage;
use rust_hdf5::format::messages::dataspace::DataspaceMessage;
use rust_hdf5::format::messages::datatype::DatatypeMessage;
use rust_hdf5::format::messages::fill_value::FillValueMessage;
use rust_hdf5::format::messages::filter::{FilterPipeline, reverse_filters_masked_bounded};
use rust_hdf5::format::messages::{
    MSG_DATA_LAYOUT, MSG_DATASPACE, MSG_DATATYPE, MSG_FILL_VALUE, MSG_FILTER_PIPELINE, MSG_FLAG_SHARED,
};
use rust_hdf5::format::object_header::ObjectHeaderMessage;

use super::attributes::Attributes;
use super::chunks::{self, Chunk, Index};
use super::fault::Fault;
use super::filters;
use super::header;
use super::source::Source;

/// Largest chunk, unpacked. One is decoded as a whole whatever is wanted of it.
const MAX_CHUNK: u64 = 128 << 20;

/// Largest row.
const MAX_ROW: u64 = 64 << 20;

/// Values may be smaller in the file than unpacked, but not without bound: gzip packs 1032 times at best.
const MAX_RATIO: u64 = 1_100;
const MAX_UNWRITTEN: u64 = 256 << 20;

/// A dataset whose header has been read.
#[derive(Debug)]
pub(super) struct Dataset {
    /// Of its object header.
    pub(super) address: u64,
    pub(super) datatype: DatatypeMessage,
    /// Empty for a single value.
    pub(super) dims: Vec<u64>,
    max_dims: Option<Vec<u64>>,
    layout: DataLayoutMessage,
    filters: Option<FilterPipeline>,
    fill: Option<Vec<u8>>,
    /// Bytes of an element.
    pub(super) element_bytes: usize,
    /// Where the chunks are, once it is known.
    index: OnceLock<Arc<Index>>,
}

impl Dataset {
    /// The dataset with these messages.
    pub(super) fn read(
        source: &Source,
        messages: &[ObjectHeaderMessage],
        address: u64,
    ) -> Result<Self, Fault> {
        let context = &source.context;
        let (mut datatype, mut space, mut layout, mut filters, mut fill) = (None, None, None, None, None);
        for message in messages {
            let data = &message.data;
            let wanted = matches!(
                message.msg_type,
                MSG_DATATYPE | MSG_DATASPACE | MSG_DATA_LAYOUT | MSG_FILTER_PIPELINE | MSG_FILL_VALUE
            );
            if wanted && message.flags & MSG_FLAG_SHARED != 0 {
                return Err(Fault::unsupported(
                    "a dataset described by shared messages",
                    "Write the file without shared messages (the default).",
                ));
            }
            match message.msg_type {
                MSG_DATATYPE => datatype = Some(DatatypeMessage::decode(data, context)?.0),
                MSG_DATASPACE => space = Some(DataspaceMessage::decode(data, context)?.0),
                MSG_DATA_LAYOUT => layout = Some(DataLayoutMessage::decode(data, context)?.0),
                MSG_FILTER_PIPELINE => {
                    filters =
                        Some(FilterPipeline::decode(data)?.0).filter(|pipeline| !pipeline.filters.is_empty());
                }
                MSG_FILL_VALUE => {
                    let message = FillValueMessage::decode(data)?.0;
                    fill = message.fill_value.filter(|_| message.fill_defined == 2);
                }
                _ => {}
            }
        }
        let (Some(datatype), Some(space), Some(layout)) = (datatype, space, layout) else {
            return Err(Fault::broken("its description is incomplete"));
        };
        layout.check_against_dataset(&space, &datatype, context)?;
        let element_bytes = datatype.element_size_ctx(context) as usize;
        let dims = if space.is_null() { vec![0] } else { space.dims };
        Ok(Self {
            address,
            datatype,
            dims,
            max_dims: space.max_dims,
            layout,
            filters,
            fill: fill.filter(|fill| fill.len() == element_bytes && element_bytes > 0),
            element_bytes,
            index: OnceLock::new(),
        })
    }

    /// Its attributes.
    pub(super) fn attributes(&self, source: &Source) -> Attributes {
        match header::read(source, self.address) {
            Ok(messages) => Attributes::read(source, &messages),
            Err(_) => Attributes::default(),
        }
    }

    /// Rows, when it is an array.
    pub(super) fn rows(&self) -> Option<u64> {
        self.dims.first().copied()
    }

    /// The shape of a row.
    pub(super) fn row_shape(&self) -> &[u64] {
        self.dims.get(1..).unwrap_or_default()
    }

    /// Bytes of a row.
    pub(super) fn row_bytes(&self) -> u64 {
        self.row_shape()
            .iter()
            .fold(self.element_bytes as u64, |bytes, length| {
                bytes.saturating_mul(*length)
            })
    }

    /// Whether its rows can be read, before any is: filters known, nothing larger than the file can be.
    pub(super) fn check(&self, source: &Source) -> Result<(), Fault> {
        let row_bytes = self.row_bytes();
        if row_bytes > MAX_ROW {
            return Err(Fault::limit(
                format!("the size of one row ({row_bytes} bytes)"),
                format!("{} MiB", MAX_ROW >> 20),
            ));
        }
        let bytes = row_bytes.saturating_mul(self.rows().unwrap_or(1));
        if self.element_bytes == 0 || self.rows().unwrap_or(0) > i64::MAX as u64 {
            return Err(Fault::broken("a dataset without size"));
        }
        match &self.layout {
            DataLayoutMessage::Compact { data } if (data.len() as u64) < bytes => {
                return Err(Fault::broken(format!("{bytes} bytes of data are {}", data.len())));
            }
            DataLayoutMessage::Contiguous { address, .. } if *address != UNDEF_ADDR => {
                source.check(*address, bytes)?;
            }
            DataLayoutMessage::Virtual { .. } => return Err(Fault::broken("a virtual dataset")),
            _ => {}
        }
        // Rows without bytes are counted, too.
        if bytes.max(self.rows().unwrap_or(0))
            > MAX_UNWRITTEN.saturating_add(source.file_bytes().saturating_mul(MAX_RATIO))
        {
            return Err(Fault::limit(
                format!("its size of {bytes} bytes in a file of {}", source.file_bytes()),
                format!("{MAX_RATIO} times the file"),
            ));
        }
        if let Some(chunk) = self.chunk() {
            let bytes = chunk.iter().fold(self.element_bytes as u64, |bytes, length| {
                bytes.saturating_mul(*length)
            });
            if bytes > MAX_CHUNK {
                return Err(Fault::limit(
                    format!("the size of a chunk ({bytes} bytes)"),
                    format!("{} MiB", MAX_CHUNK >> 20),
                ));
            }
            if bytes == 0 || chunk.len() != self.dims.len() {
                return Err(Fault::broken("its chunks do not fit its shape"));
            }
        }
        filters::check(self.filters.as_ref())
    }

    /// Shape of a chunk.
    fn chunk(&self) -> Option<&[u64]> {
        let (DataLayoutMessage::ChunkedV3 { chunk_dims: dims, .. }
        | DataLayoutMessage::ChunkedV4 { chunk_dims: dims, .. }) = &self.layout
        else {
            return None;
        };
        // The last is the size of an element.
        dims.split_last().map(|(_, dims)| dims)
    }

    /// Where a piece of rows that starts with `row` should end, for about `bytes` bytes and so that no chunk is
    /// decoded for two pieces unless it has more than `most` bytes.
    pub(super) fn piece_end(&self, row: u64, bytes: u64, most: u64) -> u64 {
        let row_bytes = self.row_bytes().max(1);
        let few = row.saturating_add((bytes / row_bytes).max(1));
        let Some(height) = self
            .chunk()
            .and_then(|chunk| chunk.first().copied())
            .filter(|height| *height > 0)
        else {
            return few;
        };
        let band = height.saturating_mul(row_bytes);
        if band > most {
            return row.saturating_add((most / row_bytes).max(1));
        }
        (row / height)
            .saturating_add((bytes / band).max(1))
            .saturating_mul(height)
    }

    /// The bytes of these rows, in C order.
    pub(super) fn read_rows(&self, source: &Source, rows: Range<u64>) -> Result<Vec<u8>, Fault> {
        let row_bytes = self.row_bytes();
        let total = row_bytes.saturating_mul(rows.end.saturating_sub(rows.start));
        let length = usize::try_from(total).unwrap_or(usize::MAX);
        let mut bytes = vec![0u8; length];
        if let Some(fill) = &self.fill {
            bytes
                .chunks_exact_mut(fill.len())
                .for_each(|element| element.copy_from_slice(fill));
        }
        match &self.layout {
            DataLayoutMessage::Compact { data } => {
                let start = usize::try_from(rows.start.saturating_mul(row_bytes)).unwrap_or(usize::MAX);
                let stored = data.get(start..).and_then(|data| data.get(..length));
                bytes.copy_from_slice(stored.ok_or_else(|| Fault::broken("its data are cut off"))?);
            }
            DataLayoutMessage::Contiguous { address, .. } => {
                if *address != UNDEF_ADDR && length > 0 {
                    let start = address.saturating_add(rows.start.saturating_mul(row_bytes));
                    source.read_into(start, &mut bytes)?;
                }
            }
            DataLayoutMessage::ChunkedV3 { .. } | DataLayoutMessage::ChunkedV4 { .. } => {
                if length > 0 {
                    self.read_chunks(source, &rows, &mut bytes)?;
                }
            }
            DataLayoutMessage::Virtual { .. } => return Err(Fault::broken("a virtual dataset")),
        }
        Ok(bytes)
    }

    fn read_chunks(&self, source: &Source, rows: &Range<u64>, out: &mut [u8]) -> Result<(), Fault> {
        let shape = chunks::Shape::new(&self.dims, self.chunk().unwrap_or_default(), self.element_bytes)?;
        let found = match &self.layout {
            DataLayoutMessage::ChunkedV3 { b_tree_address, .. } => {
                Arc::new(chunks::tree_entries(source, *b_tree_address, &shape, rows)?)
            }
            layout => match self.index.get() {
                Some(index) => index.clone(),
                None => {
                    let index = chunks::array_entries(source, layout, &shape, self.max_dims.as_deref())?;
                    self.index.get_or_init(|| Arc::new(index)).clone()
                }
            },
        };
        for chunk in found.of_rows(rows, &shape) {
            let image = self.decode(source, chunk, &shape)?;
            shape.place(chunk, &image, rows, out);
        }
        Ok(())
    }

    /// The unpacked bytes of a chunk.
    fn decode(&self, source: &Source, chunk: &Chunk, shape: &chunks::Shape) -> Result<Vec<u8>, Fault> {
        let wanted = shape.chunk_bytes();
        let stored = usize::try_from(chunk.bytes).unwrap_or(usize::MAX);
        // Incompressible data grow a little.
        if stored > wanted.saturating_add(wanted / 8).saturating_add(1 << 16) {
            return Err(Fault::broken(format!("a chunk of {wanted} bytes takes {stored}")));
        }
        let packed = source.read(chunk.address, stored)?;
        // Chunks that hang over the edge may be left as they are.
        let plain = matches!(&self.layout, DataLayoutMessage::ChunkedV4 { flags, .. } if flags & 1 != 0)
            && shape.hangs_over(chunk);
        let image = match &self.filters {
            Some(pipeline) if !plain => {
                reverse_filters_masked_bounded(pipeline, &packed, chunk.mask, wanted)?
            }
            _ => packed,
        };
        if image.len() < wanted {
            return Err(Fault::broken(format!(
                "a chunk has {} bytes instead of {wanted}",
                image.len()
            )));
        }
        Ok(image)
    }
}
