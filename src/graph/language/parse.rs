//! Text becomes our tree. The adopted parser's own tree does not leave this file.

use apollo_compiler::ast as parsed;
use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::parser::{Parser, SourceSpan};
use apollo_compiler::{Name as ParsedName, Node};

use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, SourceMap, Span, Spanned};

use super::ast::*;

/// How deep a type-system document may nest.
const RECURSION_LIMIT: usize = 256;

/// Parses a type-system document. Syntax errors are reported all at once; the tree holds what
/// could be understood.
pub fn type_system(sources: &SourceMap, file: FileId) -> (Document, Vec<Diagnostic>) {
    let (text, name) = sources.file(file).map_or(("", "?"), |file| (&file.text, &file.name));
    let (document, mut diagnostics) = parse_ast(text, name, file, Parser::new().recursion_limit(RECURSION_LIMIT));
    let convert = Convert { file, text };
    let mut definitions = Vec::with_capacity(document.definitions.len());
    for definition in &document.definitions {
        match convert.definition(definition) {
            Some(definition) => definitions.push(definition),
            None => {
                let span = convert.span(definition.location());
                diagnostics
                    .push(Diagnostic::error("INVALID_GRAPHQL", "only type-system definitions may stand here").at(span));
            }
        }
    }
    (Document { definitions }, diagnostics)
}

/// Parses a selection set without braces, such as the `fields` of a key. Spans are relative to
/// `text`, in `file`.
///
/// # Errors
/// Syntax errors, relative to `text`.
pub fn field_set(text: &str, file: FileId) -> Result<Vec<Selection>, Vec<Diagnostic>> {
    // The braces make it an ordinary document; offsets are shifted back by the opening one.
    let document = format!("{{{text}}}");
    let (parsed, diagnostics) = parse_ast(&document, "field set", file, Parser::new().recursion_limit(RECURSION_LIMIT));
    let shift = |span: Span| Span {
        start: span.start.saturating_sub(1),
        end: span.end.saturating_sub(1).min(text.len() as u32),
        ..span
    };
    if !diagnostics.is_empty() {
        let shifted = diagnostics.into_iter().map(|mut diagnostic| {
            diagnostic.labels.iter_mut().for_each(|label| label.span = shift(label.span));
            diagnostic
        });
        return Err(shifted.collect());
    }
    let convert = Convert { file, text: &document };
    match &parsed.definitions[..] {
        [parsed::Definition::OperationDefinition(operation)] => {
            let mut selections = convert.selections(&operation.selection_set);
            selections.iter_mut().for_each(|selection| shift_selection(selection, &shift));
            Ok(selections)
        }
        _ => Err(vec![Diagnostic::error("INVALID_GRAPHQL", "expected fields only").at(Span::new(file, 0, text.len()))]),
    }
}

/// Parses an executable document; it is not compared with any schema. Spans are relative to `text`.
///
/// # Errors
/// Syntax errors, relative to `text`.
pub fn executable_text(text: &str) -> Result<ExecutableDocument, Vec<Diagnostic>> {
    let parser = Parser::new().recursion_limit(RECURSION_LIMIT);
    let (parsed, diagnostics) = parse_ast(text, "document", FileId(0), parser);
    if diagnostics.is_empty() { Ok(executable(&parsed, text)) } else { Err(diagnostics) }
}

/// An executable document as our tree; it must have been parsed from `text`.
pub(super) fn executable(document: &parsed::Document, text: &str) -> ExecutableDocument {
    let convert = Convert { file: FileId(0), text };
    let mut result = ExecutableDocument::default();
    for definition in &document.definitions {
        match definition {
            parsed::Definition::OperationDefinition(operation) => result.operations.push(convert.operation(operation)),
            parsed::Definition::FragmentDefinition(fragment) => result.fragments.push(convert.fragment(fragment)),
            _ => {}
        }
    }
    result
}

