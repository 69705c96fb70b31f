//! What is visible must make sense without what is hidden.

use std::collections::BTreeMap;

use crate::graph::compose::merge::Merged;
use crate::graph::language::ast::{
    Directive, DirectiveDefinition, FieldDefinition, InputValueDefinition, TypeDefinition, TypeExpr, TypeKind, Value,
    ValueKind,
};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

/// Checks the merged schema, if anything is hidden.
pub fn check(merged: &Merged, diagnostics: &mut Vec<Diagnostic>) {
    check_schema(&merged.types, merged.directives.values(), "inaccessible", diagnostics);
}

/// Checks a schema in which the directive `inaccessible` hides.
pub fn check_schema<'a>(
    types: &BTreeMap<Name, TypeDefinition>,
    directives: impl IntoIterator<Item = &'a DirectiveDefinition>,
    inaccessible: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut check = Check { types, hiding: Hiding(inaccessible), diagnostics };
    for ty in types.values() {
        if check.hiding.is_hidden(&ty.directives) {
            if &*ty.name.value == "Query" {
                let finding = Diagnostic::error("QUERY_ROOT_TYPE_INACCESSIBLE", "the query root type is inaccessible");
                let finding = check.hiding.with_hidden(finding.at(ty.name.span), &ty.directives);
                check.diagnostics.push(finding);
            }
            continue;
        }
        check.ty(ty);
    }
    for directive in directives {
        for argument in &directive.arguments {
            check.input(&format!("@{}({}:)", directive.name.value, argument.name.value), argument);
        }
    }
}

/// The directive that hides, without `@`.
#[derive(Clone, Copy)]
struct Hiding<'a>(&'a str);

// === impl Hiding ===

impl Hiding<'_> {
    fn is_hidden(self, directives: &[Directive]) -> bool {
        directives.iter().any(|directive| &*directive.name == self.0)
    }

    fn with_hidden(self, finding: Diagnostic, directives: &[Directive]) -> Diagnostic {
        directives
            .iter()
            .filter(|directive| &*directive.name == self.0)
            .fold(finding, |finding, directive| finding.label(directive.span, "hidden here"))
    }
}

struct Check<'a> {
    types: &'a BTreeMap<Name, TypeDefinition>,
    hiding: Hiding<'a>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

// === impl Check ===

