//! Where a product comes from and what was made of it, as far as the caller may know.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pz_model::Timestamp;
use pz_model::api::{
    ProvDocument, Provenance, ProvenanceEdge, ProvenanceKind, ProvenanceNode, ProvenanceState,
};
use pz_store::provenance::{Knowledge, Lineage, ProcessNode, ProductNode};
use serde::Serialize;
use serde_json::{Value, json};

use super::citation::base_address;
use super::process_config::public_parameters;
use super::{LIST, VisibleProduct};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::QueryMap;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

/// Farthest processes, each way.
const DEPTH_MAX: u32 = 4;
/// Processes each way when nothing is said.
const DEPTH_DEFAULT: u32 = 1;
/// Products and processes of an answer at most.
const NODES_MAX: usize = 300;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::instance("Provenance", &LIST) => [get_provenance],
    );
}

/// Forms of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
enum Form {
    /// Nodes and edges.
    Graph,
    /// W3C PROV-JSON.
    Prov,
}

/// What may be asked.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents parameters that are read one by one")]
struct ProvenanceQuery {
    /// Processes between the product and the farthest nodes; 1 when absent.
    #[param(minimum = 1, maximum = 4, required = false, nullable = false)]
    depth: u32,
    /// `graph` (when absent) for nodes and edges, `prov` for W3C PROV-JSON.
    #[param(inline, required = false, nullable = false)]
    format: Form,
}

/// The graph, or the same as PROV-JSON.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum ProvenanceAnswer {
    /// Nodes and edges.
    Graph(Provenance),
    /// PROV-JSON.
    #[schema(value_type = ProvBundle)]
    Prov(BTreeMap<String, BTreeMap<String, Value>>),
}

/// PROV-JSON: kinds of statements, by name.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "names a part of the document")]
struct ProvBundle(BTreeMap<String, ProvStatements>);

/// Statements of one kind, each by the name of what it is about.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "names a part of the document")]
struct ProvStatements(BTreeMap<String, Value>);

/// Get ancestors and descendants of the product: what pipelines made it of, and what they made of it.
#[utoipa::path(get, path = "/api/products/{id}/provenance/", tag = "products", params(ProvenanceQuery), responses(
    (status = 200, description = "Nodes and edges; what the caller may not see is `restricted` and has no name", body = ProvenanceAnswer),
    (status = 400, description = "`depth` or `format` is not one of those described"),
))]
async fn get_provenance(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<ProvenanceAnswer>> {
    let query = QueryMap::of(&request);
    let depth = match query.get("depth").map(str::parse::<u32>) {
        None => DEPTH_DEFAULT,
        Some(Ok(depth)) if (1..=DEPTH_MAX).contains(&depth) => depth,
        Some(_) => {
            let message = format!("Give a whole number from 1 to {DEPTH_MAX}.");
            return Err(ApiError::parameter("depth", message));
        }
    };
    let form = match query.get("format") {
        None | Some("graph") => Form::Graph,
        Some("prov") => Form::Prov,
        Some(_) => return Err(ApiError::parameter("format", "Give graph or prov.")),
    };
    let lineage = state
        .store
        .lineage(product.caller.viewer(), product.row.id, depth, NODES_MAX)
        .await?;
    let graph = Graph::of(&lineage, product.row.id).finish(depth);
    Ok(web::Json(match form {
        Form::Graph => ProvenanceAnswer::Graph(graph),
        Form::Prov => ProvenanceAnswer::Prov(prov_document(&graph, &base_address(&state))),
    }))
}

/// The part of a lineage that the caller may know: walked from the product, never through what is restricted.
struct Graph<'a> {
    lineage: &'a Lineage,
    root: i64,
    nodes: Vec<ProvenanceNode>,
    product_keys: BTreeMap<i64, String>,
    process_keys: BTreeMap<i64, String>,
    edges: Vec<ProvenanceEdge>,
    restricted: usize,
}

impl<'a> Graph<'a> {
    fn of(lineage: &'a Lineage, root: i64) -> Self {
        let mut graph = Self {
            lineage,
            root,
            nodes: Vec::new(),
            product_keys: BTreeMap::new(),
            process_keys: BTreeMap::new(),
            edges: Vec::new(),
            restricted: 0,
        };
        graph.product(root);
        graph.walk(root, Self::ancestors);
        graph.walk(root, Self::descendants);
        graph
    }

