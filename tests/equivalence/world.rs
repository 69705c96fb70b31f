//! A world: one schema with data, and how it is split over subgraphs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// The index of an object type in a world; 0 is `Query`.
pub type TypeIndex = usize;
/// The index of a subgraph.
pub type Sub = usize;

/// Everything that is, and who knows what of it.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Object types, `Query` first.
    pub types: Vec<Object>,
    /// Interfaces.
    pub interfaces: Vec<Abstract>,
    /// Unions.
    pub unions: Vec<Abstract>,
    /// The subgraphs.
    pub subgraphs: Vec<Subgraph>,
    /// For each object type its instances: the values of its fields.
    pub data: Vec<Vec<Vec<Data>>>,
    /// Entities that a subgraph answers with null: subgraph, type, instance.
    pub unknown: BTreeSet<(Sub, TypeIndex, usize)>,
    /// Whether resolvers fail, or give null where none may be.
    pub faulty: bool,
    /// A subgraph that fails whatever it is asked.
    pub failing: Option<Sub>,
}

/// An object type of the whole schema.
#[derive(Clone, Debug)]
pub struct Object {
    pub name: String,
    pub fields: Vec<Field>,
    /// The sets of fields by which its instances may be told apart; none for `Query` and values.
    pub keys: Vec<FieldSet>,
}

/// An interface or a union of the whole schema.
#[derive(Clone, Debug)]
pub struct Abstract {
    pub name: String,
    pub members: Vec<TypeIndex>,
}

/// A field of an object type.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub ty: Ty,
    /// Whether it takes `n: Int`.
    pub argument: bool,
    /// What its value is made of: other fields of the same object.
    pub requires: FieldSet,
    /// What fills its argument `v`: a field of the nearest object above, or of its own, that is of
    /// one of these types.
    pub context: Vec<(TypeIndex, String)>,
    /// The subgraphs that resolve it.
    pub owners: Vec<Sub>,
    /// Hidden from clients.
    pub inaccessible: bool,
    /// Declared nullable in this subgraph although it is not elsewhere.
    pub looser_in: Option<Sub>,
}

/// A type as a field declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ty {
    /// Outermost first: whether each list is non-null.
    pub lists: Vec<bool>,
    pub non_null: bool,
    pub named: Named,
}

/// The innermost type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Named {
    Id,
    String,
    Int,
    Float,
    Boolean,
    Enum,
    Object(TypeIndex),
    Interface(usize),
    Union(usize),
}

/// Fields of an object, some with fields below.
pub type FieldSet = Vec<Selected>;

/// One field of a field set.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    pub name: String,
    /// The literal given for `n`.
    pub argument: Option<i64>,
    /// Only for this member of an abstract type.
    pub on: Option<TypeIndex>,
    pub below: FieldSet,
}

/// What one subgraph knows.
#[derive(Clone, Debug, Default)]
pub struct Subgraph {
    pub types: BTreeMap<TypeIndex, LocalType>,
    /// Which members it knows of an interface, and which fields it declares on it.
    pub interfaces: BTreeMap<usize, (Vec<TypeIndex>, Vec<String>)>,
    /// Interfaces that have a key here.
    pub keyed: BTreeSet<usize>,
    /// Interfaces it declares as objects (`@interfaceObject`).
    pub opaque: BTreeMap<usize, LocalType>,
    /// Which members it knows of a union.
    pub unions: BTreeMap<usize, Vec<TypeIndex>>,
}

/// An object type as a subgraph declares it.
#[derive(Clone, Debug, Default)]
pub struct LocalType {
    /// Keys, and whether the subgraph can be entered by them.
    pub keys: Vec<(FieldSet, bool)>,
    pub fields: BTreeMap<String, LocalField>,
}

/// A field as a subgraph declares it.
#[derive(Clone, Debug, Default)]
pub struct LocalField {
    pub shareable: bool,
    pub external: bool,
    /// It was moved elsewhere; what it gives here must never be read.
    pub overridden: bool,
    pub requires: FieldSet,
    pub provides: FieldSet,
    /// The subgraph it was moved from.
    pub overrides: Option<Sub>,
}

/// A value of the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    Null,
    /// Its resolver fails.
    Error,
    Leaf(Json),
    Object(TypeIndex, usize),
    List(Vec<Data>),
}

/// Names of subgraphs.
pub const NAMES: [&str; 5] = ["ants", "bees", "cats", "dogs", "eels"];