impl Check<'_> {
    /// A visible type.
    fn ty(&mut self, ty: &TypeDefinition) {
        let hiding = self.hiding;
        self.children(ty);
        for field in ty.fields.iter().filter(|field| !hiding.is_hidden(&field.directives)) {
            let coordinate = format!("{}.{}", ty.name.value, field.name.value);
            self.reference(&coordinate, &field.ty);
            for argument in &field.arguments {
                self.input(&format!("{coordinate}({}:)", argument.name.value), argument);
            }
        }
        for input in &ty.inputs {
            self.input(&format!("{}.{}", ty.name.value, input.name.value), input);
        }
        for interface in ty.interfaces.iter().filter_map(|name| self.types.get(&name.value)) {
            if hiding.is_hidden(&interface.directives) {
                continue;
            }
            for wanted in interface.fields.iter().filter(|field| !hiding.is_hidden(&field.directives)) {
                if let Some(field) = ty.fields.iter().find(|field| field.name.value == wanted.name.value) {
                    self.implementation(ty, interface, field, wanted);
                }
            }
        }
    }

    fn children(&mut self, ty: &TypeDefinition) {
        let hiding = self.hiding;
        let hidden_type = |name: &Name| self.types.get(name).is_some_and(|ty| hiding.is_hidden(&ty.directives));
        let (count, hidden) = match ty.kind {
            TypeKind::Object | TypeKind::Interface => {
                (ty.fields.len(), ty.fields.iter().filter(|field| hiding.is_hidden(&field.directives)).count())
            }
            TypeKind::InputObject => {
                (ty.inputs.len(), ty.inputs.iter().filter(|input| hiding.is_hidden(&input.directives)).count())
            }
            TypeKind::Enum => {
                (ty.values.len(), ty.values.iter().filter(|value| hiding.is_hidden(&value.directives)).count())
            }
            TypeKind::Union => {
                (ty.members.len(), ty.members.iter().filter(|member| hidden_type(&member.value)).count())
            }
            TypeKind::Scalar => (0, 0),
        };
        if count > 0 && count == hidden {
            let message = format!("type \"{}\" is visible, but all it holds is inaccessible", ty.name.value);
            let finding = Diagnostic::error("ONLY_INACCESSIBLE_CHILDREN", message).at(ty.name.span);
            self.diagnostics.push(finding.help("hide the type, too, or show something of it"));
        }
    }

    fn reference(&mut self, coordinate: &str, ty: &TypeExpr) {
        let hiding = self.hiding;
        let Some(target) = self.types.get(&ty.name().value).filter(|ty| hiding.is_hidden(&ty.directives)) else {
            return;
        };
        let message = format!("\"{coordinate}\" is visible, but its type \"{}\" is inaccessible", target.name.value);
        let finding = Diagnostic::error("REFERENCED_INACCESSIBLE", message).at(ty.name().span);
        let finding = hiding.with_hidden(finding, &target.directives);
        self.diagnostics.push(finding);
    }

    /// An argument or input field of something visible.
    fn input(&mut self, coordinate: &str, input: &InputValueDefinition) {
        let hiding = self.hiding;
        if hiding.is_hidden(&input.directives) {
            if input.ty.is_non_null() && input.default.is_none() {
                let message = format!("\"{coordinate}\" is inaccessible, but must be given");
                let finding = Diagnostic::error("REQUIRED_INACCESSIBLE", message).at(input.name.span);
                let finding = hiding.with_hidden(finding, &input.directives);
                self.diagnostics.push(finding);
            }
            return;
        }
        self.reference(coordinate, &input.ty);
        if let Some(default) = &input.default {
            self.default(coordinate, &input.ty.name().value, default);
        }
    }

    /// A default may only use what clients could write.
    fn default(&mut self, coordinate: &str, ty: &Name, value: &Value) {
        let hiding = self.hiding;
        let Some(target) = self.types.get(ty) else { return };
        match &value.kind {
            ValueKind::List(items) => items.iter().for_each(|item| self.default(coordinate, ty, item)),
            ValueKind::Enum(name) => {
                let hidden = target.values.iter().find(|known| known.name.value == *name);
                if let Some(hidden) = hidden.filter(|value| hiding.is_hidden(&value.directives)) {
                    let message = format!("the default of \"{coordinate}\" uses \"{name}\", which is inaccessible");
                    let finding = Diagnostic::error("DEFAULT_VALUE_USES_INACCESSIBLE", message).at(value.span);
                    let finding = hiding.with_hidden(finding, &hidden.directives);
                    self.diagnostics.push(finding);
                }
            }
            ValueKind::Object(fields) => {
                for (name, value) in fields {
                    let Some(field) = target.inputs.iter().find(|known| known.name.value == name.value) else {
                        continue;
                    };
                    if hiding.is_hidden(&field.directives) {
                        let message =
                            format!("the default of \"{coordinate}\" uses \"{}\", which is inaccessible", name.value);
                        let finding = Diagnostic::error("DEFAULT_VALUE_USES_INACCESSIBLE", message).at(name.span);
                        let finding = hiding.with_hidden(finding, &field.directives);
                        self.diagnostics.push(finding);
                    } else {
                        self.default(coordinate, &field.ty.name().value, value);
                    }
                }
            }
            _ => {}
        }
    }

    fn implementation(
        &mut self,
        ty: &TypeDefinition,
        interface: &TypeDefinition,
        field: &FieldDefinition,
        wanted: &FieldDefinition,
    ) {
        let hiding = self.hiding;
        let coordinate = format!("{}.{}", ty.name.value, field.name.value);
        if hiding.is_hidden(&field.directives) {
            let message = format!("\"{coordinate}\" is inaccessible, but visible in \"{}\"", interface.name.value);
            let finding = Diagnostic::error("IMPLEMENTED_BY_INACCESSIBLE", message).at(field.name.span);
            let finding = hiding.with_hidden(finding, &field.directives);
            self.diagnostics.push(finding.label(wanted.name.span, "the interface's field"));
            return;
        }
        for argument in wanted.arguments.iter().filter(|argument| !hiding.is_hidden(&argument.directives)) {
            let own = field.arguments.iter().find(|own| own.name.value == argument.name.value);
            if let Some(own) = own.filter(|own| hiding.is_hidden(&own.directives)) {
                let message = format!(
                    "\"{coordinate}({}:)\" is inaccessible, but visible in \"{}\"",
                    own.name.value, interface.name.value
                );
                let finding = Diagnostic::error("IMPLEMENTED_BY_INACCESSIBLE", message).at(own.name.span);
                let finding = hiding.with_hidden(finding, &own.directives);
                self.diagnostics.push(finding);
            }
        }
    }
}
