//! One subgraph's connectors, built as the router builds them, and calls of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::HeaderMap;
use serde_json::{Map, Value};

use pleach::graph::connect;
use pleach::graph::federation::ids::{ConnectorId, TypeId};
use pleach::graph::federation::supergraph::{
    BatchCaps, ConnectorDef, ConnectorPlace, SubgraphDef, SubgraphKind, Supergraph,
};
use pleach::graph::language::parse;
use pleach::graph::link::Links;
use pleach::platform::base::Name;
use pleach::platform::base::deadline::Deadline;
use pleach::platform::base::secret::Secret;
use pleach::platform::base::span::SourceMap;
use pleach::platform::net::{HttpClient, HttpClientConfig};
use pleach::sources::connector::CursorKey;
use pleach::sources::contract::{Call, CallContext, FetchRequest, OperationMemory, RequestFacts, Source, SourceError};
use pleach::sources::grpc::ProtoFiles;
use pleach::sources::headers::HeaderRules;
use pleach::sources::registry::{Objection, SourceRegistry, SourceSettings};
use pleach::sources::rows::representations::Representations;
use pleach::sources::rows::shape::{
    FieldShape, Leaf, ListShape, ObjectShape, RowShape, SiteId, SlotIndex, Typing, ValueKind, ValueShape,
};
use pleach::sources::rows::slot::{Rows, Slot, UpstreamError};

/// One subgraph as the composer reads it, without its links.
pub fn connected(sdl: &str) -> connect::model::ConnectedSubgraph {
    read(sdl, Path::new(".")).0
}

const HEAD: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
"#;

/// The connectors of one subgraph, called `s`.
pub struct Subgraph {
    connectors: Vec<(Name, Arc<dyn Source>)>,
}

/// What one call says.
#[derive(Default)]
pub struct Ask {
    /// Arguments.
    pub arguments: Value,
    /// Rows; none for a root field.
    pub rows: Option<Vec<Value>>,
    /// Whether it writes.
    pub mutation: bool,
    /// Whether other calls may read the same.
    pub shared: bool,
    /// What sources remember of earlier calls.
    pub memory: OperationMemory,
    /// Facts of the request.
    pub facts: RequestFacts,
    /// How long it may take; 5 s when nothing is said.
    pub within: Option<Duration>,
}

impl Subgraph {
    /// Reads `sdl` (without its links) and builds its connectors.
    pub fn new(sdl: &str, env: &[(&str, &str)]) -> Self {
        Self::with_folder(sdl, env, Path::new("."))
    }

    /// The same; `.proto` files lie in `folder`.
    pub fn with_folder(sdl: &str, env: &[(&str, &str)], folder: &Path) -> Self {
        let (subgraph, files, protos) = read(sdl, folder);
        let subgraph = Arc::new(subgraph);
        let mut supergraph = Supergraph::default();
        for spec in &subgraph.connectors {
            let connector = ConnectorId(supergraph.connectors.len() as u32);
            let name: Name = format!("s.{}", spec.id).into();
            let kind = SubgraphKind::Connector(connector);
            let id = supergraph.subgraphs.push(SubgraphDef { name, service: "s".into(), kind, roots: Vec::new() });
            supergraph.connectors.push(ConnectorDef {
                service: "s".into(),
                id: spec.id.clone(),
                subgraph: id,
                place: ConnectorPlace::Type(TypeId(0)),
                batch: BatchCaps::One { concurrency: 8 },
            });
        }
        let registry = SourceRegistry::build(
            &supergraph,
            std::slice::from_ref(&subgraph),
            &settings(env),
            &client(),
            &[],
            &protos,
        );
        let registry = registry.unwrap_or_else(|objections| {
            let text = |objection: &Objection| match objection {
                Objection::Finding(finding) | Objection::Subgraph(_, finding) => finding.render(&files),
                Objection::Setting(mistake) => mistake.to_string(),
            };
            panic!("{}", objections.iter().map(text).collect::<String>());
        });
        let ids = subgraph.connectors.iter().map(|spec| spec.id.clone());
        Self { connectors: ids.zip(registry.sources().iter().cloned()).collect() }
    }

