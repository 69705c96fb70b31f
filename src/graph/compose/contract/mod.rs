//! Contracts: a graph of which clients see only a part, chosen by tags.
//!
//! A contract marks what it hides as inaccessible in the supergraph document, so that a hidden
//! element is for clients and for planning exactly what an `@inaccessible` one is: it is in no
//! schema that clients see, and keys and requirements still read it. In order: the tags choose
//! (`filter`), what has nothing left or no longer fits follows (`settle`), what no operation can
//! reach goes (`reach`), and the rest must make sense without what is hidden.

mod filter;
mod reach;
mod settle;
mod view;

use std::collections::BTreeMap;

use crate::graph::language::ast::{Definition, Directive, Document};
use crate::graph::link::{Links, spec};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::merged::inaccessible;
use super::supergraph;
use view::View;

/// What clients may see, by tags.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Contract {
    /// If there are any: fields of objects and interfaces, and unions, are seen only with one of
    /// these tags. Other elements need none.
    pub include: Vec<Name>,
    /// Whatever has one of these tags is hidden, also if it is included.
    pub exclude: Vec<Name>,
    /// Whether types that no operation can reach are hidden, too.
    pub hide_unreachable: bool,
}

// === impl Contract ===

impl Contract {
    /// Whether it names no tags: then it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// The supergraph `document` with everything marked that this contract hides, and warnings.
    ///
    /// # Errors
    /// When what is left would be no schema: `CONTRACT_EMPTY`, or the codes of inaccessible elements
    /// that are needed by visible ones. `CONTRACT_INVALID` for a contract that contradicts itself.
    pub fn apply(&self, mut document: Document) -> Result<(Document, Vec<Diagnostic>), Vec<Diagnostic>> {
        let (links, _) = Links::read(&document);
        let tag = name(&links, spec::TAG, "tag");
        let hidden = name(&links, spec::INACCESSIBLE, "inaccessible");
        let mistakes = self.mistakes(&document, &links, &hidden);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let mut view = View::new(&document, &links, &hidden);
        let unknown = filter::apply(&mut view, self, &tag);
        settle::apply(&mut view);
        if view.is_empty() {
            let finding = Diagnostic::error("CONTRACT_EMPTY", "the contract leaves no field of the query root type");
            let finding = view.query().into_iter().fold(finding, |finding, query| finding.at(query.name.span));
            return Err(vec![finding.help(self.advice())]);
        }
        if self.hide_unreachable {
            reach::apply(&mut view);
        }
        let marks = view.into_marks();
        view::mark(&mut document, &marks, &hidden);
        supergraph::link_feature(&mut document, &hidden);
        let findings = self.check(&document, &links, &hidden);
        if findings.is_empty() { Ok((document, unknown)) } else { Err(findings) }
    }

    fn mistakes(&self, document: &Document, links: &Links, hidden: &Name) -> Vec<Diagnostic> {
        let both = self.include.iter().filter(|tag| self.exclude.contains(tag));
        let mut mistakes: Vec<Diagnostic> = both
            .map(|tag| {
                let message = format!("the contract includes the tag \"{tag}\" and excludes it");
                Diagnostic::error("CONTRACT_INVALID", message)
            })
            .collect();
        let foreign = links.by_identity(spec::INACCESSIBLE).is_none();
        mistakes.extend(directive(document, hidden).filter(|_| foreign).map(|definition| {
            let message = format!("the graph has a directive \"@{hidden}\" of its own, which no contract can use");
            Diagnostic::error("CONTRACT_INVALID", message).at(definition.name.span)
        }));
        mistakes
    }

    /// What is visible must make sense without what is hidden.
    fn check(&self, document: &Document, links: &Links, hidden: &Name) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        let mut types = BTreeMap::new();
        let mut directives = Vec::new();
        for definition in &document.definitions {
            match definition {
                Definition::Type(ty) if links.type_element(&ty.name.value).is_none() => {
                    types.insert(ty.name.value.clone(), ty.clone());
                }
                Definition::Directive(own) if links.directive(&own.name.value).is_none() => directives.push(own),
                _ => {}
            }
        }
        inaccessible::check_schema(&types, directives, hidden, &mut findings);
        let advised = findings.into_iter().map(|finding| finding.help(self.advice()));
        advised.collect()
    }

    fn advice(&self) -> String {
        let list = |tags: &[Name]| tags.iter().map(|tag| format!("\"{tag}\"")).collect::<Vec<_>>().join(", ");
        match (self.include.is_empty(), self.exclude.is_empty()) {
            (false, true) => format!("the contract shows what is tagged {}", list(&self.include)),
            (true, _) => format!("the contract hides what is tagged {}", list(&self.exclude)),
            (false, false) => format!(
                "the contract shows what is tagged {}, and hides what is tagged {}",
                list(&self.include),
                list(&self.exclude)
            ),
        }
    }
}

/// What a specification's directive is called in the document.
fn name(links: &Links, identity: &str, element: &str) -> Name {
    links.by_identity(identity).and_then(|link| link.directive_name(element)).unwrap_or_else(|| element.into())
}

fn directive<'a>(
    document: &'a Document,
    name: &str,
) -> impl Iterator<Item = &'a crate::graph::language::ast::DirectiveDefinition> {
    let found = document.definitions.iter().find_map(|definition| match definition {
        Definition::Directive(directive) if &*directive.name.value == name => Some(directive),
        _ => None,
    });
    found.into_iter()
}

/// The tags among `directives`, each with its application.
fn tags<'a>(directives: &'a [Directive], tag: &'a str) -> impl Iterator<Item = (&'a str, &'a Directive)> {
    let tags = directives.iter().filter(move |directive| &*directive.name == tag);
    tags.filter_map(|directive| Some((directive.argument("name")?.as_str()?, directive)))
}
