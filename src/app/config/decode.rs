//! From a tree to structs: each mistake at its place, and all of them.

use std::fmt::Display;
use std::path::PathBuf;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::secret::Secret;

use super::yaml::{Content, Key, Node, Origin, Scalar};

/// Each mistake takes a look at the whole.
const MAX_MISTAKES: usize = 64;

/// Reads files that hold secrets.
#[derive(Debug, Default)]
pub(super) struct SecretFiles {
    /// Paths are relative to it.
    pub(super) folder: PathBuf,
    /// Those that were looked for.
    pub(super) read: std::cell::RefCell<Vec<PathBuf>>,
}

/// Reads `tree` as `T`. Values that cannot be used are told, marked as refused and left out; so
/// that what is right can still be looked at.
pub(super) fn decode<T: DeserializeOwned + Default>(
    tree: &mut Node,
    code: &'static str,
    secrets: &SecretFiles,
) -> (T, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    while findings.len() < MAX_MISTAKES {
        let fault = match T::deserialize(Value { node: tree, secrets }) {
            Ok(value) => return (value, findings),
            Err(fault) => fault,
        };
        let Some(at) = fault.at.clone() else {
            findings.push(Diagnostic::error(code, fault.shown));
            break;
        };
        // What is missing because it was refused has been told.
        let told = matches!(&fault.missing, Some(name) if refused_child(tree, at.node, name));
        if !told {
            findings.push(finding(code, &fault, &at));
        }
        if std::ptr::eq(tree, at.node) || !refuse(tree, at.node) {
            break;
        }
    }
    (T::default(), findings)
}

fn finding(code: &'static str, fault: &Fault, at: &At) -> Diagnostic {
    let message = if at.variables.is_empty() {
        fault.shown.clone()
    } else {
        let names: Vec<String> = at.variables.iter().map(|name| format!("${{{name}}}")).collect();
        let comma = if fault.safe.is_empty() { "" } else { ": " };
        format!("the value with {} cannot be used here{comma}{}", names.join(" and "), fault.safe)
    };
    placed(code, message, &at.origin)
}

/// A finding at a place in a file, or about a variable.
pub(super) fn placed(code: &'static str, message: String, origin: &Origin) -> Diagnostic {
    match origin {
        Origin::File(span) => Diagnostic::error(code, message).at(*span),
        Origin::Variable(name) => Diagnostic::error(code, format!("environment variable {name}: {message}"))
            .help("section and key are separated by two underscores: PLEACH__LIMITS__DEPTH=12"),
    }
}

fn find(tree: &Node, wanted: *const Node) -> Option<&Node> {
    if std::ptr::eq(tree, wanted) {
        return Some(tree);
    }
    match &tree.content {
        Content::Scalar(_) => None,
        Content::List(items) => items.iter().find_map(|item| find(item, wanted)),
        Content::Map(entries) => entries.iter().find_map(|(_, node)| find(node, wanted)),
    }
}

fn refused_child(tree: &Node, at: *const Node, name: &str) -> bool {
    find(tree, at).and_then(|node| node.get(name)).is_some_and(|(_, node)| node.refused)
}

/// Marks a node; whether it is there and was not marked before.
fn refuse(tree: &mut Node, wanted: *const Node) -> bool {
    if std::ptr::eq(tree, wanted) {
        return !std::mem::replace(&mut tree.refused, true);
    }
    match &mut tree.content {
        Content::Scalar(_) => false,
        Content::List(items) => items.iter_mut().any(|item| refuse(item, wanted)),
        Content::Map(entries) => entries.iter_mut().any(|(_, node)| refuse(node, wanted)),
    }
}

/// What is wrong with a value.
#[derive(Debug)]
struct Fault {
    /// May repeat the value.
    shown: String,
    /// Does not.
    safe: String,
    /// The key that is missing, if that is what is wrong.
    missing: Option<String>,
    at: Option<Box<At>>,
}

#[derive(Clone, Debug)]
struct At {
    /// Compared, never followed.
    node: *const Node,
    origin: Origin,
    variables: Vec<String>,
}

// === impl Fault ===

impl Fault {
    fn with(shown: String, safe: String) -> Self {
        Self { shown, safe, missing: None, at: None }
    }

    /// The innermost place counts.
    fn at(mut self, node: &Node) -> Self {
        let variables = match &node.content {
            Content::Scalar(scalar) => scalar.variables.clone(),
            _ => Vec::new(),
        };
        self.at.get_or_insert_with(|| Box::new(At { node, origin: node.origin.clone(), variables }));
        self
    }

    fn at_key(mut self, key: &Key, node: &Node) -> Self {
        self.at.get_or_insert_with(|| Box::new(At { node, origin: key.origin.clone(), variables: Vec::new() }));
        self
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::with(message.to_string(), String::new())
    }

    fn invalid_type(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = format!("expected {}", plainly(&expected.to_string()));
        Self::with(format!("{expected}; this is {}", found(&unexpected)), expected)
    }

