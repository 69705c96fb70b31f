//! The ids of one supergraph.

use crate::platform::base::bitset::IdSet;

crate::id_type!(
    /// A named type.
    TypeId,
    /// A field of an object or interface type: a coordinate `Type.field`.
    FieldId,
    /// A place where fetches go: a GraphQL subgraph, a native schema, or one connector.
    SubgraphId,
    /// A resolved field set.
    FieldSetId,
    /// One way to produce one field.
    ProviderId,
    /// One way to land on a type in a subgraph.
    EntryId,
    /// A connector (`@connect`).
    ConnectorId,
    /// An override label.
    LabelId,
    /// An authorization rule.
    AuthRuleId,
);

/// A set of types.
pub type TypeSet = IdSet<TypeId>;
/// A set of subgraphs.
pub type SubgraphSet = IdSet<SubgraphId>;
