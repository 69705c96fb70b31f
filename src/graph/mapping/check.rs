//! What can be told about a method call from its text alone: whether the method exists in the
//! dialect and has a possible number of arguments. Kinds of values are checked with shapes.

use std::ops::Range;

use super::ast::MethodCall;
use super::dialect::Dialect;
use super::error::{MappingError, MappingErrorKind};
use super::methods::{self, Availability};

/// What was found. The dialects up to v0.3 report at run time what later ones refuse.
#[derive(Default)]
pub(super) struct Findings {
    pub errors: Vec<MappingError>,
    pub warnings: Vec<MappingError>,
}

/// Resolves the method of `call`, which stands at `range`.
pub(super) fn method(call: &mut MethodCall, range: Range<usize>, dialect: Dialect) -> Findings {
    let mut findings = Findings::default();
    let found = methods::find(&call.name);
    let error = match found {
        None => {
            let known = methods::METHODS.iter().filter(|method| method.availability.is_in(dialect));
            MappingError::new(
                MappingErrorKind::UnknownMethod,
                format!("there is no method \"{}\"", call.name),
                call.name_range.clone(),
            )
            .closest(&call.name, known.map(|method| method.name))
        }
        Some(method) if !method.availability.is_in(dialect) => MappingError::new(
            MappingErrorKind::UnknownMethod,
            format!("the method \"{}\" exists only in {}", call.name, Availability::Pleach.as_str()),
            call.name_range.clone(),
        ),
        Some(method) => {
            call.method = Some(method);
            match method.arity.mistake(call.args.len() + usize::from(call.binds.is_some())) {
                None => return findings,
                Some(wanted) => MappingError::new(
                    MappingErrorKind::WrongArguments,
                    format!("->{} takes {wanted}", call.name),
                    range,
                ),
            }
        }
    };
    // Without a binding, what follows `->as` could not be read.
    if dialect >= Dialect::V0_4 || call.name.as_ref() == "as" {
        findings.errors.push(error);
    } else {
        findings.warnings.push(error);
    }
    findings
}
