//! The short notation in which cases write plans.
//!
//! ```text
//! fetch catalog -> { products: [Product] { upc: ID name: String } }
//! fetch reviews after catalog
//!   for products Product send { __typename upc! } -> { score: Int }
//! output { products: [Product!] { upc: ID! name: String score: Int } }
//! ```
//!
//! Sites are called by the path of slots that leads to them; layouts and recording follow from use.
//! `key=slot` names a slot that differs from the key, `on A|B` and `if $v` are conditions, `!` in a
//! representation marks keys and in the output non-null types. `A|B` is read from `__typename`,
//! `?` is an opaque object. Subgraphs are called like their fetches.

use std::collections::BTreeMap;
use std::sync::Arc;

use pleach::gateway::operation::guards::{GuardId, Guards};
use pleach::gateway::plan::model::*;
use pleach::graph::federation::ids::{AuthRuleId, ConnectorId, EntryId, SubgraphId, TypeId, TypeSet};
use pleach::graph::federation::supergraph::{SubgraphDef, SubgraphKind, Supergraph, TypeDef};
use pleach::graph::language::ast::{OperationKind, TypeKind};
use pleach::platform::base::Name;
use pleach::platform::base::id::IdVec;
use pleach::sources::rows::shape::*;

/// What a page's plan says.
pub struct Written {
    pub plan: Plan,
    pub supergraph: Supergraph,
    /// Fetch names, which are those of their subgraphs too.
    pub names: Vec<String>,
}

