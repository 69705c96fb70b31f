//! The graph and the operations that are measured: accounts, products, reviews and an inventory,
//! one of the golden supergraphs.
#![allow(dead_code, reason = "each benchmark uses another part")]

pub mod execution;

use std::sync::Arc;

use pleach::gateway::operation::model::Operation;
use pleach::gateway::operation::normalize::normalize;
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::api::ApiSchema;
use pleach::graph::language::parse;
use pleach::platform::base::span::SourceMap;

/// The most tokens a document may have.
pub const TOKENS: usize = 15_000;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    /// One subgraph, then another with the keys of the first.
    Little,
    /// Four subgraphs, six calls, fragments within fragments.
    Much,
}

const LITTLE: &str = "query TopProducts { topProducts(first: 5) { upc name price inStock } }";

const MUCH: &str = "
  fragment UserParts on User { id username name }
  fragment ReviewParts on Review { id body }
  fragment ProductParts on Product { inStock name price shippingEstimate upc weight }
  query Everything {
    users {
      ...UserParts
      reviews {
        ...ReviewParts
        product {
          ...ProductParts
          reviews {
            ...ReviewParts
            author { ...UserParts reviews { ...ReviewParts product { ...ProductParts } } }
          }
        }
      }
    }
    topProducts {
      ...ProductParts
      reviews {
        ...ReviewParts
        author { ...UserParts reviews { ...ReviewParts product { ...ProductParts } } }
      }
    }
  }
";

// === impl Asked ===

impl Asked {
    /// The document.
    pub fn text(self) -> &'static str {
        match self {
            Self::Little => LITTLE,
            Self::Much => MUCH,
        }
    }
}

/// The graph, and the schema that clients see.
pub struct Shop {
    /// Types, providers and entries.
    pub supergraph: Arc<Supergraph>,
    /// What operations are validated against.
    pub api: ApiSchema,
}

// === impl Shop ===

impl Shop {
    /// Reads the supergraph.
    ///
    /// # Panics
    /// When it has mistakes.
    pub fn read() -> Self {
        let mut files = SourceMap::new();
        let file = files.add("shop.graphql", include_str!("../../tests/supergraph/cases/bench/supergraph.graphql"));
        let (document, mistakes) = parse::type_system(&files, file);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let supergraph = Supergraph::from_document(&document, &files).expect("a supergraph");
        let api = ApiSchema::parse(&supergraph.api_sdl).expect("an API schema");
        Self { supergraph: Arc::new(supergraph), api }
    }

    /// Parses, validates and normalises an operation.
    ///
    /// # Panics
    /// When it has mistakes.
    pub fn operation(&self, text: &str) -> Operation {
        let document = self.api.validate(text, TOKENS).unwrap_or_else(|problems| panic!("{problems:?}"));
        normalize(&self.supergraph, &document, None).unwrap_or_else(|problem| panic!("{problem:?}"))
    }
}
