//! A YAML file as a tree that knows where each value was written.
//!
//! Only what a configuration needs: one document, keys that are texts, anchors within bounds, and no
//! tags but those of the core schema.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, Span};

use super::expand;

/// Far more than a configuration needs; aliases multiply.
const MAX_NODES: usize = 100_000;
/// As deep as JSON may be nested.
const MAX_DEPTH: usize = 128;

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) content: Content,
    /// The whole text, for a list or section that a variable holds: it may be meant as text.
    pub(super) raw: Option<String>,
    /// It cannot be used, and that has been said.
    pub(super) refused: bool,
}

/// Where a value was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// In a file.
    File(Span),
    /// In the environment, in a variable with this name.
    Variable(String),
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Scalar(Scalar),
    List(Vec<Node>),
    /// Keys in order, each once.
    Map(Vec<(Key, Node)>),
}

/// A text, number, Boolean or null; which, the reader decides.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Written without quotes, so that it may be something other than text.
    pub(super) plain: bool,
    /// Written with `@` in front: where a secret stands, it names a file.
    pub(super) at_sign: bool,
    /// The variables of the environment in it. Their values are not to be shown.
    pub(super) variables: Vec<String>,
}

/// A key of a section.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) origin: Origin,
}

// === impl Node ===

impl Node {
    pub(super) fn new(origin: Origin, content: Content) -> Self {
        Self { origin, content, raw: None, refused: false }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&(Key, Node)> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|(own, _)| own.text == key),
            _ => None,
        }
    }

    /// Whether it is an unquoted null, or nothing at all.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.is_null())
    }
}

// === impl Scalar ===

impl Scalar {
    /// A text that may be read as something else.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { at_sign: text.starts_with('@'), text, plain: true, variables: Vec::new() }
    }

    pub(super) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.trim(), "" | "~" | "null" | "Null" | "NULL")
    }
}

/// Reads a document; `None` when there is nothing in it.
///
/// # Errors
/// `code`, at the place of the first thing that is no YAML.
pub(super) fn parse(text: &str, file: FileId, code: &'static str) -> Result<Option<Node>, Diagnostic> {
    // Without the braces of `${NAME}`, which mean something else between `{` and `}`; a character
    // stays a character, so places stay places.
    let masked = expand::mask(text);
    let offsets = Offsets::new(text);
    let mut builder = Builder { file, code, offsets, open: Vec::new(), anchors: HashMap::new(), root: None, nodes: 0 };
    for event in Parser::new_from_str(&masked) {
        match event {
            Ok((event, span)) => builder.event(event, span.start, span.end)?,
            Err(error) => {
                let message = expand::unmask(&error.info());
                return Err(Diagnostic::error(code, message).at(builder.span(*error.marker(), *error.marker())));
            }
        }
    }
    Ok(builder.root.filter(|root| !root.is_null()))
}

/// Byte offsets of characters.
struct Offsets {
    /// Of each character; empty where each is one byte.
    bytes: Vec<u32>,
    length: usize,
}

// === impl Offsets ===

impl Offsets {
    fn new(text: &str) -> Self {
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at as u32).collect() };
        Self { bytes, length: text.len() }
    }

    fn of(&self, character: usize) -> usize {
        let found =
            if self.bytes.is_empty() { Some(character) } else { self.bytes.get(character).map(|&at| at as usize) };
        found.unwrap_or(self.length).min(self.length)
    }
}

struct Builder {
    file: FileId,
    code: &'static str,
    offsets: Offsets,
    /// Lists and sections that have begun, outermost first.
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
}

struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<Key>,
}

// === impl Builder ===

