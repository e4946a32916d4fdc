//! Everything that is in the file, and nothing that is not: groups, datasets and their order. A file with anything
//! in it that points to another file is refused here, before any value is read: external links, external raw
//! data, virtual datasets. Must never follow a link other than a hard one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rust_hdf5::format::UNDEF_ADDR;
use rust_hdf5::format::btree_v1::BTreeV1Node;
use rust_hdf5::format::dense_link::read_dense_links;
use rust_hdf5::format::local_heap::{LocalHeapHeader, local_heap_get_string};
use rust_hdf5::format::messages::data_layout::DataLayoutMessage;
use rust_hdf5::format::messages::link::{LinkMessage, LinkTarget};
use rust_hdf5::format::messages::link_info::LinkInfoMessage;
use rust_hdf5::format::messages::{
    MSG_DATA_LAYOUT, MSG_DATASPACE, MSG_DATATYPE, MSG_EXTERNAL_FILE_LIST, MSG_GROUP_INFO, MSG_LINK,
    MSG_LINK_INFO, MSG_SYMBOL_TABLE,
};
use rust_hdf5::format::object_header::ObjectHeaderMessage;
use rust_hdf5::format::superblock::SymbolTableCache;
use rust_hdf5::format::symbol_table::SymbolTableNode;

use super::attributes::Attributes;
use super::dataset::Dataset;
use super::fault::Fault;
use super::header;
use super::source::{MAX_PIECE, Source, little_endian};

/// Links in the whole file.
const MAX_LINKS: usize = 300_000;

/// Bytes of all object headers.
const MAX_HEADERS: usize = 128 << 20;

/// Groups within groups.
const MAX_DEPTH: usize = 64;

/// Nodes of one group's tree.
const MAX_NODES: usize = 100_000;

const REMEDY: &str =
    "Write a file that holds all of its data itself (with h5py: copy the values into new datasets).";

/// A group and what is directly in it, in the order of the file.
#[derive(Debug)]
pub(super) struct Group {
    /// Names from the root on, joined by `/`; empty for the root.
    pub(super) path: String,
    pub(super) attributes: Attributes,
    pub(super) children: Vec<Child>,
}

/// What a group holds under one name.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) name: String,
    pub(super) object: Object,
}

/// What a name stands for.
#[derive(Debug, Clone)]
pub(super) enum Object {
    Group,
    Dataset(Arc<Dataset>),
    /// A dataset that cannot be read, and why.
    Unreadable(Arc<Fault>),
}

impl Group {
    /// The path of what is called `name` in this group.
    pub(super) fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// The dataset called `name`.
    pub(super) fn dataset(&self, name: &str) -> Option<&Arc<Dataset>> {
        self.children.iter().find_map(|child| match &child.object {
            Object::Dataset(dataset) if child.name == name => Some(dataset),
            _ => None,
        })
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}/{name}")
    }
}

/// All groups, a group before those within it, in the order of the file.
pub(super) fn groups(source: &Source) -> Result<Vec<Group>, Fault> {
    let mut walk = Walk {
        source,
        links: 0,
        header_bytes: 0,
        groups: HashSet::from([source.root]),
        datasets: HashMap::new(),
        found: Vec::new(),
    };
    let messages = walk.header(source.root, "the root group")?;
    walk.group("", &messages, source.root_table, 0)?;
    Ok(walk.found)
}

struct Walk<'a> {
    source: &'a Source,
    links: usize,
    header_bytes: usize,
    /// Addresses of the groups met: a second name of a group is not followed.
    groups: HashSet<u64>,
    datasets: HashMap<u64, Object>,
    found: Vec<Group>,
}