    fn invalid_value(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let known = format!("expected {}", expected.join(" or "));
        Self::with(format!("unknown value \"{variant}\"; {known}"), known)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let message = format!("unknown key \"{field}\"; known are {}", expected.join(", "));
        Self::with(message.clone(), message)
    }

    fn missing_field(field: &'static str) -> Self {
        let message = format!("the key \"{field}\" is missing");
        Self { missing: Some(field.to_owned()), ..Self::with(message.clone(), message) }
    }
}

/// What serde expects, in words of the configuration.
fn plainly(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "a nonzero u32" | "a nonzero u64" => "a whole number above 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "path string" => "a text",
        "a sequence" => "a list",
        "a map" => "a section",
        struct_name if struct_name.starts_with("struct ") => "a section",
        other => other,
    }
    .to_owned()
}

fn found(unexpected: &de::Unexpected<'_>) -> String {
    match unexpected {
        de::Unexpected::Unit => "nothing".to_owned(),
        de::Unexpected::Bool(value) => value.to_string(),
        de::Unexpected::Unsigned(number) => number.to_string(),
        de::Unexpected::Signed(number) => number.to_string(),
        de::Unexpected::Float(number) => number.to_string(),
        de::Unexpected::Str(text) => format!("the text \"{text}\""),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "a section".to_owned(),
        other => other.to_string(),
    }
}

#[derive(Clone, Copy)]
struct Value<'t> {
    node: &'t Node,
    secrets: &'t SecretFiles,
}

// === impl Value ===

impl<'t> Value<'t> {
    fn of(self, node: &'t Node) -> Self {
        Self { node, ..self }
    }

    fn scalar(&self) -> Option<&'t Scalar> {
        match &self.node.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text, where the node can be one.
    fn text(&self) -> Option<&'t str> {
        let scalar = self.scalar().filter(|scalar| !scalar.is_null()).map(|scalar| scalar.text.as_str());
        scalar.or(self.node.raw.as_deref())
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.content {
            Content::Scalar(scalar) if !scalar.plain => visitor.visit_str(&scalar.text),
            Content::Scalar(scalar) if scalar.is_null() => visitor.visit_unit(),
            Content::Scalar(scalar) => match scalar.text.trim() {
                "true" | "True" | "TRUE" => visitor.visit_bool(true),
                "false" | "False" | "FALSE" => visitor.visit_bool(false),
                text => match (integer(text), float(text)) {
                    (Some(number), _) => match (i64::try_from(number), u64::try_from(number)) {
                        (Ok(number), _) => visitor.visit_i64(number),
                        (_, Ok(number)) => visitor.visit_u64(number),
                        _ => visitor.visit_str(&scalar.text),
                    },
                    (None, Some(number)) => visitor.visit_f64(number),
                    (None, None) => visitor.visit_str(&scalar.text),
                },
            },
            Content::List(items) => visitor.visit_seq(Items { value: self, rest: items.iter() }),
            Content::Map(entries) => visitor.visit_map(Entries { value: self, rest: entries.iter(), open: None }),
        }
    }

    /// A number or Boolean, whether in quotes or not, since the reader knows what it needs.
    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text = self.text().unwrap_or("").trim();
        match integer(text) {
            Some(number) if i64::try_from(number).is_ok() => visitor.visit_i64(number as i64),
            Some(number) if u64::try_from(number).is_ok() => visitor.visit_u64(number as u64),
            _ => self.any(visitor),
        }
    }

    fn secret(self) -> Result<String, Fault> {
        let Some(text) = self.text() else { return self.any(Unwanted).map_err(Fault::hidden) };
        let Some(scalar) = self.scalar().filter(|scalar| scalar.at_sign) else { return Ok(text.to_owned()) };
        let path = scalar.text.strip_prefix('@').unwrap_or(text);
        // The sign twice is the sign itself.
        if path.starts_with('@') {
            return Ok(path.to_owned());
        }
        self.secrets.read(path).map_err(|reason| Fault::with(reason.clone(), reason))
    }
}

/// Takes nothing: for a sentence about what stands where a secret should.
struct Unwanted;

impl Visitor<'_> for Unwanted {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a secret as text, or \"@\" and a file")
    }
}

impl Fault {
    /// Without the value.
    fn hidden(self) -> Self {
        Self { shown: self.safe.clone(), ..self }
    }
}

// === impl SecretFiles ===

impl SecretFiles {
    fn read(&self, path: &str) -> Result<String, String> {
        let path = self.folder.join(path);
        self.read.borrow_mut().push(path.clone());
        let mut text =
            std::fs::read_to_string(&path).map_err(|error| format!("the secret of {}: {error}", path.display()))?;
        // Editors end a file with one.
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(text)
    }
}

/// Decimal, `0x` and `0o`; underscores between digits.
fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match (digits.strip_prefix("0x"), digits.strip_prefix("0o")) {
        (Some(digits), _) => (16, digits),
        (None, Some(digits)) => (8, digits),
        (None, None) => (10, digits),
    };
    let well_formed = !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    let digits = digits.replace('_', "");
    let known = well_formed && digits.starts_with(|c: char| c.is_ascii_alphanumeric());
    known.then(|| i128::from_str_radix(&digits, radix).ok()).flatten().map(|number| sign * number)
}

