//! `application/x-www-form-urlencoded`.

use serde_json::Value;

use super::percent::push_form_encoded;

/// The value to encode was no object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a form body must be an object")]
pub struct FormError;

/// Writes an object as a form: nesting becomes `a[b]`, lists `a[0]`, null an empty value.
///
/// # Errors
/// When `value` is not an object.
pub fn encode_form(value: &Value) -> Result<String, FormError> {
    let Value::Object(fields) = value else { return Err(FormError) };
    let mut out = String::new();
    for (name, value) in fields {
        pairs(&mut out, name, value);
    }
    Ok(out)
}

/// The value is at most as deep as the mapping or the request it came from, which are bounded.
fn pairs(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| pairs(out, &format!("{name}[{key}]"), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| pairs(out, &format!("{name}[{index}]"), value));
        }
        Value::Null => pair(out, name, ""),
        Value::String(text) => pair(out, name, text),
        scalar => pair(out, name, &scalar.to_string()),
    }
}

fn pair(out: &mut String, name: &str, text: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    push_form_encoded(out, name);
    out.push('=');
    push_form_encoded(out, text);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_nesting_lists_and_null() {
        let body = json!({ "a": { "b": 1, "c": [true, "x y"] }, "d": null });
        assert_eq!(encode_form(&body).unwrap(), "a%5Bb%5D=1&a%5Bc%5D%5B0%5D=true&a%5Bc%5D%5B1%5D=x+y&d=");
        assert_eq!(encode_form(&json!([1])), Err(FormError));
    }
}
