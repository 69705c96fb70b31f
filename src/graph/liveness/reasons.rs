//! Why something cannot be reached, option by option.

use std::fmt::{self, Display, Formatter};

use crate::graph::federation::field_set::FieldSetNode;
use crate::graph::federation::ids::{EntryId, FieldId, SubgraphId};
use crate::graph::federation::supergraph::{EntryKind, SubgraphDef, SubgraphKind};
use crate::platform::base::Name;

use super::reach::{Reach, StateId};

/// Why one option is dead.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// No subgraph gives the field at all.
    NoProvider {
        /// `Type.field`
        coordinate: String,
    },
    /// The subgraph only knows the field as external, and nothing provides it here.
    External {
        /// The subgraph.
        subgraph: Name,
        /// `Type.field`
        coordinate: String,
    },
    /// The connector gives the field, but not of these objects.
    NotSelected {
        /// The connector, as `subgraph.connector`.
        connector: Name,
        /// `Type.field`
        coordinate: String,
    },
    /// The connector cannot be asked for objects of the type.
    NoEntity {
        /// The connector, as `subgraph.connector`.
        connector: Name,
        /// The type.
        ty: Name,
    },
    /// The subgraph has no resolvable key by which one could get there.
    NoKey {
        /// The subgraph.
        subgraph: Name,
        /// The type.
        ty: Name,
    },
    /// A key of the subgraph needs something that cannot be had.
    KeyUnavailable {
        /// The subgraph.
        subgraph: Name,
        /// The type.
        ty: Name,
        /// The key.
        key: String,
        /// What is missing of it.
        missing: String,
    },
    /// The field requires something that cannot be had.
    RequiresUnavailable {
        /// The subgraph.
        subgraph: Name,
        /// `Type.field`
        coordinate: String,
        /// The requirement.
        requires: String,
        /// What is missing of it.
        missing: String,
    },
    /// The field has requirements, but the key to send them with is external in its subgraph.
    KeyExternal {
        /// The subgraph.
        subgraph: Name,
        /// `Type.field`
        coordinate: String,
        /// The external key field.
        key_field: String,
    },
    /// The runtime type is hidden by an interface object, and nothing reveals it.
    Opaque {
        /// The type.
        ty: Name,
    },
}

// === impl Reach ===