    /// Goes on from product to product, each once.
    fn walk(&mut self, root: i64, step: fn(&mut Self, i64) -> Vec<i64>) {
        let (mut seen, mut next) = (BTreeSet::from([root]), vec![root]);
        while let Some(id) = next.pop() {
            for found in step(self, id) {
                if self.may_go_on(found) && seen.insert(found) {
                    next.push(found);
                }
            }
        }
    }

    fn knowledge(&self, id: i64) -> Knowledge {
        self.lineage
            .products
            .get(&id)
            .map_or(Knowledge::Nothing, ProductNode::knowledge)
    }

    fn may_go_on(&self, id: i64) -> bool {
        matches!(self.knowledge(id), Knowledge::Visible | Knowledge::Deleted)
    }

    fn ancestors(&mut self, id: i64) -> Vec<i64> {
        let lineage = self.lineage;
        let Some(process) = lineage.processes.values().find(|process| process.output_id == id) else {
            return Vec::new();
        };
        let process_key = self.process(process);
        let output_key = self.product(id);
        for input in &process.input_ids {
            let input_key = self.product(*input);
            self.edge(input_key, process_key.clone());
        }
        self.edge(process_key, output_key);
        process.input_ids.iter().copied().collect()
    }

    fn descendants(&mut self, id: i64) -> Vec<i64> {
        let lineage = self.lineage;
        let readers = lineage
            .processes
            .values()
            .filter(|process| process.input_ids.contains(&id));
        let mut outputs = Vec::new();
        for process in readers {
            // Nobody learns that somebody tries something with their product.
            if self.knowledge(process.output_id) == Knowledge::Nothing {
                continue;
            }
            let input_key = self.product(id);
            let process_key = self.process(process);
            let output_key = self.product(process.output_id);
            self.edge(input_key, process_key.clone());
            self.edge(process_key, output_key);
            outputs.push(process.output_id);
        }
        outputs
    }

    fn edge(&mut self, from: String, to: String) {
        let edge = ProvenanceEdge { from, to };
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }

    fn restricted_node(&mut self, kind: ProvenanceKind) -> ProvenanceNode {
        self.restricted += 1;
        empty_node(
            format!("restricted-{}", self.restricted),
            kind,
            ProvenanceState::Restricted,
        )
    }

    /// The key of a product, which becomes a node.
    fn product(&mut self, id: i64) -> String {
        if let Some(key) = self.product_keys.get(&id) {
            return key.clone();
        }
        let node = match (self.knowledge(id), self.lineage.products.get(&id)) {
            (Knowledge::Visible, Some(product)) => product_node(product, ProvenanceState::Visible),
            (Knowledge::Deleted, Some(product)) => product_node(product, ProvenanceState::Deleted),
            _ => self.restricted_node(ProvenanceKind::Product),
        };
        let key = node.key.clone();
        self.nodes.push(node);
        self.product_keys.insert(id, key.clone());
        key
    }

    /// The key of a process, which becomes a node. Whoever may see the output may see the process.
    fn process(&mut self, process: &ProcessNode) -> String {
        if let Some(key) = self.process_keys.get(&process.id) {
            return key.clone();
        }
        let node = if self.may_go_on(process.output_id) {
            process_node(process)
        } else {
            self.restricted_node(ProvenanceKind::Process)
        };
        let key = node.key.clone();
        self.nodes.push(node);
        self.process_keys.insert(process.id, key.clone());
        key
    }

    fn finish(self, depth: u32) -> Provenance {
        Provenance {
            root: self.product_keys.get(&self.root).cloned().unwrap_or_default(),
            depth,
            truncated: self.lineage.truncated,
            nodes: self.nodes,
            edges: self.edges,
        }
    }
}

fn empty_node(key: String, kind: ProvenanceKind, state: ProvenanceState) -> ProvenanceNode {
    ProvenanceNode {
        key,
        kind,
        state,
        id: None,
        display_name: None,
        internal_name: None,
        product_type: None,
        version_number: None,
        status: None,
        owner: None,
        pipeline: None,
        pipeline_version: None,
        parameters: None,
        created_at: None,
        started_at: None,
        ended_at: None,
    }
}