impl Walk<'_> {
    fn header(&mut self, address: u64, path: &str) -> Result<Vec<ObjectHeaderMessage>, Fault> {
        let messages = header::read(self.source, address)?;
        self.header_bytes += messages
            .iter()
            .map(|message| message.data.len() + 16)
            .sum::<usize>();
        if self.header_bytes > MAX_HEADERS {
            return Err(Fault::limit(
                "what the file says about its objects",
                format!("{} MiB", MAX_HEADERS >> 20),
            ));
        }
        refuse_outside(self.source, &messages, path)?;
        Ok(messages)
    }

    fn group(
        &mut self,
        path: &str,
        messages: &[ObjectHeaderMessage],
        table: Option<(u64, u64)>,
        depth: usize,
    ) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::limit("the nesting of its groups", MAX_DEPTH.to_string()));
        }
        let links = links(self.source, messages, table)?;
        self.links += links.len();
        if self.links > MAX_LINKS {
            return Err(Fault::limit("the number of its objects", MAX_LINKS.to_string()));
        }
        let position = self.found.len();
        self.found.push(Group {
            attributes: Attributes::read(self.source, messages),
            children: Vec::with_capacity(links.len()),
            path: path.to_owned(),
        });
        for link in links {
            let child_path = join(path, &link.name);
            let object = match link.target {
                LinkTarget::Hard { address } => self.object(&child_path, address, link.table, depth)?,
                LinkTarget::External { .. } | LinkTarget::UserDefined { .. } => {
                    return Err(Fault::Outside {
                        what: format!("'{child_path}' is a link to an object in another file"),
                        remedy: REMEDY,
                    });
                }
                // It points to what is here anyway, or to nothing.
                LinkTarget::Soft { .. } => None,
            };
            if let (Some(object), Some(group)) = (object, self.found.get_mut(position)) {
                group.children.push(Child {
                    name: link.name,
                    object,
                });
            }
        }
        Ok(())
    }

    fn object(
        &mut self,
        path: &str,
        address: u64,
        table: Option<(u64, u64)>,
        depth: usize,
    ) -> Result<Option<Object>, Fault> {
        if let Some(known) = self.datasets.get(&address) {
            return Ok(Some(known.clone()));
        }
        if self.groups.contains(&address) {
            return Ok(None);
        }
        let messages = match self.header(address, path) {
            Ok(messages) => messages,
            Err(fault @ (Fault::Broken(_) | Fault::Unsupported { .. })) => {
                let object = Object::Unreadable(Arc::new(fault));
                self.datasets.insert(address, object.clone());
                return Ok(Some(object));
            }
            Err(fault) => return Err(fault),
        };
        let has = |kind: u8| messages.iter().any(|message| message.msg_type == kind);
        if has(MSG_DATATYPE) && has(MSG_DATASPACE) && has(MSG_DATA_LAYOUT) {
            let object = match Dataset::read(self.source, &messages, address) {
                Ok(dataset) => Object::Dataset(Arc::new(dataset)),
                Err(fault @ (Fault::Broken(_) | Fault::Unsupported { .. })) => {
                    Object::Unreadable(Arc::new(fault))
                }
                Err(fault) => return Err(fault),
            };
            self.datasets.insert(address, object.clone());
            return Ok(Some(object));
        }
        if has(MSG_LINK) || has(MSG_LINK_INFO) || has(MSG_SYMBOL_TABLE) || has(MSG_GROUP_INFO) {
            self.groups.insert(address);
            self.group(path, &messages, table, depth + 1)?;
            return Ok(Some(Object::Group));
        }
        // A named type.
        Ok(None)
    }
}

/// Refuses what keeps its data elsewhere.
fn refuse_outside(source: &Source, messages: &[ObjectHeaderMessage], path: &str) -> Result<(), Fault> {
    for message in messages {
        let what = match message.msg_type {
            MSG_EXTERNAL_FILE_LIST => format!("the data of '{path}' lie in another file"),
            MSG_DATA_LAYOUT
                if matches!(
                    DataLayoutMessage::decode(&message.data, &source.context),
                    Ok((DataLayoutMessage::Virtual { .. }, _))
                ) =>
            {
                format!("'{path}' is a virtual dataset, made of datasets of other files")
            }
            _ => continue,
        };
        return Err(Fault::Outside { what, remedy: REMEDY });
    }
    Ok(())
}

struct Link {
    name: String,
    target: LinkTarget,
    order: Option<i64>,
    table: Option<(u64, u64)>,
}

