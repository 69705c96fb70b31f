//! Reading step: each type as each GraphQL subgraph defines it.

use crate::graph::language::ast::TypeKind;

use super::build::Build;
use super::ids::{SubgraphId, TypeId, TypeSet};
use super::join::{GraphId, JoinedType};
use super::supergraph::LocalType;

// === impl Build ===

impl Build<'_> {
    /// Kinds, interfaces, members and enum values by subgraph.
    pub(super) fn local_types(&mut self) {
        let joined = self.joined;
        for ty in &joined.types {
            let Some(id) = self.graph.type_id(&ty.definition.name.value) else { continue };
            for graph in ty.graphs() {
                let Some(&subgraph) = self.subgraph_of.get(&graph) else { continue };
                let local = self.local_type(id, ty, graph, subgraph);
                self.local.insert((id, subgraph), local);
            }
        }
        self.local_possible_types();
    }

    fn local_type(&mut self, id: TypeId, ty: &JoinedType<'_>, graph: GraphId, subgraph: SubgraphId) -> LocalType {
        let interface_object = ty.is_interface_object(graph);
        let interfaces = ty.implements.iter().filter(|(of, _)| *of == graph);
        let interfaces = interfaces.filter_map(|(_, name)| self.graph.type_id(name)).collect();
        let mut possible = TypeSet::new();
        match ty.definition.kind {
            TypeKind::Object => {
                possible.insert(id);
            }
            // Whatever implements the interface anywhere may be behind an interface object.
            TypeKind::Interface if interface_object => possible = self.graph.types[id].possible.clone(),
            TypeKind::Union => {
                let members = ty.members.iter().filter(|(of, _)| *of == graph);
                possible = members.filter_map(|(_, name)| self.graph.type_id(name)).collect();
            }
            _ => {}
        }
        let values = ty.values.iter().enumerate().filter(|(_, graphs)| graphs.contains(&graph));
        LocalType {
            subgraph,
            kind: if interface_object { TypeKind::Object } else { ty.definition.kind },
            interface_object,
            possible,
            interfaces,
            values: values.map(|(at, _)| at as u32).collect(),
        }
    }

    fn local_possible_types(&mut self) {
        let implementing: Vec<_> = self
            .local
            .iter()
            .filter(|(_, local)| local.kind == TypeKind::Object && !local.interface_object)
            .flat_map(|(&(ty, subgraph), local)| {
                local.interfaces.iter().map(move |&interface| (interface, subgraph, ty))
            })
            .collect();
        for (interface, subgraph, ty) in implementing {
            if let Some(local) = self.local.get_mut(&(interface, subgraph))
                && !local.interface_object
            {
                local.possible.insert(ty);
            }
        }
    }
}
