//! Executable documents, read in one pass, and handed to the validator.
//!
//! This reads what clients usually send. What is rare (escapes, block strings, descriptions) and
//! what is wrong is declined: the adopted parser reads it, and tells where it is wrong. A document
//! that is read here means the same there.

use apollo_compiler::ast as parsed;
use apollo_compiler::{Name as ParsedName, Node};

use crate::platform::base::Name;
use crate::platform::base::span::{FileId, Span, Spanned};

use super::ast::*;

/// How deep selections and values nest in what is read here.
const MAX_DEPTH: u32 = 64;

/// Reads a document with operations; `None` if it is declined. Spans are relative to `text`.
pub(super) fn read(text: &str) -> Option<ExecutableDocument> {
    let mut reader = Reader { text, at: 0, end: 0, depth: 0 };
    let mut document = ExecutableDocument::default();
    while let Some(first) = reader.peek() {
        let start = reader.at;
        if first == b'{' {
            let selections = reader.selections()?;
            document.operations.push(OperationDefinition {
                kind: OperationKind::Query,
                name: None,
                variables: Vec::new(),
                directives: Vec::new(),
                selections,
                span: reader.span(start),
            });
            continue;
        }
        let kind = match reader.word()? {
            "query" => OperationKind::Query,
            "mutation" => OperationKind::Mutation,
            "subscription" => OperationKind::Subscription,
            "fragment" => {
                document.fragments.push(reader.fragment(start)?);
                continue;
            }
            _ => return None,
        };
        document.operations.push(reader.operation(kind, start)?);
    }
    (!document.operations.is_empty()).then_some(document)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The end of the last token.
    end: usize,
    depth: u32,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    fn operation(&mut self, kind: OperationKind, start: usize) -> Option<OperationDefinition> {
        let is_named = self.peek().is_some_and(is_name_start);
        let name = if is_named { Some(self.name()?) } else { None };
        let variables = if self.eat(b'(') { self.variables()? } else { Vec::new() };
        let directives = self.directives(true)?;
        let selections = self.selections()?;
        Some(OperationDefinition { kind, name, variables, directives, selections, span: self.span(start) })
    }

    fn fragment(&mut self, start: usize) -> Option<FragmentDefinition> {
        let name = self.name().filter(|name| &*name.value != "on")?;
        if self.word()? != "on" {
            return None;
        }
        let on = self.name()?;
        let directives = self.directives(true)?;
        let selections = self.selections()?;
        Some(FragmentDefinition { name, on, directives, selections, span: self.span(start) })
    }

    fn variables(&mut self) -> Option<Vec<VariableDefinition>> {
        let mut variables = Vec::new();
        loop {
            self.expect(b'$')?;
            let name = self.name()?;
            self.expect(b':')?;
            let ty = self.type_expr()?;
            let default = if self.eat(b'=') { Some(self.value(true)?) } else { None };
            let directives = self.directives(true)?;
            variables.push(VariableDefinition { name, ty, default, directives });
            if self.eat(b')') {
                return Some(variables);
            }
        }
    }

    fn type_expr(&mut self) -> Option<TypeExpr> {
        let inner = if self.eat(b'[') {
            self.enter()?;
            let item = self.type_expr()?;
            self.expect(b']')?;
            self.depth -= 1;
            TypeExpr::List(Box::new(item))
        } else {
            TypeExpr::Named(self.name()?)
        };
        Some(if self.eat(b'!') { TypeExpr::NonNull(Box::new(inner)) } else { inner })
    }

    /// At least one selection in braces.
    fn selections(&mut self) -> Option<Vec<Selection>> {
        self.expect(b'{')?;
        self.enter()?;
        let mut selections = Vec::new();
        loop {
            let first = self.peek()?;
            let start = self.at;
            selections.push(if first == b'.' { self.spread(start)? } else { Selection::Field(self.field(start)?) });
            if self.eat(b'}') {
                self.depth -= 1;
                return Some(selections);
            }
        }
    }

    fn field(&mut self, start: usize) -> Option<Field> {
        let mut name = self.name()?;
        let mut alias = None;
        if self.eat(b':') {
            alias = Some(std::mem::replace(&mut name, self.name()?).value);
        }
        let arguments = self.arguments(false)?;
        let directives = self.directives(false)?;
        let selections = if self.peek() == Some(b'{') { Some(self.selections()?) } else { None };
        Some(Field { alias, name, arguments, directives, selections, span: self.span(start) })
    }

    fn spread(&mut self, start: usize) -> Option<Selection> {
        if !self.text[self.at..].starts_with("...") {
            return None;
        }
        self.step(3);
        let mut on = None;
        if self.peek().is_some_and(is_name_start) {
            let name = self.name()?;
            if &*name.value != "on" {
                return Some(Selection::FragmentSpread { name, directives: self.directives(false)? });
            }
            on = Some(self.name()?);
        }
        let directives = self.directives(false)?;
        let selections = self.selections()?;
        Some(Selection::InlineFragment { on, directives, selections, span: self.span(start) })
    }

    fn directives(&mut self, constant: bool) -> Option<Vec<Directive>> {
        let mut directives = Vec::new();
        while self.peek() == Some(b'@') {
            let start = self.at;
            self.step(1);
            let name = self.name()?.value;
            let arguments = self.arguments(constant)?;
            directives.push(Directive { name, arguments, span: self.span(start) });
        }
        Some(directives)
    }

    fn arguments(&mut self, constant: bool) -> Option<Vec<Argument>> {
        let mut arguments = Vec::new();
        if !self.eat(b'(') {
            return Some(arguments);
        }
        loop {
            let name = self.name()?;
            self.expect(b':')?;
            arguments.push(Argument { name, value: self.value(constant)? });
            if self.eat(b')') {
                return Some(arguments);
            }
        }
    }

    fn value(&mut self, constant: bool) -> Option<Value> {
        let first = self.peek()?;
        let start = self.at;
        let kind = match first {
            b'$' if !constant => {
                self.step(1);
                ValueKind::Variable(self.name()?.value)
            }
            b'"' => ValueKind::String(self.string()?),
            b'-' | b'0'..=b'9' => self.number()?,
            b'[' => {
                self.step(1);
                self.enter()?;
                let mut items = Vec::new();
                while !self.eat(b']') {
                    items.push(self.value(constant)?);
                }
                self.depth -= 1;
                ValueKind::List(items)
            }
            b'{' => {
                self.step(1);
                self.enter()?;
                let mut fields = Vec::new();
                while !self.eat(b'}') {
                    let name = self.name()?;
                    self.expect(b':')?;
                    fields.push((name, self.value(constant)?));
                }
                self.depth -= 1;
                ValueKind::Object(fields)
            }
            _ => match self.word()? {
                "true" => ValueKind::Boolean(true),
                "false" => ValueKind::Boolean(false),
                "null" => ValueKind::Null,
                name => ValueKind::Enum(name.into()),
            },
        };
        Some(Value { kind, span: self.span(start) })
    }

    /// A string without escapes, in one line; the quote comes next.
    fn string(&mut self) -> Option<Name> {
        let rest = &self.text[self.at + 1..];
        let len = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20)?;
        let is_block = len == 0 && rest.as_bytes().get(1) == Some(&b'"');
        if rest.as_bytes()[len] != b'"' || is_block {
            return None;
        }
        self.step(len + 2);
        Some(rest[..len].into())
    }

    fn number(&mut self) -> Option<ValueKind> {
        let bytes = &self.text.as_bytes()[self.at..];
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let sign = usize::from(bytes[0] == b'-');
        let whole = digits(sign);
        if whole == 0 || (whole > 1 && bytes[sign] == b'0') {
            return None;
        }
        let mut len = sign + whole;
        let mut is_float = false;
        if bytes.get(len) == Some(&b'.') {
            let fraction = digits(len + 1);
            len += 1 + fraction;
            is_float = true;
            if fraction == 0 {
                return None;
            }
        }
        if let Some(b'e' | b'E') = bytes.get(len) {
            len += 1 + usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
            let exponent = digits(len.min(bytes.len()));
            len += exponent;
            is_float = true;
            if exponent == 0 {
                return None;
            }
        }
        if bytes.get(len).is_some_and(|&byte| is_name_start(byte) || byte == b'.') {
            return None;
        }
        let text = Name::from(&self.text[self.at..self.at + len]);
        self.step(len);
        Some(if is_float { ValueKind::Float(text) } else { ValueKind::Int(text) })
    }

    fn name(&mut self) -> Option<Spanned<Name>> {
        let word = self.word()?;
        let start = self.end - word.len();
        Some(Spanned { value: word.into(), span: self.span(start) })
    }

    /// A name's text.
    fn word(&mut self) -> Option<&'a str> {
        if !self.peek().is_some_and(is_name_start) {
            return None;
        }
        let rest = &self.text[self.at..];
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let len = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        self.step(len);
        Some(&rest[..len])
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.step(1);
        }
        is_next
    }

    /// Over a token.
    fn step(&mut self, len: usize) {
        self.at += len;
        self.end = self.at;
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    /// The first byte of the next token.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match *bytes.get(self.at)? {
                b' ' | b'\n' | b',' | b'\r' | b'\t' => self.at += 1,
                b'#' => {
                    let comment = bytes[self.at..].iter();
                    self.at += comment.take_while(|&&byte| byte != b'\n' && byte != b'\r').count();
                }
                byte => return Some(byte),
            }
        }
    }

    fn span(&self, start: usize) -> Span {
        Span::new(FileId(0), start, self.end)
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// The document as the validator wants it, without places.
pub(super) fn to_parsed(document: &ExecutableDocument) -> parsed::Document {
    let operation = |operation: &OperationDefinition| parsed::OperationDefinition {
        description: None,
        operation_type: match operation.kind {
            OperationKind::Query => parsed::OperationType::Query,
            OperationKind::Mutation => parsed::OperationType::Mutation,
            OperationKind::Subscription => parsed::OperationType::Subscription,
        },
        name: operation.name.as_ref().map(|name| to_name(&name.value)),
        variables: operation.variables.iter().map(to_variable).collect(),
        directives: to_directives(&operation.directives),
        selection_set: to_selections(&operation.selections),
    };
    let fragment = |fragment: &FragmentDefinition| parsed::FragmentDefinition {
        description: None,
        name: to_name(&fragment.name.value),
        type_condition: to_name(&fragment.on.value),
        directives: to_directives(&fragment.directives),
        selection_set: to_selections(&fragment.selections),
    };
    let operations = document.operations.iter().map(|it| parsed::Definition::OperationDefinition(operation(it).into()));
    let fragments = document.fragments.iter().map(|it| parsed::Definition::FragmentDefinition(fragment(it).into()));
    let mut result = parsed::Document::new();
    result.definitions = operations.chain(fragments).collect();
    result
}

fn to_name(name: &Name) -> ParsedName {
    ParsedName::from_arc_unchecked(name.clone())
}

fn to_variable(variable: &VariableDefinition) -> Node<parsed::VariableDefinition> {
    Node::new(parsed::VariableDefinition {
        description: None,
        name: to_name(&variable.name.value),
        ty: to_type(&variable.ty).into(),
        default_value: variable.default.as_ref().map(to_value),
        directives: to_directives(&variable.directives),
    })
}

fn to_type(ty: &TypeExpr) -> parsed::Type {
    match ty {
        TypeExpr::Named(name) => parsed::Type::Named(to_name(&name.value)),
        TypeExpr::List(inner) => to_type(inner).list(),
        TypeExpr::NonNull(inner) => to_type(inner).non_null(),
    }
}

fn to_selections(selections: &[Selection]) -> Vec<parsed::Selection> {
    let one = |selection: &Selection| match selection {
        Selection::Field(field) => parsed::Selection::Field(Node::new(parsed::Field {
            alias: field.alias.as_ref().map(to_name),
            name: to_name(&field.name.value),
            arguments: to_arguments(&field.arguments),
            directives: to_directives(&field.directives),
            selection_set: field.selections.as_deref().map(to_selections),
        })),
        Selection::FragmentSpread { name, directives } => {
            let fragment_name = to_name(&name.value);
            let directives = to_directives(directives);
            parsed::Selection::FragmentSpread(Node::new(parsed::FragmentSpread { fragment_name, directives }))
        }
        Selection::InlineFragment { on, directives, selections, .. } => {
            parsed::Selection::InlineFragment(Node::new(parsed::InlineFragment {
                type_condition: on.as_ref().map(|on| to_name(&on.value)),
                directives: to_directives(directives),
                selection_set: to_selections(selections),
            }))
        }
    };
    selections.iter().map(one).collect()
}

fn to_directives(directives: &[Directive]) -> parsed::DirectiveList {
    let one = |directive: &Directive| {
        let name = to_name(&directive.name);
        Node::new(parsed::Directive { name, arguments: to_arguments(&directive.arguments) })
    };
    parsed::DirectiveList(directives.iter().map(one).collect())
}

fn to_arguments(arguments: &[Argument]) -> Vec<Node<parsed::Argument>> {
    let one = |argument: &Argument| {
        Node::new(parsed::Argument { name: to_name(&argument.name.value), value: to_value(&argument.value) })
    };
    arguments.iter().map(one).collect()
}

fn to_value(value: &Value) -> Node<parsed::Value> {
    Node::new(match &value.kind {
        ValueKind::Null => parsed::Value::Null,
        ValueKind::Boolean(value) => parsed::Value::Boolean(*value),
        ValueKind::Int(text) => parsed::Value::Int(parsed::IntValue::new_parsed(text)),
        ValueKind::Float(text) => parsed::Value::Float(parsed::FloatValue::new_parsed(text)),
        ValueKind::String(text) => parsed::Value::String((**text).into()),
        ValueKind::Enum(name) => parsed::Value::Enum(to_name(name)),
        ValueKind::Variable(name) => parsed::Value::Variable(to_name(name)),
        ValueKind::List(items) => parsed::Value::List(items.iter().map(to_value).collect()),
        ValueKind::Object(fields) => {
            parsed::Value::Object(fields.iter().map(|(name, value)| (to_name(&name.value), to_value(value))).collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;

    /// What is read here means the same to the adopted parser, place by place.
    fn agrees(text: &str) -> Result<bool, TestCaseError> {
        let Some(ours) = read(text) else { return Ok(false) };
        let theirs = parse::executable_text(text);
        prop_assert!(theirs.is_ok(), "{text}\n{theirs:?}");
        prop_assert_eq!(&ours, &theirs.unwrap(), "{}", text);
        let parsed = apollo_compiler::ast::Document::parse(text, "document").unwrap();
        // Operations come before fragments here; the order of definitions means nothing.
        let mut definitions = parsed.definitions.clone();
        definitions.sort_by_key(|definition| definition.as_operation_definition().is_none());
        prop_assert_eq!(to_parsed(&ours).definitions, definitions, "{}", text);
        Ok(true)
    }

    #[test]
    fn reads_what_clients_send() {
        for text in [
            "{a}",
            "query Q($a: Int! = 1, $b: [[String!]]! = [\"x\"], $c: I = {a: {b: [1.5e3, -0, E]}, n: null}) @d(x: 1) { a }",
            "mutation { a(x: $v, y: true, z: \"ä ✓\") @skip(if: $s) @include(if: false) { b c: d, e } }",
            "# comment ä\n\r\nfragment F on T @x { ...G ... on U { a } ... @include(if: $x) { b } ...onward }\n query { on: on, query }",
            "subscription S { a }, query {type fragment:mutation}",
            "{a(x:-1.0 y:0,z:[],o:{})}",
        ] {
            assert!(agrees(text).expect("alike"), "{text}");
        }
    }

    #[test]
    fn declines_what_is_rare_or_wrong() {
        for text in [
            "",
            " # nothing",
            "fragment F on T { a }",
            "{",
            "{}",
            "{a{}}",
            "{a()}",
            "query () {a}",
            "{a(x:)}",
            "{a(x:01)}",
            "{a(x:1.)}",
            "{a(x:1e)}",
            "{a(x:1a)}",
            "{a(x:\"\\n\")}",
            "{a(x:\"\"\"b\"\"\")}",
            "{a(x:\"b\nc\")}",
            "fragment on on T {a}",
            "query($a:Int=$b){a}",
            "type T {a:Int}",
            "\"doc\" query {a}",
            "{a} b",
            "{..F}",
            "{a:b:c}",
            "{a @}",
            "query @d(x:$y) {a}",
            "{a(x:-)}",
            "{a(x:1.2.3)}",
            "{ä}",
            "\u{feff}{a}",
        ] {
            assert!(!agrees(text).expect("alike"), "{text}");
        }
        assert!(read(&"{a".repeat(70)).is_none() && read(&format!("{{a(x:{})}}", "[".repeat(100_000))).is_none());
    }

    proptest! {
        #[test]
        fn reads_nothing_that_is_wrong(text in r#"(\{|query|mutation \$|fragment F on T|\}|\(|\)|a|b:|\$v|@d|:|=|!|\[|\]|\.\.\.|on|"s"|""|"""|-?[0-9.]{1,3}|1e5|true|null|#c\n|,| |\\|\|){0,14}"#) {
            agrees(&text)?;
        }

        #[test]
        fn reads_nested_documents(text in selection()) {
            agrees(&format!("query Q($v: [Int!] = [1 2]) {text}"))?;
        }
    }

    fn selection() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("a".to_owned()),
            Just("b:c".to_owned()),
            Just("...F".to_owned()),
            Just("a(x:$v y:{z:[1,\"t\"]})".to_owned()),
            Just("a @include(if:true)".to_owned()),
            Just("... on".to_owned()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let head = prop_oneof![Just(""), Just("a"), Just("x: y(n: 1.5)"), Just("... on T"), Just("... @d")];
            (head, proptest::collection::vec(inner, 0..4), prop_oneof![Just(" "), Just("\n"), Just(","), Just("#x\n")])
                .prop_map(|(head, items, space)| format!("{head}{space}{{{}}}", items.join(space)))
        })
    }
}
