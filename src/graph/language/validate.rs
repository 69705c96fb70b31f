//! Whether a type-system document is a valid schema. The rules are the adopted validator's.

use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::SchemaBuilder;

use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, SourceMap, Span};

/// At most this many problems of one document are reported.
const MAX_PROBLEMS: usize = 200;

/// Validates the document in `file`, completed by `prelude`: SDL with definitions that the
/// document uses but does not write. Extensions without a definition are accepted.
pub fn type_system(sources: &SourceMap, file: FileId, prelude: &str) -> Vec<Diagnostic> {
    let (text, name) = sources.file(file).map_or(("", "?"), |file| (&file.text, &file.name));
    let mut builder = SchemaBuilder::new().adopt_orphan_extensions().ignore_builtin_redefinitions().parse(text, name);
    // To the parser, an empty document is a mistake.
    if !prelude.is_empty() {
        builder = builder.parse(prelude, PRELUDE);
    }
    let errors = match builder.build() {
        Ok(schema) => match schema.validate() {
            Ok(_) => return Vec::new(),
            Err(invalid) => invalid.errors,
        },
        Err(invalid) => invalid.errors,
    };
    let mut found = Vec::new();
    for error in errors.iter().take(MAX_PROBLEMS) {
        let at = error.error.location();
        let own = |span: &SourceSpan| {
            error.sources.get(&span.file_id()).is_some_and(|source| source.path() != std::path::Path::new(PRELUDE))
        };
        let span = match at.filter(own) {
            Some(span) => Span::new(file, span.offset(), span.end_offset().min(text.len())),
            None => Span::new(file, 0, 0),
        };
        found.push(Diagnostic::error("INVALID_GRAPHQL", error.error.to_string()).at(span));
    }
    found
}

/// The name under which the validator knows the prelude.
const PRELUDE: &str = "prelude of linked specifications";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, prelude: &str) -> Vec<String> {
        let mut sources = SourceMap::new();
        let file = sources.add("a.graphql", text);
        let found = type_system(&sources, file, prelude);
        found.iter().map(|found| format!("{}: {}", sources.slice(found.labels[0].span), found.message)).collect()
    }

    #[test]
    fn the_prelude_completes_the_document() {
        assert_eq!(
            check("extend type Query { a: T @key } type T { b: Int }", "directive @key on FIELD_DEFINITION"),
            [""; 0]
        );
    }

    #[test]
    fn problems_have_their_place() {
        let found = check("type Query { a: T }", "");
        assert!(found[0].starts_with("T: "), "{found:?}");
    }

    #[test]
    fn built_in_directives_may_be_repeated() {
        let text = "type Query { a: Int } directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT";
        assert_eq!(check(text, ""), [""; 0]);
    }
}