/// The links of a group: by creation when the file keeps that order, else by name.
fn links(
    source: &Source,
    messages: &[ObjectHeaderMessage],
    table: Option<(u64, u64)>,
) -> Result<Vec<Link>, Fault> {
    let mut found = Vec::new();
    let mut modern = false;
    for message in messages {
        match message.msg_type {
            MSG_LINK => {
                modern = true;
                found.push(LinkMessage::decode(&message.data, &source.context)?.0);
            }
            MSG_LINK_INFO => {
                modern = true;
                let (info, _) = LinkInfoMessage::decode(&message.data, &source.context)?;
                found.extend(read_dense_links(&info, &source.context, &mut source.blocks())?);
            }
            _ => {}
        }
    }
    let mut links: Vec<Link> = found
        .into_iter()
        .map(|link| Link {
            name: link.name,
            target: link.target,
            order: link.creation_order,
            table: None,
        })
        .collect();
    if !modern && let Some((tree, heap)) = table.or_else(|| symbol_table(source, messages)) {
        links = old_links(source, tree, heap)?;
    }
    if links.iter().all(|link| link.order.is_some()) {
        links.sort_by_key(|link| link.order);
    } else {
        links.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(links)
}

fn symbol_table(source: &Source, messages: &[ObjectHeaderMessage]) -> Option<(u64, u64)> {
    let width = usize::from(source.context.sizeof_addr);
    let message = messages
        .iter()
        .find(|message| message.msg_type == MSG_SYMBOL_TABLE)?;
    let address = |range: std::ops::Range<usize>| message.data.get(range).map(little_endian);
    Some((address(0..width)?, address(width..2 * width)?))
}

/// The links of a group of the first version: a tree of nodes, names in a local heap.
fn old_links(source: &Source, tree: u64, heap: u64) -> Result<Vec<Link>, Fault> {
    if tree == UNDEF_ADDR || heap == UNDEF_ADDR {
        return Ok(Vec::new());
    }
    let widths = (
        usize::from(source.context.sizeof_addr),
        usize::from(source.context.sizeof_size),
    );
    let heap = LocalHeapHeader::decode(&source.read_upto(heap, 64)?, widths.0, widths.1)?;
    let length = usize::try_from(heap.data_size).unwrap_or(usize::MAX);
    if length > MAX_PIECE {
        return Err(Fault::limit(
            "the names of one group",
            format!("{} MiB", MAX_PIECE >> 20),
        ));
    }
    let names = source.read(heap.data_addr, length)?;
    let mut links = Vec::new();
    let mut visited = HashSet::new();
    let mut pending = vec![tree];
    while let Some(address) = pending.pop() {
        if !visited.insert(address) {
            continue;
        }
        if visited.len() > MAX_NODES {
            return Err(Fault::broken("the index of a group is larger than any"));
        }
        let size = source.trees.snode_btree_node_size(widths.0, widths.1);
        let bytes = source.read_upto(address, size.min(MAX_PIECE))?;
        let node = BTreeV1Node::decode(&bytes, widths.0, widths.1, source.trees.snode_max_entries())?;
        if node.level > 0 {
            pending.extend(node.children);
            continue;
        }
        for leaf in node.children {
            if !visited.insert(leaf) {
                continue;
            }
            let size = source.trees.symbol_table_node_size(widths.0, widths.1);
            let bytes = source.read_upto(leaf, size.min(MAX_PIECE))?;
            let leaf =
                SymbolTableNode::decode(&bytes, widths.0, widths.1, source.trees.sym_leaf_max_entries())?;
            for entry in leaf.entries {
                let name = local_heap_get_string(&names, entry.name_offset)?;
                if name.is_empty() {
                    continue;
                }
                let table = entry.cached_symbol_table();
                let target = match entry.cache {
                    SymbolTableCache::SoftLink { .. } => LinkTarget::Soft {
                        target: String::new(),
                    },
                    _ => LinkTarget::Hard {
                        address: entry.obj_header_addr,
                    },
                };
                links.push(Link {
                    name,
                    target,
                    order: None,
                    table,
                });
                if links.len() > MAX_LINKS {
                    return Err(Fault::limit("the number of its objects", MAX_LINKS.to_string()));
                }
            }
        }
    }
    Ok(links)
}
