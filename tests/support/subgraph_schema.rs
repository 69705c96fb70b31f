//! A subgraph's schema as a server of it would have it: its types without directives, and
//! `_entities` for those with keys.

use std::collections::HashMap;

use pleach::graph::language::api::ApiSchema;
use pleach::graph::language::ast::{Definition, TypeDefinition, TypeKind};
use pleach::graph::language::{parse, print};
use pleach::platform::base::span::SourceMap;

/// A schema that judges the documents a subgraph is sent.
pub struct SubgraphSchema {
    /// Validates documents.
    pub api: ApiSchema,
    /// Its types by name.
    pub types: HashMap<String, TypeDefinition>,
}

// === impl SubgraphSchema ===

impl SubgraphSchema {
    /// Reads a subgraph's SDL.
    ///
    /// # Panics
    /// When it is not valid.
    pub fn read(sdl: &str) -> Self {
        let mut sources = SourceMap::new();
        let is_entity = |ty: &TypeDefinition| ty.directives.iter().any(|directive| &*directive.name == "key");
        let file = sources.add("subgraph.graphql", sdl);
        let (mut document, findings) = parse::type_system(&sources, file);
        assert!(findings.is_empty(), "{findings:?}");
        document.definitions.retain(|definition| matches!(definition, Definition::Type(_)));
        let mut entities = Vec::new();
        let mut types = HashMap::new();
        for definition in &mut document.definitions {
            let Definition::Type(ty) = definition else { continue };
            if is_entity(ty) && ty.kind == TypeKind::Object {
                entities.push(ty.name.value.to_string());
            }
            ty.extension = false;
            ty.directives.clear();
            for field in &mut ty.fields {
                field.directives.clear();
                field.arguments.iter_mut().for_each(|argument| argument.directives.clear());
            }
            ty.values.iter_mut().for_each(|value| value.directives.clear());
            ty.inputs.iter_mut().for_each(|input| input.directives.clear());
            types.insert(ty.name.value.to_string(), ty.clone());
        }
        let mut text = print::document(&document);
        text.push_str(if types.contains_key("Query") { "\nextend type Query" } else { "\ntype Query" });
        if entities.is_empty() {
            text.push_str(" { _service: String }\n");
        } else {
            let members = entities.join(" | ");
            text.push_str(&format!(
                " {{ _entities(representations: [_Any!]!): [_Entity]! }}\nscalar _Any\nunion _Entity = {members}\n"
            ));
        }
        let api = ApiSchema::parse(&text).unwrap_or_else(|findings| panic!("{findings:?}\n{text}"));
        Self { api, types }
    }
}