impl Reach<'_> {
    /// Why `field` cannot be had of these objects, option by option.
    pub fn explain(&mut self, state: StateId, field: FieldId) -> Vec<Reason> {
        let graph = self.graph();
        let coordinate = graph.coordinate(field);
        let mut reasons = Vec::new();
        for &id in &graph.fields[field].providers {
            let provider = &graph.providers[id];
            let subgraph = graph.subgraphs[provider.subgraph].name.clone();
            if !self.is_drawn(provider) {
                continue;
            }
            if provider.external {
                let coordinate = coordinate.clone();
                reasons.push(match graph.subgraphs[provider.subgraph].kind {
                    SubgraphKind::Connector(_) => Reason::NotSelected { connector: subgraph, coordinate },
                    _ => Reason::External { subgraph, coordinate },
                });
                continue;
            }
            let there = self.reached(state).any(|arrival| arrival.subgraph == provider.subgraph);
            match provider.requires {
                Some(set) if self.is_enterable(state, provider) => {
                    let missing = self.missing(state, &graph.field_sets[set].selections);
                    // Something else than the requirement stands against it.
                    if !missing.is_empty() {
                        let requires = graph.display_field_set(set).to_string();
                        let coordinate = coordinate.clone();
                        reasons.push(Reason::RequiresUnavailable { subgraph, coordinate, requires, missing });
                    }
                }
                None if there && (!provider.needs_more() || self.is_enterable(state, provider)) => {}
                _ if there => {
                    let key_field = self.foreign_key(state, provider.subgraph);
                    reasons.extend(key_field.map(|key_field| Reason::KeyExternal {
                        subgraph: subgraph.clone(),
                        coordinate: coordinate.clone(),
                        key_field,
                    }));
                    reasons.extend(self.why_not_entered(state, &subgraph));
                }
                _ => reasons.extend(self.why_not_entered(state, &subgraph)),
            }
        }
        if graph.fields[field].providers.is_empty() {
            reasons.push(Reason::NoProvider { coordinate });
        }
        if !self.is_revealed(state) {
            reasons.push(Reason::Opaque { ty: graph.types[self.type_of(state)].name.clone() });
        }
        reasons.dedup();
        reasons
    }

    fn foreign_key(&self, state: StateId, subgraph: SubgraphId) -> Option<String> {
        let graph = self.graph();
        let entries = self.entries(self.type_of(state));
        let mut entries = entries.into_iter().map(|id| &graph.entries[id]).filter(|entry| entry.subgraph == subgraph);
        entries.find_map(|entry| self.foreign_key_field(entry)).map(|field| graph.coordinate(field))
    }

    fn why_not_entered(&mut self, state: StateId, subgraph: &Name) -> Vec<Reason> {
        let graph = self.graph();
        let ty = self.type_of(state);
        let into: Vec<EntryId> = self
            .entries(ty)
            .into_iter()
            .filter(|&id| graph.subgraphs[graph.entries[id].subgraph].name == *subgraph)
            .collect();
        if into.is_empty() {
            let (name, ty) = (subgraph.clone(), graph.types[ty].name.clone());
            let of_connector = |def: &SubgraphDef| matches!(def.kind, SubgraphKind::Connector(_)) && def.name == name;
            return vec![match graph.subgraphs.iter().any(of_connector) {
                true => Reason::NoEntity { connector: name, ty },
                false => Reason::NoKey { subgraph: name, ty },
            }];
        }
        let mut reasons = Vec::new();
        for id in into.into_iter() {
            if self.is_entered(state, id) {
                continue;
            }
            let entry = &graph.entries[id];
            let needs_type = !matches!(entry.kind, EntryKind::InterfaceEntity | EntryKind::InterfaceObject);
            if needs_type && !self.is_revealed(state) {
                continue;
            }
            reasons.push(Reason::KeyUnavailable {
                subgraph: subgraph.clone(),
                ty: graph.types[entry.ty].name.clone(),
                key: graph.display_field_set(entry.key).to_string(),
                missing: self.missing(state, &graph.field_sets[entry.key].selections),
            });
        }
        reasons
    }

    /// The first field of a selection that cannot be had, as a path.
    fn missing(&mut self, state: StateId, nodes: &[FieldSetNode]) -> String {
        let graph = self.graph();
        let Some(node) = nodes.iter().find(|node| !self.holds(state, std::slice::from_ref(node))) else {
            return String::new();
        };
        match node {
            FieldSetNode::Typename => "__typename".into(),
            FieldSetNode::Fragment { selections, .. } => self.missing(state, selections),
            FieldSetNode::Field { field, selections, .. } => {
                let name = graph.fields[*field].name.to_string();
                let Some(own) = graph.field(self.type_of(state), &name) else { return name };
                let arrivals = self.advance(state, own);
                for (class, arrivals) in self.classes(graph.fields[own].ty.inner, &arrivals) {
                    let below = self.settled(class, arrivals);
                    if !self.holds(below, selections) {
                        return format!("{name}.{}", self.missing(below, selections));
                    }
                }
                name
            }
        }
    }
}

// === impl Reason ===

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProvider { coordinate } => write!(f, "no subgraph provides `{coordinate}`"),
            Self::External { subgraph, coordinate } => {
                write!(f, "`{coordinate}` is external in subgraph \"{subgraph}\" and not provided here")
            }
            Self::NotSelected { connector, coordinate } => {
                write!(f, "connector \"{connector}\" gives `{coordinate}`, but not of these objects")
            }
            Self::NoEntity { connector, ty } => {
                write!(f, "connector \"{connector}\" cannot be asked for a `{ty}`: no key leads to it")
            }
            Self::NoKey { subgraph, ty } => {
                write!(f, "subgraph \"{subgraph}\" cannot be entered: it has no resolvable key for `{ty}`")
            }
            Self::KeyUnavailable { subgraph, ty, key, missing } => write!(
                f,
                "subgraph \"{subgraph}\" cannot be entered by the key `{key}` of `{ty}`: `{missing}` is not available"
            ),
            Self::RequiresUnavailable { subgraph, coordinate, requires, missing } => write!(
                f,
                "`{coordinate}` in subgraph \"{subgraph}\" requires `{requires}`: `{missing}` is not available"
            ),
            Self::KeyExternal { subgraph, coordinate, key_field } => write!(
                f,
                "`{coordinate}` in subgraph \"{subgraph}\" has requirements, but its key field `{key_field}` is external there"
            ),
            Self::Opaque { ty } => {
                write!(
                    f,
                    "it is not known whether the object is a `{ty}`: only an interface object yields it, and no subgraph with the interface can be entered"
                )
            }
        }
    }
}