fn float(text: &str) -> Option<f64> {
    match text {
        ".inf" | "+.inf" => Some(f64::INFINITY),
        "-.inf" => Some(f64::NEG_INFINITY),
        ".nan" => Some(f64::NAN),
        // Rust reads words such as `infinity`, too.
        _ if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+')) => {
            let digits = text.trim_start_matches(['-', '+']);
            digits.starts_with(|c: char| c.is_ascii_digit() || c == '.').then(|| text.parse().ok()).flatten()
        }
        _ => None,
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.number(visitor).map_err(|fault| fault.at(self.node))
        })*
    };
}

macro_rules! texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.text() {
                Some(text) => visitor.visit_str(text),
                None => self.any(visitor),
            }
            .map_err(|fault| fault.at(self.node))
        })*
    };
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.any(visitor).map_err(|fault| fault.at(self.node))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text().map(str::trim) {
            Some("true" | "True" | "TRUE" | "yes" | "on") => visitor.visit_bool(true),
            Some("false" | "False" | "FALSE" | "no" | "off") => visitor.visit_bool(false),
            _ => self.any(visitor),
        }
        .map_err(|fault| fault.at(self.node))
    }

    numbers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
    deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text().and_then(|text| float(text.trim())) {
            Some(number) => visitor.visit_f64(number),
            None => self.any(visitor),
        }
        .map_err(|fault| fault.at(self.node))
    }

    texts! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
            .map_err(|fault| fault.at(self.node))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        if name == Secret::TYPE {
            let secret = self.secret().map_err(|fault| fault.at(self.node))?;
            return visitor.visit_newtype_struct(IntoDeserializer::<Fault>::into_deserializer(secret));
        }
        visitor.visit_newtype_struct(self).map_err(|fault| fault.at(self.node))
    }

    /// Nothing is an empty list.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.node.is_null() { visitor.visit_seq(Items { value: self, rest: [].iter() }) } else { self.any(visitor) }
            .map_err(|fault| fault.at(self.node))
    }

    /// Nothing is an empty section.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.content {
            _ if self.node.is_null() => visitor.visit_map(Entries { value: self, rest: [].iter(), open: None }),
            // Structs would take their fields in order.
            Content::List(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &visitor)),
            _ => self.any(visitor),
        }
        .map_err(|fault| fault.at(self.node))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.text() {
            Some(text) => visitor.visit_enum(Choice(text)),
            None => self.any(visitor),
        }
        .map_err(|fault| fault.at(self.node))
    }

    serde::forward_to_deserialize_any! {
        bytes byte_buf unit unit_struct tuple tuple_struct ignored_any
    }
}

/// A variant without content: ours have none.
struct Choice<'t>(&'t str);

impl<'de> EnumAccess<'de> for Choice<'_> {
    type Error = Fault;
    type Variant = UnitOnly;

    fn variant_seed<S: de::DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, UnitOnly), Fault> {
        Ok((seed.deserialize(StrDeserializer::<Fault>::new(self.0))?, UnitOnly))
    }
}

struct UnitOnly;

impl<'de> de::VariantAccess<'de> for UnitOnly {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<S: de::DeserializeSeed<'de>>(self, _seed: S) -> Result<S::Value, Fault> {
        Err(de::Error::invalid_type(de::Unexpected::UnitVariant, &"a variant with content"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Fault> {
        Err(de::Error::invalid_type(de::Unexpected::UnitVariant, &"a variant with content"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], _visitor: V) -> Result<V::Value, Fault> {
        Err(de::Error::invalid_type(de::Unexpected::UnitVariant, &"a variant with content"))
    }
}

struct Items<'t> {
    value: Value<'t>,
    rest: std::slice::Iter<'t, Node>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        match self.rest.find(|node| !node.refused) {
            Some(node) => seed.deserialize(self.value.of(node)).map(Some).map_err(|fault| fault.at(node)),
            None => Ok(None),
        }
    }
}

struct Entries<'t> {
    value: Value<'t>,
    rest: std::slice::Iter<'t, (Key, Node)>,
    /// The entry whose value comes next.
    open: Option<&'t (Key, Node)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        self.open = self.rest.find(|(_, node)| !node.refused);
        let Some((key, node)) = self.open else { return Ok(None) };
        let read = seed.deserialize(StrDeserializer::<Fault>::new(&key.text));
        read.map(Some).map_err(|fault| fault.at_key(key, node))
    }

    fn next_value_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        match self.open.take() {
            // What is wrong with a whole section is shown at its key.
            Some((key, node)) => seed.deserialize(self.value.of(node)).map_err(|fault| {
                let mut fault = fault.at(node);
                if let Some(at) = fault.at.as_mut().filter(|at| std::ptr::eq(at.node, node))
                    && !matches!(node.content, Content::Scalar(_))
                {
                    at.origin = key.origin.clone();
                }
                fault
            }),
            None => Err(de::Error::custom("a value without a key")),
        }
    }
}
