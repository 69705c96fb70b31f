//! What an answer should look like, compiled once per plan.

use std::fmt;
use std::ops::Deref;
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
    /// slots (a connector's field asked for with several arguments it does not read): fields with
    /// equal keys stand side by side.
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
    pub key: Key,
    /// The slot it fills.
    pub slot: SlotIndex,
    /// What the value should be.
    pub value: ValueShape,
}

/// A key of a JSON object, made ready to be recognised in a text.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The first bytes of the text, as far as `mask` reaches; the others are zero.
    head: u128,
    mask: u128,
    /// `"name":`
    text: Name,
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

// === impl Key ===

impl Key {
    /// How long `"name":` is, if `text` starts with exactly that. It may be there although this
    /// does not see it: with spaces or escapes, or at the very end of a text.
    #[inline]
    pub fn leads(&self, text: &[u8]) -> Option<usize> {
        let head = u128::from_le_bytes(*text.first_chunk()?);
        if head & self.mask != self.head {
            return None;
        }
        let own = self.text.as_bytes();
        (own.len() <= size_of_val(&head) || text.starts_with(own)).then_some(own.len())
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.text[1..self.text.len() - 2]
    }
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        let text: Name = format!("\"{name}\":").into();
        let mut head = [0; size_of::<u128>()];
        let len = text.len().min(head.len());
        head[..len].copy_from_slice(&text.as_bytes()[..len]);
        let is_plain = name.bytes().all(|byte| byte >= 0x20 && !matches!(byte, b'"' | b'\\'));
        // What needs escapes never stands in a text as it is.
        match is_plain {
            true => Self { text, head: u128::from_le_bytes(head), mask: u128::MAX >> (8 * (head.len() - len)) },
            false => Self { text, head: 1, mask: 0 },
        }
    }
}

impl From<Name> for Key {
    fn from(name: Name) -> Self {
        Self::from(&*name)
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        self.name()
    }
}

impl PartialEq<Name> for Key {
    fn eq(&self, other: &Name) -> bool {
        self.name() == &**other
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name(), f)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_recognised_as_it_stands_and_as_nothing_else() {
        let long = "a_name_of_more_than_sixteen_letters";
        for name in ["", "a", "id", "thirteen_long", "fourteen_chars", "fifteen_letters", long] {
            let key = Key::from(name);
            let text = format!("\"{name}\":");
            let more = "0123456789abcdef";
            assert_eq!(key.leads(format!("{text}{more}").as_bytes()), Some(text.len()), "{name}");
            assert_eq!(key.leads(format!("\"{name}x\":{more}").as_bytes()), None, "{name}");
            assert_eq!(key.leads(format!("\"{name}\" :{more}").as_bytes()), None, "{name}");
            assert_eq!(key.leads(format!("\"x{name}\":{more}").as_bytes()), None, "{name}");
            assert_eq!((key.name(), &key), (name, &Key::from(Name::from(name))));
        }
        assert_eq!(Key::from("id").leads(b"\"id\":1}"), None, "too close to the end to be compared at once");
        assert_eq!(Key::from("a\"b").leads(b"\"a\"b\":0123456789abcdef"), None);
    }
}
