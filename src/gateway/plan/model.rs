//! The plan: which calls, when, with what, where their answers go, and how the response is
//! written from them.

use std::ops::Deref;
use std::sync::Arc;

use crate::gateway::operation::guards::{GuardId, Guards};
use crate::graph::federation::ids::{AuthRuleId, ConnectorId, EntryId, FieldId, SubgraphId, TypeId, TypeSet};
use crate::graph::language::ast::OperationKind;
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;
use crate::platform::base::id::IdVec;
use crate::sources::contract::Wanted;
use crate::sources::rows::shape::{RowShape, SiteId, SlotIndex};

crate::id_type!(
    /// One call template of a plan.
    FetchId
);

/// A compiled plan; shared by all requests with the same operation. Cheap to clone, but for the output.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// The operation's conditions and those of fetches.
    pub guards: Arc<Guards>,
    /// Sites and how many slots their objects have; site 0 is the root.
    pub sites: Arc<IdVec<SiteId, Site>>,
    /// Calls, in a topological order of `after`.
    pub fetches: Arc<IdVec<FetchId, Fetch>>,
    /// How the response is written.
    pub output: OutputSelection,
    /// What the planner believes this costs, for people.
    pub estimate: Estimate,
}

/// A position whose objects share a layout.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// Cells per object.
    pub slots: u32,
    /// Where they stand: a slot of the objects of another site. None for the root.
    pub inside: Option<(SiteId, SlotIndex)>,
    /// Response path for people: `products.@.author`.
    pub path: Name,
}

/// What a plan costs, in the planner's units.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Estimate {
    /// The score.
    pub cost: u64,
    /// A proven lower bound of it.
    pub lower_bound: u64,
    /// Expected upstream calls.
    pub calls: u64,
}

/// One call template.
#[derive(Clone, PartialEq, Debug)]
pub struct Fetch {
    /// Where.
    pub subgraph: SubgraphId,
    /// Fetches that must be done before; mutation order included.
    pub after: Vec<FetchId>,
    /// When it is wanted at all.
    pub guard: GuardId,
    /// From which objects it starts; empty for a root fetch.
    pub inputs: Vec<EntityInput>,
    /// What is asked.
    pub request: Request,
    /// What the answer looks like: [`RowShape::Root`] for root fetches, else one list an input.
    pub shape: Arc<RowShape>,
    /// Why it is here, one line for people.
    pub reason: Name,
    /// Who needs what it gives, for people: the client, and later steps.
    pub serves: Vec<Name>,
    /// Its part of the plan's cost.
    pub estimate: FetchEstimate,
}

/// What one fetch is believed to cost. The costs of all fetches are the plan's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FetchEstimate {
    /// Its part of the score.
    pub cost: u64,
    /// Expected upstream calls.
    pub calls: u64,
    /// Objects sent and values fetched; those that come late count for more.
    pub rows: u64,
    /// How long it takes.
    pub latency_ms: u64,
    /// Whether the plan's longest chain passes through it: only then its latency counts.
    pub is_on_longest_chain: bool,
}

/// What is asked of a subgraph.
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    /// A GraphQL document.
    Graphql {
        /// The minified document.
        document: Arc<str>,
        /// Whether it is a mutation.
        mutation: bool,
        /// Client variables it uses.
        variables: Vec<Name>,
        /// Boolean variables it uses for conditions, and the guards they stand for.
        conditions: Vec<(Name, GuardId)>,
        /// How the document is written when objects of one list differ in what their contexts give;
        /// only if some input has contexts.
        template: Option<Arc<DocumentTemplate>>,
    },
    /// A connector.
    Connector {
        /// Which.
        connector: ConnectorId,
        /// The field whose arguments these are; none for connectors on types.
        field: Option<FieldId>,
        /// The field's arguments as written, schema defaults filled in.
        arguments: Vec<(Name, InputValue)>,
        /// What is wanted of the answer.
        wanted: Arc<[Wanted]>,
        /// Whether it writes.
        mutation: bool,
        /// Whether other fetches may read the same: it is a query that calls the connector again.
        shared: bool,
    },
}