fn product_node(product: &ProductNode, state: ProvenanceState) -> ProvenanceNode {
    ProvenanceNode {
        id: Some(product.id),
        display_name: Some(product.display_name.clone()),
        internal_name: product.internal_name.clone(),
        product_type: Some(product.product_type.clone()),
        version_number: Some(product.version_number),
        status: Some(product.status().label().to_owned()),
        owner: Some(product.username.clone()),
        created_at: Some(Timestamp::from(product.created_at)),
        ..empty_node(format!("product-{}", product.id), ProvenanceKind::Product, state)
    }
}

fn process_node(process: &ProcessNode) -> ProvenanceNode {
    ProvenanceNode {
        id: Some(process.id),
        display_name: Some(process.display_name.clone()),
        status: Some(process.status.clone()),
        owner: Some(process.username.clone()),
        pipeline: Some(process.pipeline_name.clone()),
        pipeline_version: Some(process.pipeline_version.clone()),
        parameters: Some(public_parameters(process.used_config.as_ref())),
        created_at: Some(Timestamp::from(process.created_at)),
        started_at: process.started_at.map(Timestamp::from),
        ended_at: process.ended_at.map(Timestamp::from),
        ..empty_node(
            format!("process-{}", process.id),
            ProvenanceKind::Process,
            ProvenanceState::Visible,
        )
    }
}

/// The graph as PROV-JSON: products are entities, processes activities, owners agents.
fn prov_document(graph: &Provenance, base: &str) -> ProvDocument {
    let mut document = ProvDocument::new();
    let mut say = |kind: &str, name: String, value: Value| {
        document.entry(kind.to_owned()).or_default().insert(name, value);
    };
    let name = |key: &str| format!("pz:{key}");
    say(
        "prefix",
        "pz".to_owned(),
        json!(format!("{base}/api/provenance#")),
    );
    let kinds: BTreeMap<&str, ProvenanceKind> = graph
        .nodes
        .iter()
        .map(|node| (node.key.as_str(), node.kind))
        .collect();
    for (number, node) in graph.nodes.iter().enumerate() {
        let mut facts = json!({"pz:state": node.state});
        let mut tell = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                facts[key] = Value::String(value);
            }
        };
        tell("prov:label", node.display_name.clone());
        let kind = match node.kind {
            ProvenanceKind::Product => {
                tell("pz:internal_name", node.internal_name.clone());
                tell("pz:product_type", node.product_type.clone());
                tell("pz:version", node.version_number.map(|number| number.to_string()));
                "entity"
            }
            ProvenanceKind::Process => {
                tell("prov:startTime", node.started_at.map(|time| time.to_string()));
                tell("prov:endTime", node.ended_at.map(|time| time.to_string()));
                tell("pz:pipeline", node.pipeline.clone());
                tell("pz:pipeline_version", node.pipeline_version.clone());
                "activity"
            }
        };
        say(kind, name(&node.key), facts);
        if let Some(owner) = &node.owner {
            let agent = name(&format!("user-{}", utf8_percent_encode(owner, NON_ALPHANUMERIC)));
            let person = json!({"prov:type": {"$": "prov:Person", "type": "prov:QUALIFIED_NAME"}, "prov:label": owner});
            say("agent", agent.clone(), person);
            let (relation, what) = match node.kind {
                ProvenanceKind::Product => ("wasAttributedTo", "prov:entity"),
                ProvenanceKind::Process => ("wasAssociatedWith", "prov:activity"),
            };
            let statement = json!({what: name(&node.key), "prov:agent": agent});
            say(relation, format!("_:a{number}"), statement);
        }
    }
    for (number, edge) in graph.edges.iter().enumerate() {
        let (relation, process, product) = match kinds.get(edge.to.as_str()) {
            Some(ProvenanceKind::Process) => ("used", &edge.to, &edge.from),
            _ => ("wasGeneratedBy", &edge.from, &edge.to),
        };
        let statement = json!({"prov:activity": name(process), "prov:entity": name(product)});
        say(relation, format!("_:e{number}"), statement);
    }
    document
}