fn parse_ast(text: &str, name: &str, file: FileId, mut parser: Parser) -> (parsed::Document, Vec<Diagnostic>) {
    match parser.parse_ast(text, name) {
        Ok(document) => (document, Vec::new()),
        Err(failed) => {
            let convert = Convert { file, text };
            let diagnostics = failed
                .errors
                .iter()
                .map(|error| {
                    Diagnostic::error("INVALID_GRAPHQL", error.error.to_string())
                        .at(convert.span(error.error.location()))
                })
                .collect();
            (failed.partial, diagnostics)
        }
    }
}

fn shift_selection(selection: &mut Selection, shift: &impl Fn(Span) -> Span) {
    match selection {
        Selection::Field(field) => {
            field.span = shift(field.span);
            field.name.span = shift(field.name.span);
            for argument in &mut field.arguments {
                argument.name.span = shift(argument.name.span);
                shift_value(&mut argument.value, shift);
            }
            field.directives.iter_mut().for_each(|directive| directive.span = shift(directive.span));
            field.selections.iter_mut().flatten().for_each(|selection| shift_selection(selection, shift));
        }
        Selection::FragmentSpread { name, .. } => name.span = shift(name.span),
        Selection::InlineFragment { on, directives, selections, span } => {
            *span = shift(*span);
            if let Some(on) = on {
                on.span = shift(on.span);
            }
            directives.iter_mut().for_each(|directive| directive.span = shift(directive.span));
            selections.iter_mut().for_each(|selection| shift_selection(selection, shift));
        }
    }
}

fn shift_value(value: &mut Value, shift: &impl Fn(Span) -> Span) {
    value.span = shift(value.span);
    match &mut value.kind {
        ValueKind::List(items) => items.iter_mut().for_each(|item| shift_value(item, shift)),
        ValueKind::Object(fields) => fields.iter_mut().for_each(|(name, value)| {
            name.span = shift(name.span);
            shift_value(value, shift);
        }),
        _ => {}
    }
}

struct Convert<'a> {
    file: FileId,
    text: &'a str,
}

// === impl Convert ===