// === impl World ===

impl World {
    /// The object type's field of that name.
    pub fn field(&self, ty: TypeIndex, name: &str) -> Option<&Field> {
        self.types[ty].fields.iter().find(|field| field.name == name)
    }

    /// The object types a value of this type may have in the whole schema.
    pub fn members(&self, named: Named) -> Vec<TypeIndex> {
        match named {
            Named::Object(ty) => vec![ty],
            Named::Interface(index) => self.union_of(|sub| sub.interfaces.get(&index).map(|(members, _)| members)),
            Named::Union(index) => self.union_of(|sub| sub.unions.get(&index)),
            _ => Vec::new(),
        }
    }

    fn union_of<'w>(&'w self, of: impl Fn(&'w Subgraph) -> Option<&'w Vec<TypeIndex>>) -> Vec<TypeIndex> {
        let all: BTreeSet<TypeIndex> = self.subgraphs.iter().filter_map(of).flatten().copied().collect();
        all.into_iter().collect()
    }

    /// The fields a client can select on an interface.
    pub fn interface_fields(&self, index: usize) -> BTreeSet<String> {
        let locals = self.subgraphs.iter().filter_map(|sub| sub.interfaces.get(&index));
        let opaque = self.subgraphs.iter().filter_map(|sub| sub.opaque.get(&index));
        let resolved = opaque.flat_map(|local| local.fields.iter().filter(|(_, field)| !field.external));
        locals.flat_map(|(_, fields)| fields.iter().cloned()).chain(resolved.map(|(name, _)| name.clone())).collect()
    }

    /// A field's type as clients see it.
    pub fn api_type(&self, ty: TypeIndex, name: &str) -> Ty {
        let field = self.field(ty, name).expect("a field of the world");
        if field.looser_in.is_some() { field.ty.clone().nullable() } else { field.ty.clone() }
    }

    /// An interface field's type as one subgraph declares it, or as clients see it: nullable if it
    /// is for one of the members.
    pub fn interface_type(&self, index: usize, name: &str, sub: Option<Sub>) -> Ty {
        let subgraphs = self.subgraphs.iter().enumerate().filter(|(at, _)| sub.is_none_or(|sub| sub == *at));
        let locals = subgraphs.filter_map(|(_, local)| local.interfaces.get(&index));
        let declaring = locals.filter(|(_, fields)| fields.iter().any(|field| field == name));
        let mut all: Vec<&Ty> = declaring
            .flat_map(|(members, _)| members.iter().map(|&ty| &self.field(ty, name).expect("common").ty))
            .collect();
        if all.is_empty() {
            // Only an interface object has it: its type is everywhere the same.
            all.push(&self.field(self.interfaces[index].members[0], name).expect("a field of all members").ty);
        }
        if all.iter().all(|ty| *ty == all[0]) { all[0].clone() } else { all[0].clone().nullable() }
    }

    /// The type's name.
    pub fn name(&self, named: Named) -> &str {
        match named {
            Named::Id => "ID",
            Named::String => "String",
            Named::Int => "Int",
            Named::Float => "Float",
            Named::Boolean => "Boolean",
            Named::Enum => "Mood",
            Named::Object(ty) => &self.types[ty].name,
            Named::Interface(index) => &self.interfaces[index].name,
            Named::Union(index) => &self.unions[index].name,
        }
    }

    /// The composite type of that name.
    pub fn named(&self, name: &str) -> Option<Named> {
        let at = |all: &[Abstract]| all.iter().position(|one| one.name == name);
        let object = self.types.iter().position(|ty| ty.name == name).map(Named::Object);
        object.or_else(|| at(&self.interfaces).map(Named::Interface)).or_else(|| at(&self.unions).map(Named::Union))
    }