    fn source(&self, id: &str) -> &Arc<dyn Source> {
        let found = self.connectors.iter().find(|(known, _)| &**known == id);
        &found.unwrap_or_else(|| panic!("no connector {id} among {:?}", self.ids())).1
    }

    fn ids(&self) -> Vec<&str> {
        self.connectors.iter().map(|(id, _)| &**id).collect()
    }

    /// Calls a connector whose rows have one field of any value; `lists` surround it.
    pub async fn field(&self, id: &str, lists: u8, ask: Ask) -> Result<Answered, SourceError> {
        let shape = object(&[("value", lists)]);
        self.call(id, shape, ask).await
    }

    /// Calls a connector that yields entities with these fields of any value.
    pub async fn entities(&self, id: &str, fields: &[&str], ask: Ask) -> Result<Answered, SourceError> {
        let fields: Vec<_> = fields.iter().map(|field| (*field, 0)).collect();
        self.call(id, object(&fields), ask).await
    }

    /// What a field is known to be whoever asks, before and after it was asked for.
    pub async fn constant(&self, id: &str) -> [Option<Value>; 2] {
        let shape = object(&[("value", 0)]);
        let (request, context) = request(shape.clone(), Ask::default());
        let source = self.source(id);
        let known = || source.constant(&request.shape).map(|rows| Answered::read(&rows, &shape).value());
        let before = known();
        source.fetch(&request, &context).await.expect("a value, or none");
        [before, known()]
    }

    async fn call(&self, id: &str, shape: ObjectShape, ask: Ask) -> Result<Answered, SourceError> {
        let (request, context) = request(shape.clone(), ask);
        let rows = self.source(id).fetch(&request, &context).await?;
        Ok(Answered::read(&rows, &shape))
    }
}

fn request(shape: ObjectShape, ask: Ask) -> (FetchRequest, CallContext) {
    let arguments = match ask.arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    let expected = ask.rows.as_ref().map(|rows| vec![rows.len() as u32]).unwrap_or_default();
    let row_shape = match &ask.rows {
        None => RowShape::Root(shape),
        Some(_) => RowShape::Lists(vec![ListShape {
            key: "rows".into(),
            object: shape,
            types: [TypeId(0)].into_iter().collect(),
        }]),
    };
    let request = FetchRequest {
        call: Call::Connector {
            arguments,
            rows: ask.rows.map_or_else(Representations::nothing, |rows| rows.into_iter().collect()),
            wanted: Arc::from([]),
            mutation: ask.mutation,
            shared: ask.shared,
        },
        shape: Arc::new(row_shape),
        expected,
        first: Default::default(),
    };
    let deadline = Deadline::after(ask.within.unwrap_or(Duration::from_secs(5)));
    (request, CallContext { deadline, facts: Arc::new(ask.facts), memory: ask.memory })
}

fn read(sdl: &str, folder: &Path) -> (connect::model::ConnectedSubgraph, SourceMap, ProtoFiles) {
    let mut files = SourceMap::new();
    let file = files.add("s.graphql", format!("{HEAD}{sdl}"));
    let mut protos = ProtoFiles::new();
    protos.add(file, folder);
    let (document, mut findings) = parse::type_system(&files, file);
    let (links, more) = Links::read(&document);
    findings.extend(more);
    let (subgraph, more) = connect::read(&document, "s", &links, &files, Some(&protos));
    findings.extend(more);
    let errors: Vec<_> = findings.iter().filter(|finding| finding.is_error()).map(|f| f.render(&files)).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    (subgraph.expect("the file has connectors"), files, protos)
}

/// Rows as JSON: an object a row, `null`, or `{"failed": code}`.
#[derive(Debug, PartialEq)]
pub struct Answered {
    pub rows: Vec<Value>,
    pub calls: u32,
    pub errors: Vec<UpstreamError>,
}