/// One set of objects a fetch completes.
#[derive(Clone, PartialEq, Debug)]
pub struct EntityInput {
    /// The objects: all of this site …
    pub site: SiteId,
    /// … that are of one of these types (an object of unknown type qualifies unless the entry is an
    /// object type's) …
    pub types: TypeSet,
    /// … and stand inside objects of these types: any of these ways in, each the sites on it whose
    /// objects must be of some types (an object of unknown type qualifies). Empty: wherever they stand …
    pub within: Vec<Vec<(SiteId, TypeSet)>>,
    /// … if this holds.
    pub guard: GuardId,
    /// The entry used, for people.
    pub entry: EntryId,
    /// The GraphQL variable that carries the representations.
    pub variable: Name,
    /// What is sent for each object.
    pub representation: Representation,
    /// Arguments of its fields that are filled from objects further up. Objects for which they differ
    /// are asked for apart.
    pub contexts: Vec<ContextVariable>,
    /// Slots it writes that no other fetch writes below may be shared between equal rows; these
    /// must be copied for each target.
    pub copy: Vec<SlotIndex>,
}

/// A document whose lists can be repeated, each time for objects with other context values.
#[derive(Clone, PartialEq, Debug)]
pub struct DocumentTemplate {
    /// The client's variables, with their declarations.
    pub variables: Vec<(Name, String)>,
    /// Conditions, with their declarations.
    pub conditions: Vec<(Name, String)>,
    /// The lists.
    pub lists: Vec<ListTemplate>,
}

/// One list of a document. [`DocumentTemplate::MARK`] stands after each name that differs from one
/// repetition to the next.
#[derive(Clone, PartialEq, Debug)]
pub struct ListTemplate {
    /// What it declares.
    pub declared: String,
    /// What it selects.
    pub selected: String,
    /// Which variables of the document it uses, conditions included.
    pub used: Vec<Name>,
}

/// A variable that carries what an object further up gives.
#[derive(Clone, PartialEq, Debug)]
pub struct ContextVariable {
    /// The variable.
    pub name: Name,
    /// Its type.
    pub ty: Name,
    /// Where null must not stand: each list, outermost first, then what is inside.
    pub non_null: Vec<bool>,
    /// Objects that give it; those nearest to the object that is asked for count.
    pub sources: Vec<ContextSource>,
}

/// Objects that set a context, and where its value stands in them.
#[derive(Clone, PartialEq, Debug)]
pub struct ContextSource {
    /// The objects: those of this site …
    pub site: SiteId,
    /// … that are of one of these types …
    pub types: TypeSet,
    /// … or whose type is not known, if the context is set whatever it is.
    pub nameless: bool,
    /// The value: of the first field that applies, down to a leaf.
    pub value: Vec<RepresentationField>,
}

/// A program that builds one representation from one object.
#[derive(Clone, PartialEq, Debug)]
pub struct Representation {
    /// The `__typename` sent; connectors have none.
    pub typename: RepresentationType,
    /// What else is sent, in order.
    pub fields: Vec<RepresentationField>,
}

/// Where a representation's `__typename` comes from.
#[derive(Clone, PartialEq, Debug)]
pub enum RepresentationType {
    /// None is sent.
    None,
    /// Always this name.
    Fixed(Name),
    /// The object's runtime type.
    Runtime,
}

/// One field of a representation.
#[derive(Clone, PartialEq, Debug)]
pub struct RepresentationField {
    /// The plain field name.
    pub name: Name,
    /// Where the value stands in the object's layout.
    pub slot: SlotIndex,
    /// A key field: if its value is null, missing or failed, the row is not sent. Otherwise
    /// (requires): null is sent as null, missing and failed are left out.
    pub key: bool,
    /// Slots of the input's objects whose fields require this one: where it failed, or is null and
    /// must not be, they fail.
    pub required_by: Vec<SlotIndex>,
    /// Where null must not stand: each list, outermost first, then what is inside.
    pub non_null: Vec<bool>,
    /// When it is wanted; if not, it is left out.
    pub guard: GuardId,
    /// Only for objects of these types, at abstract positions.
    pub on: Option<TypeSet>,
    /// What is copied.
    pub value: RepresentationValue,
}

