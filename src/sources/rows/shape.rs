//! What an answer should look like, compiled once per plan.

use std::sync::Arc;

use crate::graph::federation::ids::{TypeId, TypeSet};
use crate::platform::base::Name;

use super::slot::UNKNOWN_TYPE;

crate::id_type!(
    /// A selection-set position whose objects share one slot layout.
    SiteId,
    /// A cell of a layout.
    SlotIndex,
);

/// The shape of one object of an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct ObjectShape {
    /// The layout its slots follow.
    pub site: SiteId,
    /// How many slots the layout has.
    pub slots: u32,
    /// How the object's runtime type is known.
    pub typing: Typing,
    /// Expected keys, in document order. A key occurs once, except that one value may feed several
    /// slots: fields with equal keys stand side by side.
    pub fields: Vec<FieldShape>,
    /// Whether later fetches start from objects of this site: if so each is recorded in
    /// [`super::slot::Rows::objects`].
    pub record: bool,
}

/// How an object's runtime type is known.
#[derive(Clone, PartialEq, Debug)]
pub enum Typing {
    /// It can only be this type.
    Fixed(TypeId),
    /// The string under this key says it. A name that is not in the table makes the object's
    /// slot [`super::slot::Slot::Failed`] (null to the client, with an error).
    Key {
        /// The response key of `__typename`.
        key: Name,
        /// Names the subgraph may answer with, and the types they stand for.
        table: Vec<(Name, TypeId)>,
    },
    /// The answer cannot say (interface objects): the object's type stays unknown until another
    /// fetch reveals it.
    Opaque,
}

/// One expected key.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldShape {
    /// The key in the answer.
    pub key: Name,
    /// The slot it fills.
    pub slot: SlotIndex,
    /// What the value should be.
    pub value: ValueShape,
}

/// What a value should be: so many lists around a leaf or an object. Nulls are allowed at every
/// level here; nullability is the writer's business.
#[derive(Clone, PartialEq, Debug)]
pub struct ValueShape {
    /// How many lists surround it.
    pub lists: u8,
    /// What is inside.
    pub kind: ValueKind,
}

/// The innermost part of a value.
#[derive(Clone, PartialEq, Debug)]
pub enum ValueKind {
    /// A scalar or enum.
    Leaf(Leaf),
    /// An object.
    Object(Box<ObjectShape>),
    /// An object that is not kept: its fields fill slots of the enclosing object. Connectors whose
    /// mapping only selects, renames and descends read their answers so; plans never hold it.
    Through(Vec<FieldShape>),
}

/// Which leaf values are right.
#[derive(Clone, PartialEq, Debug)]
pub enum Leaf {
    /// A JSON string.
    String,
    /// A number without fraction in the range of 32 bits.
    Int,
    /// A number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A string, or an integer that is written as a string.
    Id,
    /// One of these names; any other becomes null with an error.
    Enum(Arc<[Name]>),
    /// Any JSON, kept verbatim.
    Custom,
    /// A type's name, kept verbatim (an aliased or hidden `__typename`).
    Typename,
}

/// The shape of a whole answer.
#[derive(Clone, PartialEq, Debug)]
pub enum RowShape {
    /// One row: the answer's root object (GraphQL: `data`).
    Root(ObjectShape),
    /// Lists of entities, each under a key of `data` and parallel to the representations sent.
    Lists(Vec<ListShape>),
}

/// One list of entities in an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct ListShape {
    /// The response key, such as `_entities`.
    pub key: Name,
    /// The shape of each entity: its own site is that of the objects it completes.
    pub object: ObjectShape,
    /// Entities are of one of these types.
    pub types: TypeSet,
}

// === impl ObjectShape ===

impl ObjectShape {
    /// The slots this shape fills directly.
    pub fn written(&self) -> impl Iterator<Item = SlotIndex> + '_ {
        self.fields.iter().map(|field| field.slot)
    }
}

// === impl Typing ===

impl Typing {
    /// The type when it is certain without looking, else [`UNKNOWN_TYPE`].
    pub fn fixed(&self) -> TypeId {
        match self {
            Self::Fixed(ty) => *ty,
            Self::Key { .. } | Self::Opaque => UNKNOWN_TYPE,
        }
    }
}
