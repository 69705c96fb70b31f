//! `${NAME}` and `${NAME:-default}`, in quotes, between braces and without either.

use super::load::Environment;
use super::yaml::Scalar;

/// Characters that end an unquoted value between `{` and `}`, while they stand in `${…}`.
const MASKED: [char; 5] = ['{', '}', ',', '[', ']'];
/// Where private characters begin that stand for them.
const MASK: u32 = 0xE000;

/// Why a text cannot be expanded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Problem {
    /// The environment has no such variable, and there is no default.
    Unset(String),
    /// Not one of the known forms.
    Form,
}

/// Hides what is special to YAML in `${…}`, character by character.
pub(super) fn mask(text: &str) -> String {
    let masked = |c: char| char::from_u32(MASK + c as u32).unwrap_or(c);
    if !text.contains("${") || MASKED.iter().any(|&c| text.contains(masked(c))) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, hole) = rest.split_at(at);
        out.push_str(before);
        let line = &hole[..hole.find('\n').unwrap_or(hole.len())];
        let Some(end) =
            line.find('}').filter(|&end| is_name_start(&line[2..end]) && !line[..end].contains(['"', '\'']))
        else {
            out.push_str("${");
            rest = &hole[2..];
            continue;
        };
        out.extend(hole[..=end].chars().map(|c| if MASKED.contains(&c) { masked(c) } else { c }));
        rest = &hole[end + 1..];
    }
    out + rest
}

/// The text that was masked.
pub(super) fn unmask(text: &str) -> String {
    let plain = |c: char| (c as u32).checked_sub(MASK).and_then(char::from_u32).filter(|c| MASKED.contains(c));
    text.chars().map(|c| plain(c).unwrap_or(c)).collect()
}

fn is_name_start(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Replaces `${…}` in a scalar; `$${` stands for `${`.
///
/// # Errors
/// With what cannot be replaced.
pub(super) fn expand(scalar: &mut Scalar, environment: &Environment) -> Result<(), (String, Problem)> {
    if !scalar.text.contains("${") {
        return Ok(());
    }
    let text = std::mem::take(&mut scalar.text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find("${").map(|found| at + found) {
        if text[..found].ends_with('$') && found > at {
            out.push_str(&text[at..found - 1]);
            out.push_str("${");
            at = found + 2;
            continue;
        }
        out.push_str(&text[at..found]);
        let end = text[found..].find('}').map(|end| found + end);
        let Some((end, (name, default))) = end.and_then(|end| Some((end, form(&text[found + 2..end])?))) else {
            let end = end.map_or(text.len(), |end| end + 1);
            return Err((text[found..end].to_owned(), Problem::Form));
        };
        let value = environment.get(name).map(String::as_str);
        let value = match default {
            None => value,
            Some(default) => value.filter(|value| !value.is_empty()).or(Some(default)),
        };
        let Some(value) = value else {
            return Err((text[found..=end].to_owned(), Problem::Unset(name.to_owned())));
        };
        out.push_str(value);
        scalar.variables.push(name.to_owned());
        at = end + 1;
    }
    out.push_str(&text[at..]);
    scalar.text = out;
    Ok(())
}

/// `NAME`, `NAME:-default`
fn form(inside: &str) -> Option<(&str, Option<&str>)> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let whole = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_name_start(name) && whole).then_some((name, default))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, (String, Problem)> {
        let environment = [("A", "1"), ("EMPTY", "")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut scalar = Scalar::plain(text);
        expand(&mut scalar, &environment).map(|()| scalar.text)
    }

    #[test]
    fn variables_are_replaced_and_can_be_escaped() {
        assert_eq!(expanded("x${A}y${A}"), Ok("x1y1".into()));
        assert_eq!(expanded("${B:-2}${EMPTY:-3}${EMPTY}"), Ok("23".into()));
        assert_eq!(expanded("$${A} $$ $${${A}"), Ok("${A} $$ ${1".into()));
        assert_eq!(expanded("x ${B}"), Err(("${B}".into(), Problem::Unset("B".into()))));
        assert_eq!(expanded("${A"), Err(("${A".into(), Problem::Form)));
        assert_eq!(expanded("${a b}"), Err(("${a b}".into(), Problem::Form)));
        assert_eq!(expanded("${A:?no}"), Err(("${A:?no}".into(), Problem::Form)));
    }

    #[test]
    fn masks_keep_the_number_of_characters() {
        let text = "a: { b: ${A:-x, [y]}, é: ${ } }";
        let masked = mask(text);
        assert_eq!(masked.chars().count(), text.chars().count());
        assert!(!masked.contains("${A"), "{masked}");
        assert_eq!(unmask(&masked), text);
    }
}