/// How a value is copied; lists are kept in shape.
#[derive(Clone, PartialEq, Debug)]
pub enum RepresentationValue {
    /// The leaf's text.
    Leaf,
    /// The object's type name (nested `__typename`), `slot` is unused.
    Typename,
    /// Chosen fields of an object.
    Object(Vec<RepresentationField>),
}

/// How one object is written.
#[derive(Clone, PartialEq, Debug)]
pub struct OutputSelection {
    /// Which objects.
    pub site: SiteId,
    /// Whether one object may stand in several places.
    pub repeats: bool,
    /// What leads from one object of a list to the next one's first value, if that is a leaf which is written of
    /// every object.
    pub joint: Option<OutputHead>,
    /// What may be written.
    pub items: Vec<OutputItem>,
    /// In response order. At most one place of an item holds.
    pub places: Vec<OutputPlace>,
}

/// Where an item stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OutputPlace {
    /// Which item.
    pub item: usize,
    /// When it stands here.
    pub guard: GuardId,
    /// Whether it is written here of every object, whatever its type and the request.
    pub is_always: bool,
    /// The slot of a single leaf that is written here of every object; beyond all slots if it is not.
    pub leaf: u32,
    /// The same of a single object.
    pub object: u32,
    /// The key's text, `,"name":`.
    pub head: OutputHead,
}

/// The beginning of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutputHead {
    /// Its first bytes, and zeros after them.
    pub bytes: [u8; 16],
    /// How long the text is, be it more than these bytes.
    pub len: u32,
}

/// One key of the response.
#[derive(Clone, PartialEq, Debug)]
pub struct OutputItem {
    /// The response key.
    pub key: OutputKey,
    /// Only for objects of these types; `None` when all apply.
    pub on: Option<TypeSet>,
    /// Also for objects whose type is not known.
    pub nameless: bool,
    /// What is written.
    pub kind: OutputKind,
}

/// A response key, ready to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputKey {
    /// `,"name":`
    text: Name,
}

/// What is written under a key.
#[derive(Clone, PartialEq, Debug)]
pub enum OutputKind {
    /// The object's type name: its runtime type's, or this one when it is constant.
    Typename(Option<TypeId>),
    /// The introspection answer of the same response key.
    Introspection,
    /// A slot.
    Value {
        /// Where.
        slot: SlotIndex,
        /// The type, for nullability and completion.
        ty: OutputType,
    },
    /// The caller may not see it: null, with an error.
    Denied {
        /// The rule that was not satisfied.
        rule: AuthRuleId,
        /// Whether the null may not stand here and propagates.
        non_null: bool,
    },
}

/// A value's type, as far as writing needs it.
#[derive(Clone, PartialEq, Debug)]
pub struct OutputType {
    /// `Type.field`, for error messages.
    pub coordinate: Name,
    /// One entry a list, outermost first: whether that list is non-null.
    pub lists: Vec<bool>,
    /// Whether the innermost value is non-null.
    pub non_null: bool,
    /// What the innermost value is.
    pub kind: OutputTypeKind,
}

/// A value's innermost kind.
#[derive(Clone, PartialEq, Debug)]
pub enum OutputTypeKind {
    /// Copied as it stands.
    Leaf,
    /// An object with these keys; objects of other runtime types than these are null with an error.
    Object {
        /// Runtime types a client may see here.
        types: TypeSet,
        /// How each is written.
        selection: OutputSelection,
    },
}

// === impl DocumentTemplate ===

impl DocumentTemplate {
    /// Stands where a repetition is told from others. No GraphQL text of ours has this character.
    pub const MARK: char = '\u{1}';

