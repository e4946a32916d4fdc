//! Object headers: all messages of an object, from its continuation blocks too, with types that are kept elsewhere
//! put in their place. Must never follow a chain of blocks without bound.

use std::collections::HashSet;

use rust_hdf5::format::messages::{MSG_DATATYPE, MSG_FLAG_SHARED, MSG_OBJ_HEADER_CONTINUATION};
use rust_hdf5::format::object_header::{ObjectHeader, ObjectHeaderMessage};
use rust_hdf5::format::sohm::{SharedLocation, SharedMessagePointer};
use rust_hdf5::format::{FormatError, UNDEF_ADDR};

use super::fault::Fault;
use super::source::{MAX_PIECE, Source, little_endian};

const MAX_BLOCKS: usize = 4_096;

/// A type may be kept with another object, and that one's again.
const MAX_SHARED_DEPTH: usize = 4;

/// The messages of the object at `address`.
pub(super) fn read(source: &Source, address: u64) -> Result<Vec<ObjectHeaderMessage>, Fault> {
    read_at(source, address, 0)
}

fn read_at(source: &Source, address: u64, depth: usize) -> Result<Vec<ObjectHeaderMessage>, Fault> {
    let mut messages = read_chain(source, address)?;
    for position in 0..messages.len() {
        let Some(message) = messages.get(position) else {
            break;
        };
        if message.flags & MSG_FLAG_SHARED == 0 {
            continue;
        }
        // Attributes that are kept elsewhere only decorate; nothing else than types is ever shared by the
        // writers of tables.
        if message.msg_type != MSG_DATATYPE {
            continue;
        }
        let pointer = SharedMessagePointer::decode(&message.data, &source.context)?;
        if pointer.location != SharedLocation::Committed || depth >= MAX_SHARED_DEPTH {
            return Err(Fault::unsupported(
                "a type that is kept in a heap of shared messages",
                "Write the file without shared messages (the default).",
            ));
        }
        let body = if pointer.oh_addr == address {
            own_type(&messages)
        } else {
            own_type(&read_at(source, pointer.oh_addr, depth + 1)?)
        };
        let body = body.ok_or_else(|| Fault::broken("a named type has no type"))?;
        if let Some(message) = messages.get_mut(position) {
            message.data = body;
            message.flags &= !MSG_FLAG_SHARED;
        }
    }
    Ok(messages)
}

fn own_type(messages: &[ObjectHeaderMessage]) -> Option<Vec<u8>> {
    let own = |message: &&ObjectHeaderMessage| {
        message.msg_type == MSG_DATATYPE && message.flags & MSG_FLAG_SHARED == 0
    };
    messages.iter().find(own).map(|message| message.data.clone())
}

/// The messages as they stand.
fn read_chain(source: &Source, address: u64) -> Result<Vec<ObjectHeaderMessage>, Fault> {
    let mut bytes = source.read_upto(address, 512)?;
    if let Err(FormatError::BufferTooShort { needed, .. }) = ObjectHeader::decode_any(&bytes)
        && needed > bytes.len()
    {
        if needed > MAX_PIECE {
            return Err(Fault::broken(format!("an object header of {needed} bytes")));
        }
        bytes = source.read_upto(address, needed)?;
    }
    let (header, _) = ObjectHeader::decode_any(&bytes)?;
    let second_version = bytes.starts_with(b"OHDR");
    let tracks_order = second_version && header.has_creation_order();
    let mut messages = header.messages;
    let mut pending = Vec::new();
    continuations(source, &messages, &mut pending);
    let mut visited = HashSet::new();
    let mut total = 0usize;
    while let Some((block_address, length)) = pending.pop() {
        if block_address == UNDEF_ADDR || length == 0 || !visited.insert(block_address) {
            continue;
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        total = total.saturating_add(length);
        if visited.len() > MAX_BLOCKS || total > MAX_PIECE {
            return Err(Fault::broken("an object header without end"));
        }
        let block = source.read(block_address, length)?;
        let start = messages.len();
        if second_version {
            second_version_block(&block, tracks_order, &mut messages)?;
        } else {
            first_version_block(&block, &mut messages);
        }
        continuations(source, messages.get(start..).unwrap_or_default(), &mut pending);
    }
    Ok(messages)
}

fn continuations(source: &Source, messages: &[ObjectHeaderMessage], pending: &mut Vec<(u64, u64)>) {
    let (address, size) = (
        usize::from(source.context.sizeof_addr),
        usize::from(source.context.sizeof_size),
    );
    for message in messages {
        if message.msg_type != MSG_OBJ_HEADER_CONTINUATION {
            continue;
        }
        if let (Some(at), Some(length)) = (
            message.data.get(..address),
            message.data.get(address..address + size),
        ) {
            pending.push((little_endian(at), little_endian(length)));
        }
    }
}

/// `OCHK`, messages of 4 (6) bytes of head each, checksum.
fn second_version_block(
    block: &[u8],
    tracks_order: bool,
    messages: &mut Vec<ObjectHeaderMessage>,
) -> Result<(), Fault> {
    let body = block
        .strip_prefix(b"OCHK")
        .and_then(|rest| rest.split_last_chunk::<4>());
    let Some((mut rest, checksum)) = body else {
        return Err(Fault::broken("a continuation of an object header is damaged"));
    };
    let covered = block.get(..block.len() - 4).unwrap_or_default();
    if rust_hdf5::format::checksum::checksum_metadata(covered) != u32::from_le_bytes(*checksum) {
        return Err(Fault::broken("the checksum of an object header does not fit"));
    }
    let head = if tracks_order { 6 } else { 4 };
    while let Some(([kind, low, high, flags, order @ ..], tail)) = rest.split_at_checked(head) {
        let Some((data, next)) = tail.split_at_checked(usize::from(u16::from_le_bytes([*low, *high]))) else {
            break;
        };
        push(
            messages,
            u16::from(*kind),
            *flags,
            little_endian(order) as u16,
            data,
        );
        rest = next;
    }
    Ok(())
}

/// Messages of 8 bytes of head each, all of a multiple of 8 bytes.
fn first_version_block(block: &[u8], messages: &mut Vec<ObjectHeaderMessage>) {
    let mut rest = block;
    while let Some(([k0, k1, low, high, flags, ..], tail)) = rest.split_at_checked(8) {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let Some(data) = tail.get(..length) else { break };
        push(messages, u16::from_le_bytes([*k0, *k1]), *flags, 0, data);
        rest = tail.get(length.next_multiple_of(8)..).unwrap_or_default();
    }
}

fn push(messages: &mut Vec<ObjectHeaderMessage>, kind: u16, flags: u8, creation_index: u16, data: &[u8]) {
    if let Ok(msg_type @ 1..) = u8::try_from(kind) {
        messages.push(ObjectHeaderMessage {
            msg_type,
            flags,
            creation_index,
            data: data.to_vec(),
        });
    }
}
