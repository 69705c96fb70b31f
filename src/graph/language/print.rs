//! A type-system document as text: one canonical form, byte-deterministic.

use std::fmt::{self, Write};

use super::ast::*;
use super::value::write_string;

/// The document as SDL, definitions in their order, two spaces of indentation, a blank line
/// between definitions and a newline at the end.
pub fn document(document: &Document) -> String {
    let mut out = String::new();
    for (index, definition) in document.definitions.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = match definition {
            Definition::Schema(schema) => write_schema(&mut out, schema),
            Definition::Type(ty) => write_type(&mut out, ty),
            Definition::Directive(directive) => write_directive_definition(&mut out, directive),
        };
    }
    out
}

/// A directive application as text.
pub fn directive(directive: &Directive) -> String {
    let mut out = String::new();
    let _ = write_directive(&mut out, directive);
    out
}

fn write_schema(out: &mut String, schema: &SchemaDefinition) -> fmt::Result {
    write_description(out, schema.description.as_deref(), "")?;
    out.write_str(if schema.extension { "extend schema" } else { "schema" })?;
    write_stacked_directives(out, &schema.directives)?;
    if !schema.roots.is_empty() {
        out.write_str(if schema.directives.is_empty() { " {\n" } else { "\n{\n" })?;
        for (kind, name) in &schema.roots {
            writeln!(out, "  {}: {}", kind.as_str(), name.value)?;
        }
        out.write_char('}')?;
    }
    out.write_char('\n')
}

fn write_type(out: &mut String, ty: &TypeDefinition) -> fmt::Result {
    write_description(out, ty.description.as_deref(), "")?;
    if ty.extension {
        out.write_str("extend ")?;
    }
    let keyword = match ty.kind {
        TypeKind::Scalar => "scalar",
        TypeKind::Object => "type",
        TypeKind::Interface => "interface",
        TypeKind::Union => "union",
        TypeKind::Enum => "enum",
        TypeKind::InputObject => "input",
    };
    write!(out, "{keyword} {}", ty.name.value)?;
    for (index, interface) in ty.interfaces.iter().enumerate() {
        write!(out, "{}{}", if index == 0 { " implements " } else { " & " }, interface.value)?;
    }
    let has_block = !(ty.fields.is_empty() && ty.values.is_empty() && ty.inputs.is_empty());
    let stacked = ty.directives.len() > 1 || (has_block && !ty.directives.is_empty());
    if stacked {
        write_stacked_directives(out, &ty.directives)?;
    } else {
        write_directives(out, &ty.directives)?;
    }
    for (index, member) in ty.members.iter().enumerate() {
        write!(out, "{}{}", if index == 0 { " = " } else { " | " }, member.value)?;
    }
    if has_block {
        out.write_str(if stacked { "\n{\n" } else { " {\n" })?;
        for field in &ty.fields {
            write_description(out, field.description.as_deref(), "  ")?;
            write!(out, "  {}", field.name.value)?;
            write_arguments_definition(out, &field.arguments, "  ")?;
            write!(out, ": {}", field.ty)?;
            write_directives(out, &field.directives)?;
            out.write_char('\n')?;
        }
        for value in &ty.values {
            write_description(out, value.description.as_deref(), "  ")?;
            write!(out, "  {}", value.name.value)?;
            write_directives(out, &value.directives)?;
            out.write_char('\n')?;
        }
        for input in &ty.inputs {
            write_description(out, input.description.as_deref(), "  ")?;
            out.write_str("  ")?;
            write_input_value(out, input)?;
            out.write_char('\n')?;
        }
        out.write_char('}')?;
    }
    out.write_char('\n')
}

fn write_directive_definition(out: &mut String, directive: &DirectiveDefinition) -> fmt::Result {
    write_description(out, directive.description.as_deref(), "")?;
    write!(out, "directive @{}", directive.name.value)?;
    write_arguments_definition(out, &directive.arguments, "")?;
    if directive.repeatable {
        out.write_str(" repeatable")?;
    }
    writeln!(out, " on {}", directive.locations.join(" | "))
}

fn write_arguments_definition(out: &mut String, arguments: &[InputValueDefinition], indent: &str) -> fmt::Result {
    if arguments.is_empty() {
        return Ok(());
    }
    if arguments.iter().all(|argument| argument.description.is_none()) {
        out.write_char('(')?;
        for (index, argument) in arguments.iter().enumerate() {
            out.write_str(if index > 0 { ", " } else { "" })?;
            write_input_value(out, argument)?;
        }
        return out.write_char(')');
    }
    out.write_str("(\n")?;
    for argument in arguments {
        let deeper = format!("{indent}  ");
        write_description(out, argument.description.as_deref(), &deeper)?;
        out.write_str(&deeper)?;
        write_input_value(out, argument)?;
        out.write_char('\n')?;
    }
    write!(out, "{indent})")
}