impl Answered {
    fn read(rows: &Rows, shape: &ObjectShape) -> Self {
        let read = rows.rows.iter().map(|&slot| match slot {
            Slot::Object { start, .. } => {
                let fields = shape.fields.iter().map(|field| {
                    let slot = rows.slots[(start + field.slot.0) as usize];
                    (field.key.to_string(), cell(rows, slot))
                });
                Value::Object(fields.filter(|(_, value)| *value != "missing").collect())
            }
            other => cell(rows, other),
        });
        Self { rows: read.collect(), calls: rows.calls.unwrap_or(1), errors: rows.reports().errors.clone() }
    }

    /// The only field of the only row.
    pub fn value(&self) -> Value {
        assert_eq!(self.rows.len(), 1, "{self:?}");
        self.rows[0]["value"].clone()
    }

    /// The only field of each row.
    pub fn values(&self) -> Vec<Value> {
        self.rows.iter().map(|row| row.get("value").unwrap_or(row).clone()).collect()
    }
}

fn cell(rows: &Rows, slot: Slot) -> Value {
    match slot {
        Slot::Missing => Value::String("missing".into()),
        Slot::Null => Value::Null,
        Slot::Failed(error) => serde_json::json!({ "failed": &*rows.reports().errors[error as usize].code }),
        Slot::Raw { part, start, len } => {
            let text = if part == 0 { &rows.text[..] } else { &rows.parts[part as usize - 1][..] };
            serde_json::from_slice(&text[start as usize..(start + len) as usize]).expect("slots hold JSON")
        }
        Slot::List { start, len } => (start..start + len).map(|at| cell(rows, rows.slots[at as usize])).collect(),
        Slot::Object { .. } => panic!("the shape has leaves only"),
    }
}

/// An object with these fields of any value; so many lists surround each.
pub fn object(fields: &[(&str, u8)]) -> ObjectShape {
    let field = |(slot, (key, lists)): (usize, &(&str, u8))| FieldShape {
        key: (*key).into(),
        slot: SlotIndex(slot as u32),
        value: ValueShape { lists: *lists, kind: ValueKind::Leaf(Leaf::Custom) },
    };
    ObjectShape {
        site: SiteId(0),
        slots: fields.len() as u32,
        typing: Typing::Fixed(TypeId(0)),
        fields: fields.iter().enumerate().map(field).collect(),
        record: false,
        interned: false,
    }
}

/// The shape of a GraphQL answer with these fields of any value.
pub fn root_shape(fields: &[&str]) -> Arc<RowShape> {
    let fields: Vec<_> = fields.iter().map(|field| (*field, 0)).collect();
    Arc::new(RowShape::Root(object(&fields)))
}

/// The only row of a GraphQL answer.
pub fn root_row(rows: &Rows, fields: &[&str]) -> Value {
    let fields: Vec<_> = fields.iter().map(|field| (*field, 0)).collect();
    Answered::read(rows, &object(&fields)).rows.remove(0)
}

/// All rows of an answer.
pub fn list_rows(rows: &Rows, shape: &ObjectShape) -> Vec<Value> {
    Answered::read(rows, shape).rows
}

/// A context with time enough.
pub fn context(headers: HeaderMap) -> CallContext {
    let facts = RequestFacts { headers, ..RequestFacts::default() };
    CallContext {
        deadline: Deadline::after(Duration::from_secs(5)),
        facts: Arc::new(facts),
        memory: OperationMemory::default(),
    }
}

pub fn client() -> HttpClient {
    HttpClient::new(&HttpClientConfig::default())
}

pub fn settings(env: &[(&str, &str)]) -> SourceSettings {
    SourceSettings {
        env: env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        sources: BTreeMap::new(),
        headers: HeaderRules::default(),
        max_bytes: 1 << 20,
        cursors: CursorKey::new(Secret::new("test key")),
    }
}

/// Serves `router` on a free port, over HTTP/1 and HTTP/2, until the test ends; gives
/// `127.0.0.1:port`.
pub async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
