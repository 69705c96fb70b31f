//! The tree of a GraphQL document, every node with its place.

use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use super::value::InputValue;

/// The definitions of one type-system document, in the order written.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Document {
    /// In the order written.
    pub definitions: Vec<Definition>,
}

/// One definition or extension of a type-system document.
#[derive(Clone, PartialEq, Debug)]
pub enum Definition {
    /// `schema { … }` or `extend schema`
    Schema(SchemaDefinition),
    /// Any named type, or an extension of one.
    Type(TypeDefinition),
    /// `directive @name on …`
    Directive(DirectiveDefinition),
}

/// The three kinds of operation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OperationKind {
    /// `query`
    Query,
    /// `mutation`
    Mutation,
    /// `subscription`
    Subscription,
}

/// `schema @d { query: Q }` or its extension.
#[derive(Clone, PartialEq, Debug)]
pub struct SchemaDefinition {
    /// `extend schema`
    pub extension: bool,
    /// The description, if any.
    pub description: Option<Name>,
    /// Directives applied to the schema.
    pub directives: Vec<Directive>,
    /// Root operation types.
    pub roots: Vec<(OperationKind, Spanned<Name>)>,
    /// The whole definition.
    pub span: Span,
}

/// The six kinds of named type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TypeKind {
    /// `scalar`
    Scalar,
    /// `type`
    Object,
    /// `interface`
    Interface,
    /// `union`
    Union,
    /// `enum`
    Enum,
    /// `input`
    InputObject,
}

/// A named type or an extension of one; lists a kind has no use for are empty.
#[derive(Clone, PartialEq, Debug)]
pub struct TypeDefinition {
    /// `extend …`
    pub extension: bool,
    /// Which kind of type.
    pub kind: TypeKind,
    /// The name and its place.
    pub name: Spanned<Name>,
    /// The description, if any.
    pub description: Option<Name>,
    /// `implements …`
    pub interfaces: Vec<Spanned<Name>>,
    /// Directives applied to the type.
    pub directives: Vec<Directive>,
    /// Fields of an object or interface.
    pub fields: Vec<FieldDefinition>,
    /// Members of a union.
    pub members: Vec<Spanned<Name>>,
    /// Values of an enum.
    pub values: Vec<EnumValueDefinition>,
    /// Fields of an input object.
    pub inputs: Vec<InputValueDefinition>,
    /// The whole definition.
    pub span: Span,
}

/// A field of an object or interface type.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldDefinition {
    /// The name and its place.
    pub name: Spanned<Name>,
    /// The description, if any.
    pub description: Option<Name>,
    /// Arguments in the order written.
    pub arguments: Vec<InputValueDefinition>,
    /// The type.
    pub ty: TypeExpr,
    /// Directives applied to the field.
    pub directives: Vec<Directive>,
    /// The whole definition.
    pub span: Span,
}

/// An argument or an input object's field.
#[derive(Clone, PartialEq, Debug)]
pub struct InputValueDefinition {
    /// The name and its place.
    pub name: Spanned<Name>,
    /// The description, if any.
    pub description: Option<Name>,
    /// The type.
    pub ty: TypeExpr,
    /// The default, if any.
    pub default: Option<Value>,
    /// Directives applied to it.
    pub directives: Vec<Directive>,
    /// The whole definition.
    pub span: Span,
}

/// A value of an enum type.
#[derive(Clone, PartialEq, Debug)]
pub struct EnumValueDefinition {
    /// The name and its place.
    pub name: Spanned<Name>,
    /// The description, if any.
    pub description: Option<Name>,
    /// Directives applied to it.
    pub directives: Vec<Directive>,
    /// The whole definition.
    pub span: Span,
}

/// `directive @name(args) repeatable on A | B`
#[derive(Clone, PartialEq, Debug)]
pub struct DirectiveDefinition {
    /// The name (without `@`) and its place.
    pub name: Spanned<Name>,
    /// The description, if any.
    pub description: Option<Name>,
    /// Arguments in the order written.
    pub arguments: Vec<InputValueDefinition>,
    /// `repeatable`
    pub repeatable: bool,
    /// Locations by the specification's names, such as `FIELD_DEFINITION`.
    pub locations: Vec<Name>,
    /// The whole definition.
    pub span: Span,
}

/// `@name(arg: value)`
#[derive(Clone, PartialEq, Debug)]
pub struct Directive {
    /// The name, without `@`.
    pub name: Name,
    /// Arguments in the order written.
    pub arguments: Vec<Argument>,
    /// The whole application.
    pub span: Span,
}

/// `name: value`
#[derive(Clone, PartialEq, Debug)]
pub struct Argument {
    /// The name and its place.
    pub name: Spanned<Name>,
    /// The value.
    pub value: Value,
}

/// An input value with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Value {
    /// What it is.
    pub kind: ValueKind,
    /// The literal, quotes included.
    pub span: Span,
}