impl Convert<'_> {
    fn definition(&self, definition: &parsed::Definition) -> Option<Definition> {
        use parsed::Definition as P;
        Some(match definition {
            P::SchemaDefinition(node) => Definition::Schema(SchemaDefinition {
                extension: false,
                description: node.description.as_ref().map(|text| Name::from(text.as_str())),
                directives: self.directives(&node.directives),
                roots: self.roots(&node.root_operations),
                span: self.span(node.location()),
            }),
            P::SchemaExtension(node) => Definition::Schema(SchemaDefinition {
                extension: true,
                description: None,
                directives: self.directives(&node.directives),
                roots: self.roots(&node.root_operations),
                span: self.span(node.location()),
            }),
            P::DirectiveDefinition(node) => Definition::Directive(DirectiveDefinition {
                name: self.name(&node.name),
                description: node.description.as_ref().map(|text| Name::from(text.as_str())),
                arguments: self.inputs(&node.arguments),
                repeatable: node.repeatable,
                locations: node.locations.iter().map(|location| Name::from(location.name())).collect(),
                span: self.span(node.location()),
            }),
            P::ScalarTypeDefinition(node) => {
                self.ty(TypeKind::Scalar, false, node, &node.name, &node.description, &node.directives)
            }
            P::ScalarTypeExtension(node) => self.ty(TypeKind::Scalar, true, node, &node.name, &None, &node.directives),
            P::ObjectTypeDefinition(node) => self.with_fields(
                self.ty(TypeKind::Object, false, node, &node.name, &node.description, &node.directives),
                &node.implements_interfaces,
                &node.fields,
            ),
            P::ObjectTypeExtension(node) => self.with_fields(
                self.ty(TypeKind::Object, true, node, &node.name, &None, &node.directives),
                &node.implements_interfaces,
                &node.fields,
            ),
            P::InterfaceTypeDefinition(node) => self.with_fields(
                self.ty(TypeKind::Interface, false, node, &node.name, &node.description, &node.directives),
                &node.implements_interfaces,
                &node.fields,
            ),
            P::InterfaceTypeExtension(node) => self.with_fields(
                self.ty(TypeKind::Interface, true, node, &node.name, &None, &node.directives),
                &node.implements_interfaces,
                &node.fields,
            ),
            P::UnionTypeDefinition(node) => self
                .edit(self.ty(TypeKind::Union, false, node, &node.name, &node.description, &node.directives), |ty| {
                    ty.members = self.names(&node.members)
                }),
            P::UnionTypeExtension(node) => {
                self.edit(self.ty(TypeKind::Union, true, node, &node.name, &None, &node.directives), |ty| {
                    ty.members = self.names(&node.members);
                })
            }
            P::EnumTypeDefinition(node) => self
                .edit(self.ty(TypeKind::Enum, false, node, &node.name, &node.description, &node.directives), |ty| {
                    ty.values = self.enum_values(&node.values)
                }),
            P::EnumTypeExtension(node) => {
                self.edit(self.ty(TypeKind::Enum, true, node, &node.name, &None, &node.directives), |ty| {
                    ty.values = self.enum_values(&node.values);
                })
            }
            P::InputObjectTypeDefinition(node) => self.edit(
                self.ty(TypeKind::InputObject, false, node, &node.name, &node.description, &node.directives),
                |ty| ty.inputs = self.inputs(&node.fields),
            ),
            P::InputObjectTypeExtension(node) => {
                self.edit(self.ty(TypeKind::InputObject, true, node, &node.name, &None, &node.directives), |ty| {
                    ty.inputs = self.inputs(&node.fields);
                })
            }
            P::OperationDefinition(_) | P::FragmentDefinition(_) | P::DirectiveExtension(_) => return None,
        })
    }

    fn ty<T>(
        &self,
        kind: TypeKind,
        extension: bool,
        node: &Node<T>,
        name: &ParsedName,
        description: &Option<Node<str>>,
        directives: &parsed::DirectiveList,
    ) -> Definition {
        Definition::Type(TypeDefinition {
            extension,
            kind,
            name: self.name(name),
            description: description.as_ref().map(|text| Name::from(text.as_str())),
            interfaces: Vec::new(),
            directives: self.directives(directives),
            fields: Vec::new(),
            members: Vec::new(),
            values: Vec::new(),
            inputs: Vec::new(),
            span: self.span(node.location()),
        })
    }

    fn edit(&self, mut definition: Definition, change: impl FnOnce(&mut TypeDefinition)) -> Definition {
        if let Definition::Type(ty) = &mut definition {
            change(ty);
        }
        definition
    }

    fn with_fields(
        &self,
        definition: Definition,
        interfaces: &[ParsedName],
        fields: &[Node<parsed::FieldDefinition>],
    ) -> Definition {
        self.edit(definition, |ty| {
            ty.interfaces = self.names(interfaces);
            ty.fields = fields.iter().map(|field| self.field_definition(field)).collect();
        })
    }

    fn field_definition(&self, node: &Node<parsed::FieldDefinition>) -> FieldDefinition {
        FieldDefinition {
            name: self.name(&node.name),
            description: node.description.as_ref().map(|text| Name::from(text.as_str())),
            arguments: self.inputs(&node.arguments),
            ty: self.type_expr(&node.ty),
            directives: self.directives(&node.directives),
            span: self.span(node.location()),
        }
    }

    fn inputs(&self, nodes: &[Node<parsed::InputValueDefinition>]) -> Vec<InputValueDefinition> {
        nodes
            .iter()
            .map(|node| InputValueDefinition {
                name: self.name(&node.name),
                description: node.description.as_ref().map(|text| Name::from(text.as_str())),
                ty: self.type_expr(&node.ty),
                default: node.default_value.as_ref().map(|value| self.value(value)),
                directives: self.directives(&node.directives),
                span: self.span(node.location()),
            })
            .collect()
    }

    fn enum_values(&self, nodes: &[Node<parsed::EnumValueDefinition>]) -> Vec<EnumValueDefinition> {
        nodes
            .iter()
            .map(|node| EnumValueDefinition {
                name: self.name(&node.value),
                description: node.description.as_ref().map(|text| Name::from(text.as_str())),
                directives: self.directives(&node.directives),
                span: self.span(node.location()),
            })
            .collect()
    }

    fn roots(&self, nodes: &[Node<(parsed::OperationType, ParsedName)>]) -> Vec<(OperationKind, Spanned<Name>)> {
        nodes.iter().map(|node| (operation_kind(node.0), self.name(&node.1))).collect()
    }

    fn operation(&self, node: &Node<parsed::OperationDefinition>) -> OperationDefinition {
        OperationDefinition {
            kind: operation_kind(node.operation_type),
            name: node.name.as_ref().map(|name| self.name(name)),
            variables: node
                .variables
                .iter()
                .map(|variable| VariableDefinition {
                    name: self.name(&variable.name),
                    ty: self.type_expr(&variable.ty),
                    default: variable.default_value.as_ref().map(|value| self.value(value)),
                    directives: self.directives(&variable.directives),
                })
                .collect(),
            directives: self.directives(&node.directives),
            selections: self.selections(&node.selection_set),
            span: self.span(node.location()),
        }
    }

    fn fragment(&self, node: &Node<parsed::FragmentDefinition>) -> FragmentDefinition {
        FragmentDefinition {
            name: self.name(&node.name),
            on: self.name(&node.type_condition),
            directives: self.directives(&node.directives),
            selections: self.selections(&node.selection_set),
            span: self.span(node.location()),
        }
    }

    fn selections(&self, selections: &[parsed::Selection]) -> Vec<Selection> {
        selections
            .iter()
            .map(|selection| match selection {
                parsed::Selection::Field(node) => Selection::Field(Field {
                    alias: node.alias.as_ref().map(|alias| Name::from(alias.as_str())),
                    name: self.name(&node.name),
                    arguments: self.arguments(&node.arguments),
                    directives: self.directives(&node.directives),
                    selections: node.selection_set.as_ref().map(|selections| self.selections(selections)),
                    span: self.span(node.location()),
                }),
                parsed::Selection::FragmentSpread(node) => Selection::FragmentSpread {
                    name: self.name(&node.fragment_name),
                    directives: self.directives(&node.directives),
                },
                parsed::Selection::InlineFragment(node) => Selection::InlineFragment {
                    on: node.type_condition.as_ref().map(|on| self.name(on)),
                    directives: self.directives(&node.directives),
                    selections: self.selections(&node.selection_set),
                    span: self.span(node.location()),
                },
            })
            .collect()
    }

    fn directives(&self, directives: &parsed::DirectiveList) -> Vec<Directive> {
        directives
            .iter()
            .map(|node| Directive {
                name: Name::from(node.name.as_str()),
                arguments: self.arguments(&node.arguments),
                span: self.span(node.location()),
            })
            .collect()
    }

    fn arguments(&self, arguments: &[Node<parsed::Argument>]) -> Vec<Argument> {
        arguments.iter().map(|node| Argument { name: self.name(&node.name), value: self.value(&node.value) }).collect()
    }

    fn value(&self, node: &Node<parsed::Value>) -> Value {
        let kind = match &**node {
            parsed::Value::Null => ValueKind::Null,
            parsed::Value::Boolean(value) => ValueKind::Boolean(*value),
            parsed::Value::Int(value) => ValueKind::Int(Name::from(value.as_str())),
            parsed::Value::Float(value) => ValueKind::Float(Name::from(value.as_str())),
            parsed::Value::String(value) => ValueKind::String(Name::from(value.as_str())),
            parsed::Value::Enum(name) => ValueKind::Enum(Name::from(name.as_str())),
            parsed::Value::Variable(name) => ValueKind::Variable(Name::from(name.as_str())),
            parsed::Value::List(items) => ValueKind::List(items.iter().map(|item| self.value(item)).collect()),
            parsed::Value::Object(fields) => {
                ValueKind::Object(fields.iter().map(|(name, value)| (self.name(name), self.value(value))).collect())
            }
        };
        Value { kind, span: self.span(node.location()) }
    }

    fn type_expr(&self, ty: &parsed::Type) -> TypeExpr {
        match ty {
            parsed::Type::Named(name) => TypeExpr::Named(self.name(name)),
            parsed::Type::NonNullNamed(name) => TypeExpr::NonNull(Box::new(TypeExpr::Named(self.name(name)))),
            parsed::Type::List(inner) => TypeExpr::List(Box::new(self.type_expr(inner))),
            parsed::Type::NonNullList(inner) => {
                TypeExpr::NonNull(Box::new(TypeExpr::List(Box::new(self.type_expr(inner)))))
            }
        }
    }

    fn names(&self, names: &[ParsedName]) -> Vec<Spanned<Name>> {
        names.iter().map(|name| self.name(name)).collect()
    }

    fn name(&self, name: &ParsedName) -> Spanned<Name> {
        Spanned { value: Name::from(name.as_str()), span: self.span(name.location()) }
    }

    /// The parser's ranges may take in ignored characters behind a node; ours end with it.
    fn span(&self, location: Option<SourceSpan>) -> Span {
        let Some(location) = location else { return Span::new(self.file, 0, 0) };
        let (start, end) = (location.offset(), location.end_offset().min(self.text.len()));
        let covered = self.text.get(start..end).unwrap_or("");
        let trimmed = covered.trim_end_matches([' ', '\t', '\n', '\r', ',', '\u{feff}']).len();
        Span::new(self.file, start, start + trimmed)
    }
}