    /// The document that asks for some lists, each the list's number and which repetition it is: the
    /// first has the plain names.
    pub fn write(&self, parts: &[(usize, usize)]) -> String {
        let parts = parts.iter().filter_map(|&(list, nth)| Some((self.lists.get(list)?, nth)));
        let parts: Vec<(&ListTemplate, usize)> = parts.collect();
        let is_used = |name: &Name| parts.iter().any(|(list, _)| list.used.contains(name));
        let shared = |all: &[(Name, String)]| {
            let used = all.iter().filter(|(name, _)| is_used(name));
            used.map(|(_, declared)| declared.clone()).collect::<Vec<_>>()
        };
        let numbered = |text: &str, nth: usize| {
            text.replace(Self::MARK, &if nth == 0 { String::new() } else { format!("_{nth}") })
        };
        let mut declared = shared(&self.variables);
        declared.extend(parts.iter().map(|(list, nth)| numbered(&list.declared, *nth)));
        declared.extend(shared(&self.conditions));
        let selected: Vec<String> = parts.iter().map(|(list, nth)| numbered(&list.selected, *nth)).collect();
        format!("query({}){{{}}}", declared.join(","), selected.join(" "))
    }
}

// === impl Request ===

impl Request {
    /// Whether it is a connector's, of a field that was given no arguments.
    pub fn has_no_arguments(&self) -> bool {
        matches!(self, Self::Connector { arguments, .. } if arguments.is_empty())
    }
}

// === impl OutputSelection ===

impl OutputSelection {
    /// Items that each have one place, in this order.
    pub fn in_order(site: SiteId, items: impl IntoIterator<Item = (GuardId, OutputItem)>) -> Self {
        let (guards, items): (Vec<GuardId>, Vec<OutputItem>) = items.into_iter().unzip();
        Self::new(site, items, guards.into_iter().enumerate())
    }

    /// Items, and where they stand, in response order.
    pub fn new(site: SiteId, items: Vec<OutputItem>, places: impl Iterator<Item = (usize, GuardId)>) -> Self {
        let places = places.map(|(index, guard)| {
            let item = &items[index];
            let is_always = guard == GuardId::ALWAYS && item.on.is_none();
            let (leaf, object) = match &item.kind {
                OutputKind::Value { slot, ty } if is_always && ty.lists.is_empty() => match ty.kind {
                    OutputTypeKind::Leaf => (slot.0, u32::MAX),
                    OutputTypeKind::Object { .. } => (u32::MAX, slot.0),
                },
                _ => (u32::MAX, u32::MAX),
            };
            OutputPlace { item: index, guard, is_always, leaf, object, head: OutputHead::new(item.key.text()) }
        });
        let mut new = Self { site, repeats: false, joint: None, places: places.collect(), items };
        new.join();
        new
    }

    /// The selections of the objects below, one level.
    pub fn objects_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        self.items.iter_mut().filter_map(|item| match &mut item.kind {
            OutputKind::Value { ty: OutputType { kind: OutputTypeKind::Object { selection, .. }, .. }, .. } => {
                Some(selection)
            }
            _ => None,
        })
    }

    /// Gives an item another key.
    pub fn rename(&mut self, index: usize, key: OutputKey) {
        for place in self.places.iter_mut().filter(|place| place.item == index) {
            place.head = OutputHead::new(key.text());
        }
        self.items[index].key = key;
        self.join();
    }

    fn join(&mut self) {
        let first = self.places.first().filter(|place| place.leaf != u32::MAX);
        let key = first.and_then(|first| self.items.get(first.item)).map(|item| &item.key);
        self.joint = key.map(|key| OutputHead::new(&[b"},{", &key.text()[1..]].concat()));
    }
}

// === impl OutputKey ===

impl OutputKey {
    /// `,"name":`
    pub fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

// === impl OutputHead ===

impl OutputHead {
    fn new(text: &[u8]) -> Self {
        let mut bytes = [0; 16];
        let len = text.len().min(bytes.len());
        bytes[..len].copy_from_slice(&text[..len]);
        Self { bytes, len: text.len() as u32 }
    }
}

impl From<&str> for OutputKey {
    /// GraphQL names need no escapes.
    fn from(name: &str) -> Self {
        Self { text: format!(",\"{name}\":").into() }
    }
}

impl Deref for OutputKey {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text[2..self.text.len() - 2]
    }
}