/// Reads the notation; panics on mistakes, which are those of a test.
pub fn read(text: &str) -> Written {
    let mut reader = Reader { tokens: tokens(text), at: 0, ..Reader::default() };
    reader.site("");
    reader.ty("Query");
    while reader.at < reader.tokens.len() {
        match reader.word().as_str() {
            "mutation" => reader.kind = Some(OperationKind::Mutation),
            "fetch" => reader.fetch(),
            "output" => reader.output = Some(reader.selection("")),
            other => panic!("`{other}` starts no statement"),
        }
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    tokens: Vec<String>,
    at: usize,
    kind: Option<OperationKind>,
    guards: Guards,
    sites: Vec<(String, Vec<String>)>,
    types: Vec<String>,
    names: Vec<String>,
    fetches: Vec<(Fetch, RowShape)>,
    output: Option<OutputSelection>,
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut glue = false;
    for c in text.chars() {
        let part_of_word = c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
        if c.is_whitespace() {
            glue = false;
        } else if glue && part_of_word || c == '>' {
            tokens.last_mut().expect("a token before").push(c);
        } else {
            tokens.push(c.to_string());
            glue = part_of_word;
        }
    }
    tokens
}

impl Reader {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn word(&mut self) -> String {
        self.at += 1;
        self.tokens[self.at - 1].clone()
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.peek() == token;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &str) {
        assert!(self.eat(token), "`{token}` expected at `{}`", self.tokens[self.at..].join(" "));
    }

    fn site(&mut self, path: &str) -> SiteId {
        let at = self.sites.iter().position(|(known, _)| known == path).unwrap_or_else(|| {
            self.sites.push((path.into(), Vec::new()));
            self.sites.len() - 1
        });
        SiteId(at as u32)
    }

    fn slot(&mut self, site: &str, name: &str) -> SlotIndex {
        let site = self.site(site);
        let slots = &mut self.sites[site.0 as usize].1;
        let at = slots.iter().position(|known| known == name).unwrap_or_else(|| {
            slots.push(name.into());
            slots.len() - 1
        });
        SlotIndex(at as u32)
    }

    fn ty(&mut self, name: &str) -> TypeId {
        let at = self.types.iter().position(|known| known == name).unwrap_or_else(|| {
            self.types.push(name.into());
            self.types.len() - 1
        });
        TypeId(at as u32)
    }

    fn types(&mut self) -> Vec<TypeId> {
        let mut types = Vec::new();
        loop {
            let name = self.word();
            types.push(self.ty(&name));
            if !self.eat("|") {
                return types;
            }
        }
    }

    fn guard(&mut self) -> GuardId {
        if !self.eat("if") {
            return GuardId::ALWAYS;
        }
        let not = self.eat("!");
        let name = self.word();
        let guard = self.guards.variable(name.trim_start_matches('$').into());
        if not { self.guards.not(guard) } else { guard }
    }

    fn fetch_id(&self, name: &str) -> FetchId {
        FetchId(self.names.iter().position(|known| known == name).expect("an earlier fetch") as u32)
    }

    fn fetch(&mut self) {
        let name = self.word();
        let mut fetch = Fetch {
            subgraph: SubgraphId(self.names.len() as u32),
            after: Vec::new(),
            guard: GuardId::ALWAYS,
            inputs: Vec::new(),
            request: Request::Graphql {
                document: name.as_str().into(),
                mutation: self.kind == Some(OperationKind::Mutation),
                variables: Vec::new(),
                conditions: Vec::new(),
                template: None,
            },
            shape: Arc::new(RowShape::Lists(Vec::new())),
            reason: "a case".into(),
            serves: Vec::new(),
            estimate: FetchEstimate::default(),
        };
        let mut lists = Vec::new();
        let mut root = None;
        loop {
            match self.peek() {
                "connector" => {
                    self.at += 1;
                    fetch.request = Request::Connector {
                        connector: ConnectorId(0),
                        field: None,
                        arguments: Vec::new(),
                        wanted: Arc::new([]),
                        mutation: false,
                        shared: false,
                    };
                }
                "after" => {
                    self.at += 1;
                    while self.names.iter().any(|known| known == self.peek()) {
                        let before = self.word();
                        fetch.after.push(self.fetch_id(&before));
                    }
                }
                "if" => fetch.guard = self.guard(),
                "uses" => {
                    self.at += 1;
                    let used = self.word();
                    if let Request::Graphql { variables, .. } = &mut fetch.request {
                        variables.push(used.trim_start_matches('$').into());
                    }
                }
                "condition" => {
                    self.at += 1;
                    let name: Name = self.word().as_str().into();
                    let guard = self.guard();
                    if let Request::Graphql { conditions, .. } = &mut fetch.request {
                        conditions.push((name, guard));
                    }
                }
                "for" => {
                    let number = lists.len();
                    let (input, list) = self.input(number);
                    fetch.inputs.push(input);
                    lists.push(list);
                }
                "->" => {
                    self.at += 1;
                    let query = self.ty("Query");
                    root = Some(self.object(vec![query], ""));
                }
                _ => break,
            }
        }
        self.names.push(name);
        let shape = root.map_or(RowShape::Lists(lists), RowShape::Root);
        self.fetches.push((fetch, shape));
    }

    fn input(&mut self, number: usize) -> (EntityInput, ListShape) {
        self.expect("for");
        let path = self.word();
        let opaque = self.eat("?");
        let types = if opaque { Vec::new() } else { self.types() };
        let guard = self.guard();
        let mut copied = Vec::new();
        while self.eat("copy") {
            let name = self.word();
            copied.push(self.slot(&path, &name));
        }
        self.expect("send");
        let mut typename = RepresentationType::None;
        let mut fields = self.representation(&path, &mut typename);
        if let (RepresentationType::Runtime, [one]) = (&typename, &types[..]) {
            typename = RepresentationType::Fixed(self.types[one.0 as usize].as_str().into());
        }
        self.expect("->");
        let revealed = if self.peek() == "{" { types.clone() } else { self.types() };
        let object = if opaque && revealed.is_empty() {
            ObjectShape { typing: Typing::Opaque, ..self.object(types.clone(), &path) }
        } else {
            self.object(revealed, &path)
        };
        require(&mut fields, &object.written().collect::<Vec<_>>());
        let key = if number == 0 { "_entities".to_owned() } else { format!("_entities{number}") };
        let variable = if number == 0 { "representations".to_owned() } else { format!("representations{number}") };
        let set: TypeSet = types.into_iter().collect();
        let input = EntityInput {
            site: self.site(&path),
            types: set.clone(),
            within: Vec::new(),
            guard,
            entry: EntryId(0),
            variable: variable.as_str().into(),
            representation: Representation { typename, fields },
            contexts: Vec::new(),
            copy: copied,
        };
        (input, ListShape { key: key.as_str().into(), object, types: set })
    }

    fn representation(&mut self, site: &str, typename: &mut RepresentationType) -> Vec<RepresentationField> {
        self.expect("{");
        let mut fields = Vec::new();
        while !self.eat("}") {
            let name = self.word();
            if name == "__typename" && matches!(typename, RepresentationType::None) {
                *typename = match self.eat("=") {
                    true => RepresentationType::Fixed(self.word().as_str().into()),
                    false => RepresentationType::Runtime,
                };
                continue;
            }
            let slot_name = if self.eat("=") { self.word() } else { name.clone() };
            let key = self.eat("!");
            let on = self.eat("on").then(|| self.types().into_iter().collect());
            let guard = self.guard();
            let is_typename = name == "__typename";
            let value = match self.peek() {
                _ if is_typename => RepresentationValue::Typename,
                "{" => {
                    let inner = format!("{site}.{slot_name}").trim_matches('.').to_owned();
                    RepresentationValue::Object(self.representation(&inner, &mut RepresentationType::Runtime))
                }
                _ => RepresentationValue::Leaf,
            };
            let slot = if is_typename { SlotIndex(0) } else { self.slot(site, &slot_name) };
            let name = name.as_str().into();
            let (required_by, non_null) = (Vec::new(), Vec::new());
            fields.push(RepresentationField { name, slot, key, required_by, non_null, guard, on, value });
        }
        fields
    }

    fn object(&mut self, types: Vec<TypeId>, path: &str) -> ObjectShape {
        let typing = match types[..] {
            [] => Typing::Opaque,
            [one] => Typing::Fixed(one),
            _ => Typing::Key {
                key: "__typename".into(),
                table: types.iter().map(|&ty| (self.types[ty.0 as usize].as_str().into(), ty)).collect(),
            },
        };
        self.expect("{");
        let mut fields = Vec::new();
        while !self.eat("}") {
            let key = self.word();
            let slot_name = if self.eat("=") { self.word() } else { key.clone() };
            let slot = self.slot(path, &slot_name);
            self.expect(":");
            let inner = format!("{path}.{slot_name}").trim_matches('.').to_owned();
            let value = self.value(&inner);
            fields.push(FieldShape { key: key.as_str().into(), slot, value });
        }
        ObjectShape { site: self.site(path), slots: 0, typing, fields: fields.into(), record: false, interned: false }
    }

    fn value(&mut self, path: &str) -> ValueShape {
        if self.eat("[") {
            let inner = self.value(path);
            self.expect("]");
            // The object's fields stand behind the brackets.
            return match (self.peek(), inner.kind) {
                ("{", ValueKind::Object(open)) => {
                    let types = match open.typing {
                        Typing::Fixed(ty) => vec![ty],
                        Typing::Key { table, .. } => table.into_iter().map(|(_, ty)| ty).collect(),
                        Typing::Opaque => Vec::new(),
                    };
                    let object = self.object(types, path);
                    ValueShape { lists: inner.lists + 1, kind: ValueKind::Object(Box::new(object)) }
                }
                (_, kind) => ValueShape { lists: inner.lists + 1, kind },
            };
        }
        let kind = match self.leaf() {
            Some(leaf) => ValueKind::Leaf(leaf),
            None => {
                let types = if self.eat("?") { Vec::new() } else { self.types() };
                if self.peek() == "{" {
                    ValueKind::Object(Box::new(self.object(types, path)))
                } else {
                    let open = self.open(types, path);
                    ValueKind::Object(Box::new(open))
                }
            }
        };
        ValueShape { lists: 0, kind }
    }

    /// An object inside brackets, whose fields come later.
    fn open(&mut self, types: Vec<TypeId>, path: &str) -> ObjectShape {
        self.tokens.splice(self.at..self.at, ["{".to_owned(), "}".to_owned()]);
        self.object(types, path)
    }

    fn leaf(&mut self) -> Option<Leaf> {
        let leaf = match self.peek() {
            "String" => Leaf::String,
            "Int" => Leaf::Int,
            "Float" => Leaf::Float,
            "Boolean" => Leaf::Boolean,
            "ID" => Leaf::Id,
            "Any" => Leaf::Custom,
            "Typename" => Leaf::Typename,
            "enum" => {
                self.at += 1;
                self.expect("(");
                let mut names: Vec<Name> = Vec::new();
                while self.peek() != ")" {
                    names.push(self.word().as_str().into());
                }
                Leaf::Enum(names.into())
            }
            _ => return None,
        };
        self.at += 1;
        Some(leaf)
    }

    fn selection(&mut self, path: &str) -> OutputSelection {
        self.expect("{");
        let mut items = Vec::new();
        while !self.eat("}") {
            let key = self.word();
            let slot_name = if self.eat("=") { self.word() } else { key.clone() };
            let on = self.eat("on").then(|| self.types().into_iter().collect());
            let guard = self.guard();
            self.expect(":");
            let kind = match self.peek() {
                "__typename" => {
                    self.at += 1;
                    OutputKind::Typename(None)
                }
                "introspection" => {
                    self.at += 1;
                    OutputKind::Introspection
                }
                "denied" => {
                    self.at += 1;
                    OutputKind::Denied { rule: AuthRuleId(0), non_null: self.eat("!") }
                }
                _ => {
                    let slot = self.slot(path, &slot_name);
                    let inner = format!("{path}.{slot_name}").trim_matches('.').to_owned();
                    let coordinate = format!("{}.{slot_name}", if path.is_empty() { "Query" } else { path });
                    let ty = self.output_type(&inner, &coordinate);
                    OutputKind::Value { slot, ty }
                }
            };
            items.push((guard, OutputItem { key: key.as_str().into(), nameless: on.is_none(), on, kind }));
        }
        OutputSelection::in_order(self.site(path), items)
    }

    fn output_type(&mut self, path: &str, coordinate: &str) -> OutputType {
        let mut depth = 0;
        while self.eat("[") {
            depth += 1;
        }
        let leaf = self.leaf().is_some();
        let types: TypeSet = match leaf {
            true => TypeSet::new(),
            false if self.eat("?") => (0..64).map(TypeId).collect(),
            false => self.types().into_iter().collect(),
        };
        let non_null = self.eat("!");
        let mut lists: Vec<bool> = (0..depth)
            .map(|_| {
                self.expect("]");
                self.eat("!")
            })
            .collect();
        lists.reverse();
        let kind = match leaf {
            true => OutputTypeKind::Leaf,
            false => OutputTypeKind::Object { types, selection: self.selection(path) },
        };
        OutputType { coordinate: coordinate.into(), lists, non_null, kind }
    }

    fn finish(self) -> Written {
        let used: Vec<SiteId> =
            self.fetches.iter().flat_map(|(fetch, _)| fetch.inputs.iter().map(|input| input.site)).collect();
        let counts: Vec<u32> = self.sites.iter().map(|(_, slots)| slots.len() as u32).collect();
        let sites = self.sites.iter().zip(&counts);
        let fetches = self.fetches.into_iter().map(|(fetch, mut shape)| {
            match &mut shape {
                RowShape::Root(object) => complete(object, &counts, &used),
                RowShape::Lists(lists) => {
                    lists.iter_mut().for_each(|list| complete(&mut list.object, &counts, &used));
                }
            }
            Fetch { shape: Arc::new(shape), ..fetch }
        });
        let mut supergraph = Supergraph::default();
        for name in &self.types {
            supergraph.types.push(type_def(name));
        }
        for name in &self.names {
            supergraph.subgraphs.push(SubgraphDef {
                name: name.as_str().into(),
                service: name.as_str().into(),
                kind: SubgraphKind::Native,
                roots: Vec::new(),
            });
        }
        supergraph.query = Some(TypeId(0));
        supergraph.mutation = Some(TypeId(0));
        let plan = Plan {
            kind: self.kind.unwrap_or(OperationKind::Query),
            guards: self.guards.into(),
            sites: Arc::new(
                sites
                    .map(|((path, _), &slots)| Site {
                        slots,
                        inside: None,
                        path: format!("{}.@", path.replace('.', ".@.")).into(),
                    })
                    .collect(),
            ),
            fetches: Arc::new(fetches.collect::<IdVec<FetchId, Fetch>>()),
            output: self.output.expect("a plan has an output"),
            estimate: Estimate::default(),
        };
        Written { plan, supergraph, names: self.names }
    }
}

fn complete(object: &mut ObjectShape, counts: &[u32], used: &[SiteId]) {
    object.slots = counts[object.site.0 as usize];
    object.record = used.contains(&object.site);
    for (_, inner) in object.fields.objects_mut() {
        complete(inner, counts, used);
    }
}

fn type_def(name: &str) -> TypeDef {
    TypeDef {
        name: name.into(),
        kind: TypeKind::Object,
        fields: Default::default(),
        field_order: Vec::new(),
        possible: TypeSet::new(),
        interfaces: Vec::new(),
        values: Vec::new(),
        inputs: Vec::new(),
        inaccessible: false,
        auth: None,
        entries: Vec::new(),
        local: Vec::new(),
        cost: None,
    }
}

/// Blocks of a page by their info string.
pub fn blocks(page: &str) -> BTreeMap<String, String> {
    let mut blocks = BTreeMap::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(""), Some(_)) => {
                let (info, text) = open.take().expect("an open block");
                assert!(blocks.insert(info.clone(), text).is_none(), "block `{info}` stands twice");
            }
            (Some(info), None) => open = Some((info.trim().to_owned(), String::new())),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    blocks
}

/// Whatever is sent besides keys, all that is asked for requires.
fn require(fields: &mut [RepresentationField], by: &[SlotIndex]) {
    for field in fields.iter_mut().filter(|field| !field.key) {
        field.required_by = by.to_vec();
        if let RepresentationValue::Object(below) = &mut field.value {
            require(below, by);
        }
    }
}