fn operation_kind(kind: parsed::OperationType) -> OperationKind {
    match kind {
        parsed::OperationType::Query => OperationKind::Query,
        parsed::OperationType::Mutation => OperationKind::Mutation,
        parsed::OperationType::Subscription => OperationKind::Subscription,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (SourceMap, Document, Vec<Diagnostic>) {
        let mut sources = SourceMap::new();
        let file = sources.add("a.graphql", text);
        let (document, diagnostics) = type_system(&sources, file);
        (sources, document, diagnostics)
    }

    #[test]
    fn every_node_knows_its_place() {
        let (sources, document, diagnostics) = parse(
            "\"A thing\" type T implements I @key(fields: \"id\" , n: [1])  {\n  f(a: [Int!] = [1]): T! @d # note\n}\n",
        );
        assert_eq!(diagnostics, []);
        let Definition::Type(ty) = &document.definitions[0] else { panic!("a type") };
        assert_eq!(ty.description.as_deref(), Some("A thing"));
        assert_eq!(sources.slice(ty.interfaces[0].span), "I");
        assert_eq!(sources.slice(ty.directives[0].span), "@key(fields: \"id\" , n: [1])");
        assert_eq!(sources.slice(ty.directives[0].arguments[0].value.span), "\"id\"");
        assert_eq!(sources.slice(ty.fields[0].name.span), "f");
        assert_eq!(ty.fields[0].arguments[0].ty.to_string(), "[Int!]");
        assert_eq!(sources.slice(ty.fields[0].ty.name().span), "T");
    }

    #[test]
    fn syntax_errors_are_reported_together_with_their_places() {
        let (sources, _, diagnostics) = parse("type T { a: }\ntype U { b }\nquery { x }");
        assert!(diagnostics.len() >= 3, "{diagnostics:?}");
        assert!(
            diagnostics.iter().all(|d| d.code == "INVALID_GRAPHQL" && sources.file(d.labels[0].span.file).is_some())
        );
    }

    #[test]
    fn field_sets_have_places_relative_to_their_text() {
        let text = "id  org { name(first: 1) ... on X { y } }";
        let selections = field_set(text, FileId(0)).expect("valid");
        let Selection::Field(org) = &selections[1] else { panic!("a field") };
        assert_eq!(&text[org.span.start as usize..org.span.end as usize], "org { name(first: 1) ... on X { y } }");
        let errors = field_set("id {", FileId(0)).expect_err("invalid");
        assert!(errors[0].labels[0].span.end <= 4);
        assert!(field_set("a } fragment F on T { b", FileId(0)).is_err());
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let (_, _, diagnostics) =
            parse(&format!("type T {{ f(a: X = {}1{}): T }}", "[".repeat(50_000), "]".repeat(50_000)));
        assert!(!diagnostics.is_empty());
    }
}