    /// A field set as text.
    pub fn field_set(&self, set: &FieldSet) -> String {
        let one = |selected: &Selected| {
            let argument = selected.argument.map_or_else(String::new, |n| format!("(n: {n})"));
            let below = match selected.below.is_empty() {
                true => String::new(),
                false => format!(" {{ {} }}", self.field_set(&selected.below)),
            };
            match selected.on {
                Some(ty) => format!("... on {} {{ {}{argument}{below} }}", self.types[ty].name, selected.name),
                None => format!("{}{argument}{below}", selected.name),
            }
        };
        set.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// The subgraphs that resolve a field.
    pub fn resolving(&self, ty: TypeIndex, name: &str) -> Vec<Sub> {
        let resolves =
            |sub: &Sub| self.local_field(*sub, ty, name).is_some_and(|field| !field.external && !field.overridden);
        (0..self.subgraphs.len()).filter(resolves).collect()
    }

    /// A field as a subgraph declares it, on the type itself or on an interface object.
    pub fn local_field(&self, sub: Sub, ty: TypeIndex, name: &str) -> Option<&LocalField> {
        self.local_type(sub, ty)?.fields.get(name)
    }

    /// How a subgraph declares objects of a type.
    pub fn local_type(&self, sub: Sub, ty: TypeIndex) -> Option<&LocalType> {
        match self.opaque(sub, ty) {
            Some(index) => self.subgraphs[sub].opaque.get(&index),
            None => self.subgraphs[sub].types.get(&ty),
        }
    }

    /// The interface object that objects of a type are in a subgraph.
    pub fn opaque(&self, sub: Sub, ty: TypeIndex) -> Option<usize> {
        self.subgraphs[sub].opaque.keys().copied().find(|&index| self.interfaces[index].members.contains(&ty))
    }

    /// The types an object in this field may have, whichever subgraph resolves it.
    pub fn possible(&self, ty: TypeIndex, name: &str) -> Vec<TypeIndex> {
        let Some(field) = self.field(ty, name) else { return Vec::new() };
        let here = |sub: Sub| match field.ty.named {
            Named::Interface(index) => match self.subgraphs[sub].interfaces.get(&index) {
                Some((members, _)) => members.clone(),
                None => self.interfaces[index].members.clone(),
            },
            Named::Union(index) => self.subgraphs[sub].unions[&index].clone(),
            named => self.members(named),
        };
        let resolving = self.resolving(ty, name);
        let all = self.members(field.ty.named);
        all.into_iter().filter(|member| resolving.iter().all(|&sub| here(sub).contains(member))).collect()
    }

    /// Whether a field of an instance is null, or said to be.
    pub fn is_null(&self, ty: TypeIndex, nth: usize, name: &str) -> bool {
        let at = self.types[ty].fields.iter().position(|field| field.name == name);
        at.is_some_and(|at| self.data[ty][nth][at] == Data::Null)
    }

    /// Whether anything fails in this world.
    pub fn may_fail(&self) -> bool {
        self.faulty || self.failing.is_some()
    }

    /// The contexts that objects of a type set in a subgraph, called like the fields that read them.
    pub fn contexts_set(&self, sub: Sub, ty: TypeIndex) -> Vec<&str> {
        let fields = self.types.iter().flat_map(|ty| &ty.fields).filter(|field| field.owners == [sub]);
        let setting = fields.filter(|field| field.context.iter().any(|(setter, _)| *setter == ty));
        setting.map(|field| &*field.name).collect()
    }

    /// The fields a key consists of at its top.
    pub fn is_key_field(&self, ty: TypeIndex, name: &str) -> bool {
        self.types[ty].keys.iter().flatten().any(|selected| selected.name == name)
    }
}

// === impl Ty ===

impl Ty {
    /// A type without lists.
    pub fn of(named: Named, non_null: bool) -> Self {
        Self { lists: Vec::new(), non_null, named }
    }

    /// Whether the outermost value is non-null.
    pub fn is_non_null(&self) -> bool {
        *self.lists.first().unwrap_or(&self.non_null)
    }

    /// The same type, but nullable as a whole.
    pub fn nullable(mut self) -> Self {
        match self.lists.first_mut() {
            Some(first) => *first = false,
            None => self.non_null = false,
        }
        self
    }

    /// As SDL.
    pub fn text(&self, world: &World) -> String {
        let bang = |non_null| if non_null { "!" } else { "" };
        let inner = format!("{}{}", world.name(self.named), bang(self.non_null));
        self.lists.iter().rev().fold(inner, |inner, &non_null| format!("[{inner}]{}", bang(non_null)))
    }
}

// === impl Named ===

impl Named {
    /// Whether it has no fields.
    pub fn is_leaf(self) -> bool {
        !matches!(self, Self::Object(_) | Self::Interface(_) | Self::Union(_))
    }
}

// === impl Selected ===

impl Selected {
    /// Just a field.
    pub fn leaf(name: &str) -> Self {
        Self { name: name.into(), argument: None, on: None, below: Vec::new() }
    }
}