fn write_input_value(out: &mut String, input: &InputValueDefinition) -> fmt::Result {
    write!(out, "{}: {}", input.name.value, input.ty)?;
    if let Some(default) = &input.default {
        write!(out, " = {}", default.to_input())?;
    }
    write_directives(out, &input.directives)
}

fn write_stacked_directives(out: &mut String, directives: &[Directive]) -> fmt::Result {
    for directive in directives {
        out.write_str("\n  ")?;
        write_directive(out, directive)?;
    }
    Ok(())
}

fn write_directives(out: &mut String, directives: &[Directive]) -> fmt::Result {
    for directive in directives {
        out.write_char(' ')?;
        write_directive(out, directive)?;
    }
    Ok(())
}

fn write_directive(out: &mut String, directive: &Directive) -> fmt::Result {
    write!(out, "@{}", directive.name)?;
    for (index, argument) in directive.arguments.iter().enumerate() {
        write!(out, "{}{}: {}", if index == 0 { "(" } else { ", " }, argument.name.value, argument.value.to_input())?;
    }
    if directive.arguments.is_empty() { Ok(()) } else { out.write_char(')') }
}

/// A block string where it reads well, else an ordinary one.
fn write_description(out: &mut String, text: Option<&str>, indent: &str) -> fmt::Result {
    let Some(text) = text else { return Ok(()) };
    out.write_str(indent)?;
    if !survives_as_block(text) {
        write_string(out, text)?;
        return out.write_char('\n');
    }
    out.write_str("\"\"\"\n")?;
    for line in text.split('\n') {
        if line.is_empty() {
            out.write_char('\n')?;
        } else {
            writeln!(out, "{indent}{}", line.replace("\"\"\"", "\\\"\"\""))?;
        }
    }
    writeln!(out, "{indent}\"\"\"")
}

/// Whether reading the block form back gives the same text.
fn survives_as_block(text: &str) -> bool {
    let blank = |line: &str| line.chars().all(|c| c == ' ' || c == '\t');
    let lines: Vec<&str> = text.split('\n').collect();
    let (first, last) = (lines.first().copied().unwrap_or(""), lines.last().copied().unwrap_or(""));
    // A common indentation would be dropped, and so would blank lines at either end.
    let least_indent = lines
        .iter()
        .filter(|line| !blank(line))
        .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
        .min();
    !blank(first)
        && !blank(last)
        && least_indent == Some(0)
        && lines.iter().all(|line| line.is_empty() || !blank(line))
        && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::base::span::SourceMap;

    fn parse(text: &str) -> Document {
        let mut sources = SourceMap::new();
        let file = sources.add("a.graphql", text);
        let (document, diagnostics) = super::super::parse::type_system(&sources, file);
        assert_eq!(diagnostics, [], "{text}");
        document
    }

    #[test]
    fn printing_what_was_parsed_from_print_changes_nothing() {
        let text = r#"
            schema @link(url: "https://specs.apollo.dev/link/v1.0") @x { query: Q mutation: M }
            extend schema @y
            "d \"\"\" q" directive @key(fields: FS!, "which" resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
            """
            Two
              lines

            apart
            """
            type T implements A & B @key(fields: "id") { "x" f("a" a: [Int!]! = [1, 2], b: I = {x: "\n", y: E}): T! @d(x: 1.5, y: null) g: S }
            interface A implements B { g: S }
            extend union U @z = T | V
            enum E { A @d B }
            input I @a @b { x: String = "é\t" @c, y: E = A }
            scalar S @specifiedBy(url: "x")
            " lead" scalar T2
        "#;
        let first = document(&parse(text));
        let second = document(&parse(&first));
        assert_eq!(first, second);
        assert!(
            first.contains(
                "\"\"\"\nTwo\n  lines\n\napart\n\"\"\"\ntype T implements A & B\n  @key(fields: \"id\")\n{\n"
            ),
            "{first}"
        );
        let Definition::Type(ty) = &parse(&first).definitions[9] else { panic!("a type") };
        assert_eq!(ty.description.as_deref(), Some(" lead"));
    }
}