impl Builder {
    fn event(&mut self, event: Event<'_>, start: Marker, end: Marker) -> Result<(), Diagnostic> {
        let origin = Origin::File(self.span(start, end));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = self.tag(tag.as_deref(), &origin)?;
                let text = expand::unmask(&text);
                let plain = style == ScalarStyle::Plain && !is_text;
                let scalar = Scalar { at_sign: text.starts_with('@'), text, plain, variables: Vec::new() };
                self.node(Node::new(origin, Content::Scalar(scalar)), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), &origin)?;
                self.open(Node::new(origin, Content::List(Vec::new())), anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), &origin)?;
                self.open(Node::new(origin, Content::Map(Vec::new())), anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { node, anchor, .. }) = self.open.pop() else { return Ok(()) };
                self.node(node, anchor)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => self.node(node, 0),
                None => Err(self.error("an alias of something that has not ended", &origin)),
            },
            Event::DocumentStart(..) if self.root.is_some() => Err(self.error("there is a second document", &origin)),
            _ => Ok(()),
        }
    }

    fn open(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error("this is nested too deeply", &node.origin));
        }
        self.open.push(Open { node, anchor, key: None });
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn node(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += count(&node);
        if self.nodes > MAX_NODES {
            return Err(self.error("there are too many values, aliases counted", &node.origin));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(mut open) = self.open.pop() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.node.content, open.key.take()) {
            (Content::Map(_), None) => open.key = Some(self.key(node)?),
            (Content::Map(entries), Some(key)) if key.text == "<<" => self.merge(entries, node)?,
            (Content::Map(entries), Some(key)) => {
                // What is merged in gives way to what is written.
                match entries.iter_mut().find(|(other, _)| other.text == key.text) {
                    Some((other, _)) if !is_merged(other, &open.node.origin, &key) => {
                        let message = format!("the key \"{}\" is there twice", key.text);
                        let mut finding = self.error(&message, &key.origin);
                        if let Origin::File(first) = other.origin {
                            finding = finding.label(first, "the first one");
                        }
                        return Err(finding);
                    }
                    Some(entry) => *entry = (key, node),
                    None => entries.push((key, node)),
                }
            }
            (Content::List(items), _) => items.push(node),
            (Content::Scalar(_), _) => {}
        }
        self.open.push(open);
        Ok(())
    }

    fn key(&self, node: Node) -> Result<Key, Diagnostic> {
        match node.content {
            Content::Scalar(scalar) => Ok(Key { text: scalar.text, origin: node.origin }),
            _ => Err(self.error("a key is a text", &node.origin)),
        }
    }

    /// `<<: *other`, `<<: [*one, *other]`
    fn merge(&self, entries: &mut Vec<(Key, Node)>, from: Node) -> Result<(), Diagnostic> {
        match from.content {
            Content::Map(others) => {
                for other in others {
                    if !entries.iter().any(|(key, _)| key.text == other.0.text) {
                        entries.push(other);
                    }
                }
                Ok(())
            }
            Content::List(items) => items.into_iter().try_for_each(|item| self.merge(entries, item)),
            Content::Scalar(_) => Err(self.error("\"<<\" takes the keys of another section", &from.origin)),
        }
    }

    /// Whether a tag says that a scalar is text.
    fn tag(&self, tag: Option<&Tag>, origin: &Origin) -> Result<bool, Diagnostic> {
        match tag {
            None => Ok(false),
            Some(tag) if tag.handle() == "!" && tag.suffix().is_empty() => Ok(true),
            Some(tag) if tag.handle() == "tag:yaml.org,2002:" => Ok(tag.suffix() == "str"),
            Some(_) => Err(self.error("tags mean nothing here", origin)),
        }
    }

    fn span(&self, start: Marker, end: Marker) -> Span {
        Span::new(self.file, self.offsets.of(start.index()), self.offsets.of(end.index()))
    }

    fn error(&self, message: &str, origin: &Origin) -> Diagnostic {
        let finding = Diagnostic::error(self.code, message);
        match origin {
            Origin::File(span) => finding.at(*span),
            Origin::Variable(_) => finding,
        }
    }
}

/// Whether a key of a section stands outside of it, and so was merged in.
fn is_merged(key: &Key, section: &Origin, written: &Key) -> bool {
    match (&key.origin, section, &written.origin) {
        (Origin::File(key), Origin::File(section), Origin::File(written)) => {
            key.start < section.start || key.start > written.start
        }
        _ => false,
    }
}

fn count(node: &Node) -> usize {
    match &node.content {
        Content::Scalar(_) => 1,
        Content::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Content::Map(entries) => 1 + entries.iter().map(|(_, node)| count(node)).sum::<usize>(),
    }
}