/// An input value's content.
#[derive(Clone, PartialEq, Debug)]
pub enum ValueKind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// An integer literal's text.
    Int(Name),
    /// A float literal's text.
    Float(Name),
    /// A string's meaning: escapes resolved, block strings dedented.
    String(Name),
    /// An enum value's name.
    Enum(Name),
    /// `[a, b]`
    List(Vec<Value>),
    /// `{ a: 1 }`, in the order written.
    Object(Vec<(Spanned<Name>, Value)>),
    /// `$name`
    Variable(Name),
}

/// A type as written: `[Product!]!`.
#[derive(Clone, PartialEq, Debug)]
pub enum TypeExpr {
    /// `Product`
    Named(Spanned<Name>),
    /// `[…]`
    List(Box<TypeExpr>),
    /// `…!`
    NonNull(Box<TypeExpr>),
}

/// The operations and fragments of one executable document.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ExecutableDocument {
    /// Operations in the order written.
    pub operations: Vec<OperationDefinition>,
    /// Fragments in the order written.
    pub fragments: Vec<FragmentDefinition>,
}

/// An operation as written.
#[derive(Clone, PartialEq, Debug)]
pub struct OperationDefinition {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// The name, if any.
    pub name: Option<Spanned<Name>>,
    /// Variables in the order declared.
    pub variables: Vec<VariableDefinition>,
    /// Directives applied to the operation.
    pub directives: Vec<Directive>,
    /// The root selection set.
    pub selections: Vec<Selection>,
    /// The whole definition.
    pub span: Span,
}

/// `$name: Type = default`
#[derive(Clone, PartialEq, Debug)]
pub struct VariableDefinition {
    /// The name, without `$`.
    pub name: Spanned<Name>,
    /// The type.
    pub ty: TypeExpr,
    /// The default, if any.
    pub default: Option<Value>,
    /// Directives applied to it.
    pub directives: Vec<Directive>,
}

/// `fragment Name on Type { … }`
#[derive(Clone, PartialEq, Debug)]
pub struct FragmentDefinition {
    /// The name and its place.
    pub name: Spanned<Name>,
    /// The type condition.
    pub on: Spanned<Name>,
    /// Directives applied to the fragment.
    pub directives: Vec<Directive>,
    /// What it selects.
    pub selections: Vec<Selection>,
    /// The whole definition.
    pub span: Span,
}

/// One item of a selection set as written.
#[derive(Clone, PartialEq, Debug)]
pub enum Selection {
    /// A field.
    Field(Field),
    /// `...Name`
    FragmentSpread {
        /// The fragment's name.
        name: Spanned<Name>,
        /// Directives applied to the spread.
        directives: Vec<Directive>,
    },
    /// `... on Type { … }`
    InlineFragment {
        /// The type condition, if any.
        on: Option<Spanned<Name>>,
        /// Directives applied to the fragment.
        directives: Vec<Directive>,
        /// What it selects.
        selections: Vec<Selection>,
        /// The whole fragment.
        span: Span,
    },
}

/// `alias: name(args) @d { … }`
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// The alias, if any.
    pub alias: Option<Name>,
    /// The name and its place.
    pub name: Spanned<Name>,
    /// Arguments in the order written.
    pub arguments: Vec<Argument>,
    /// Directives applied to the field.
    pub directives: Vec<Directive>,
    /// `None` for a leaf without braces.
    pub selections: Option<Vec<Selection>>,
    /// The whole field.
    pub span: Span,
}

// === impl OperationKind ===

impl OperationKind {
    /// The keyword.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

// === impl Directive ===

impl Directive {
    /// The value of argument `name`, if given.
    pub fn argument(&self, name: &str) -> Option<&Value> {
        self.arguments.iter().find(|argument| &*argument.name.value == name).map(|argument| &argument.value)
    }
}

// === impl Value ===

impl Value {
    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value without places.
    pub fn to_input(&self) -> InputValue {
        match &self.kind {
            ValueKind::Null => InputValue::Null,
            ValueKind::Boolean(value) => InputValue::Boolean(*value),
            ValueKind::Int(text) => InputValue::Int(text.clone()),
            ValueKind::Float(text) => InputValue::Float(text.clone()),
            ValueKind::String(text) => InputValue::String(text.clone()),
            ValueKind::Enum(name) => InputValue::Enum(name.clone()),
            ValueKind::List(items) => InputValue::List(items.iter().map(Self::to_input).collect()),
            ValueKind::Object(fields) => {
                InputValue::Object(fields.iter().map(|(name, value)| (name.value.clone(), value.to_input())).collect())
            }
            ValueKind::Variable(name) => InputValue::Variable(name.clone()),
        }
    }
}

// === impl TypeExpr ===

impl TypeExpr {
    /// The innermost name.
    pub fn name(&self) -> &Spanned<Name> {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }

    /// Whether the outermost wrapper is `!`.
    pub fn is_non_null(&self) -> bool {
        matches!(self, Self::NonNull(_))
    }

    /// Whether it is a list, nullable or not.
    pub fn is_list(&self) -> bool {
        match self {
            Self::Named(_) => false,
            Self::List(_) => true,
            Self::NonNull(inner) => inner.is_list(),
        }
    }
}

impl std::fmt::Display for TypeExpr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => f.write_str(&name.value),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}
