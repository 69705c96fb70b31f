//! Reading step: fields that look entities up, and arguments filled from other subgraphs, as the
//! Composite Schemas specification has them.
//!
//! An entity of such a subgraph has an [`Entry`](super::supergraph::Entry) like any other, and a
//! field with required arguments requires a field set like any other. What is kept here is how a
//! representation becomes a call: which field looks it up, and what its arguments are made of.

use crate::graph::language::ast::{Value, ValueKind};
use crate::graph::language::string;
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use super::build::Build;
use super::field_set::FieldSet;
use super::ids::{FieldId, FieldSetId, SubgraphId, TypeId};
use super::join::{Carried, GraphId};
use crate::graph::language::selection_map::SelectionMap;

/// The prefix of the specification's directives inside `@join__directive`.
pub const PREFIX: &str = "composite";
/// `@lookup` of a type, inside `@join__directive`; of a field, if a connector looks the object up
/// by arguments that are not named like the key.
pub const LOOKUP: &str = "composite__lookup";
/// `@require` of a field, inside `@join__directive`.
pub const REQUIRE: &str = "composite__require";

/// An internal field with a connector that looks objects up, on their type.
pub const CONNECT: &str = "composite__connect";
/// The fields of a type that only a document with connectors knows.
pub const INTERNAL: &str = "composite__internal";
/// On the schema: an input type that only a document with connectors knows.
pub const INPUT: &str = "composite__input";

/// A field through which a subgraph looks up an object.
#[derive(Clone, PartialEq, Debug)]
pub struct Lookup {
    /// The object type.
    pub ty: TypeId,
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// What must be known of the object: the key of its entry.
    pub key: FieldSetId,
    /// The field, from the query root on; those before the last have no arguments.
    pub path: Vec<Name>,
    /// The last field's arguments.
    pub arguments: Vec<FilledArgument>,
}

/// An argument whose value is taken from an object.
#[derive(Clone, PartialEq, Debug)]
pub struct FilledArgument {
    /// Its name.
    pub name: Name,
    /// Its type in the subgraph, as a variable's is written.
    pub ty: Name,
    /// Whether it may be left out though it must not be null.
    pub has_default: bool,
    /// Its value, from the object looked up or the object that the field belongs to.
    pub value: SelectionMap,
}

/// The arguments of a field that are filled from other subgraphs.
#[derive(Clone, PartialEq, Debug)]
pub struct RequiredArguments {
    /// The field.
    pub field: FieldId,
    /// The subgraph whose field it is.
    pub subgraph: SubgraphId,
    /// The arguments, which clients do not know.
    pub arguments: Vec<FilledArgument>,
}

// === impl Build ===

impl Build<'_> {
    /// Lookups and required arguments of all subgraphs.
    pub(super) fn lookups(&mut self) {
        let joined = self.joined;
        for ty in &joined.types {
            let Some(id) = self.graph.type_id(&ty.definition.name.value) else { continue };
            for carried in ty.carried.iter().filter(|carried| carried.name == LOOKUP) {
                for graph in &carried.graphs {
                    self.lookup(id, carried, *graph);
                }
            }
            for field in &ty.fields {
                let Some(id) = self.graph.field(id, &field.definition.name.value) else { continue };
                for carried in field.carried.iter().filter(|carried| carried.name == REQUIRE) {
                    for graph in &carried.graphs {
                        self.required(id, carried, *graph);
                    }
                }
            }
        }
    }

    fn lookup(&mut self, ty: TypeId, carried: &Carried<'_>, graph: GraphId) {
        let Some(&subgraph) = self.subgraph_of.get(&graph) else { return };
        let (Some(path), Some(arguments)) = (argument(carried, "field").and_then(Value::as_str), self.filled(carried))
        else {
            return self.error(carried.span, "this lookup lacks its field or its arguments");
        };
        let path: Vec<Name> = path.split('.').map(Name::from).collect();
        let Some(key) = argument(carried, "key").and_then(|key| self.field_set(ty, key)) else {
            return self.error(carried.span, "this lookup has no key that can be read");
        };
        let selections = self.graph.field_sets[key].selections.clone();
        let key = self.intern(FieldSet { on: ty, selections });
        self.graph.lookups.push(Lookup { ty, subgraph, key, path, arguments });
    }

    fn required(&mut self, field: FieldId, carried: &Carried<'_>, graph: GraphId) {
        let Some(&subgraph) = self.subgraph_of.get(&graph) else { return };
        match self.filled(carried) {
            Some(arguments) => self.graph.required_arguments.push(RequiredArguments { field, subgraph, arguments }),
            None => self.error(carried.span, "the required arguments cannot be read"),
        }
    }

    /// `arguments: [{ name, type, value, default }]`
    fn filled(&self, carried: &Carried<'_>) -> Option<Vec<FilledArgument>> {
        let ValueKind::List(items) = &argument(carried, "arguments")?.kind else { return None };
        items.iter().map(|item| self.filled_argument(item)).collect()
    }

    fn filled_argument(&self, item: &Value) -> Option<FilledArgument> {
        let ValueKind::Object(fields) = &item.kind else { return None };
        let get = |key: &str| fields.iter().find(|(name, _)| &*name.value == key).map(|(_, value)| value);
        let value = get("value")?;
        let literal = self.sources.slice(value.span);
        let place =
            |start, end| -> Span { value.span.within(string::offset(literal, start), string::offset(literal, end)) };
        Some(FilledArgument {
            name: get("name")?.as_str()?.into(),
            ty: get("type")?.as_str()?.into(),
            has_default: get("default").is_some(),
            value: SelectionMap::parse(value.as_str()?, &place).ok()?,
        })
    }
}

fn argument<'a>(carried: &Carried<'a>, name: &str) -> Option<&'a Value> {
    let arguments: &'a [(Spanned<Name>, Value)] = carried.arguments;
    arguments.iter().find(|(known, _)| &*known.value == name).map(|(_, value)| value)
}
