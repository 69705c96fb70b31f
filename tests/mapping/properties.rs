//! What holds for all mappings and all values.

use pleach::graph::mapping::{
    Dialect, Mapping, SqlTemplate, Template, TemplateKind, Variable, Variables, method_names,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const DIALECTS: [Dialect; 4] = [Dialect::V0_2, Dialect::V0_3, Dialect::V0_4, Dialect::Pleach];

fn dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(&DIALECTS[..])
}

/// Text made of the tokens of the language, in any order.
fn tokens() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "a", "b", "true", "null", "as", "map", "first", "\"q\"", "'x", "\\", "1", "-2.5", "$", "$args", "$v", "@",
        "$(", "(", ")", "[", "]", "{", "}", ":", ",", ".", "...", "->", "->map(", "->as($v)", "?", "??", "?!", "#",
        "\n", "é",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.join(" "))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        "[aé0-9 :T-]{0,12}".prop_map(Value::from),
        Just(json!("2024-02-29T12:30:00Z")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(vec!["a", "b", "key", "value"]), inner), 0..4)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Value>()),
        ]
    })
}

/// A mapping's expression: mostly valid in Pleach's dialect.
fn expression() -> impl Strategy<Value = String> {
    let head = prop::sample::select(vec![
        "$",
        "@",
        "a",
        "$.b",
        "$args",
        "$args.a",
        "$(1)",
        "$(\"é0\")",
        "$([1, 2.5, null])",
        "$({ a: 1 b: $ })",
        "$(-7)",
        "$(true)",
        "'text'",
        "[$.a, b]",
        "{ a b? }",
        "12.50",
        "null",
        "$now",
    ]);
    head.prop_map(str::to_owned).prop_recursive(4, 32, 3, |inner| {
        prop_oneof![
            (inner.clone(), step()).prop_map(|(path, step)| format!("$({path}){step}")),
            (inner.clone(), call(), prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(path, method, args)| format!("$({path})->{method}({})", args.join(", "))),
            (inner.clone(), call()).prop_map(|(path, method)| format!("$({path})->{method}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("$({a} ?? {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("$({a} ?! {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("$({a})->match([1, {b}], [@, {a}])")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("$({a})->as($v)->echo([$v, {b}])")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("$({a}) {{ x: {b} a ... $({b}) }}")),
        ]
    })
}

fn step() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![".a", ".b?", "?", ".\"key\"", ".a.b", ".value"])
}

fn call() -> impl Strategy<Value = &'static str> {
    // `as` needs a variable as its argument.
    prop::sample::select(method_names(Dialect::Pleach).filter(|name| *name != "as").collect::<Vec<_>>())
}

fn parsed(text: &str, dialect: Dialect) -> Option<Mapping> {
    Mapping::parse(text, dialect).ok()
}

proptest! {
    #[test]
    fn the_parsers_survive_any_text(text in ".{0,200}", dialect in dialect()) {
        let _ = Mapping::parse(&text, dialect);
        let _ = Template::parse(&text, TemplateKind::Url, dialect);
        let _ = SqlTemplate::parse(&text, dialect);
    }

    #[test]
    fn the_parsers_survive_any_tokens(text in tokens(), dialect in dialect()) {
        if let Err(errors) = Mapping::parse(&text, dialect) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(text.get(error.range.clone()).is_some(), "{error:?} is not inside {text:?}");
            }
        }
        let _ = Template::parse(&text, TemplateKind::Text, dialect);
        let _ = SqlTemplate::parse(&text, dialect);
    }

    #[test]
    fn printing_then_parsing_is_identity(text in expression(), named in any::<bool>(), input in value()) {
        let text = if named { format!("x: {text} y {{ z: {text} }}") } else { text };
        if let Some(mapping) = parsed(&text, Dialect::Pleach) {
            let printed = mapping.to_string();
            let again = parsed(&printed, Dialect::Pleach);
            prop_assert!(again.is_some(), "{text} is printed as {printed}");
            let again = again.unwrap();
            prop_assert_eq!(again.to_string(), printed);
            let variables = Variables::new();
            prop_assert_eq!(again.evaluate(Some(&input), &variables).value, mapping.evaluate(Some(&input), &variables).value);
        }
    }

    #[test]
    fn tokens_that_parse_are_printed_back(text in tokens(), dialect in dialect()) {
        if let Some(mapping) = parsed(&text, dialect) {
            let printed = mapping.to_string();
            let again = parsed(&printed, dialect);
            prop_assert!(again.is_some(), "{text:?} is printed as {printed:?}");
            prop_assert_eq!(again.unwrap().to_string(), printed);
        }
    }

    #[test]
    fn evaluation_and_description_survive_any_mapping_and_value(
        text in expression(), dialect in dialect(), input in value(), args in value()
    ) {
        if let Some(mapping) = parsed(&text, dialect) {
            let variables = Variables::new().with(Variable::Args, &args);
            let _ = mapping.evaluate(Some(&input), &variables);
            let _ = mapping.evaluate(None, &variables);
            let _ = (mapping.references(), mapping.output(), mapping.projection(), mapping.split_block());
        }
    }

    #[test]
    fn what_is_yielded_is_of_a_kind_the_shape_allows(text in expression(), input in value()) {
        if let Some(mapping) = parsed(&text, Dialect::Pleach)
            && let Some(value) = mapping.evaluate(Some(&input), &Variables::new()).value
        {
            let kinds = mapping.output().kinds();
            let kind = pleach::graph::mapping::Kinds::of(&value);
            prop_assert!(kinds.contains(kind), "{text} yields {value}, its shape is {:?}", mapping.output());
        }
    }
}

/// A value nested `depth` arrays deep. It is forgotten rather than dropped: dropping it recurses.
fn deep(depth: usize) -> std::mem::ManuallyDrop<Value> {
    let mut value = json!({ "a": 1 });
    for _ in 0..depth {
        value = Value::Array(vec![value]);
    }
    std::mem::ManuallyDrop::new(value)
}

#[test]
fn a_value_nested_ten_thousand_deep_is_refused_not_crashed_on() {
    let input = deep(10_000);
    for text in [
        "$",
        "$.a",
        "a",
        "$ { a }",
        "x: $",
        "$->map(@)",
        "$->flatten",
        "$->distinct",
        "$->jsonStringify",
        "$->eq($)",
        "$->groupBy(@)",
        "$->sortBy(@)",
        "$->first",
        "[$]",
        "... $ { a }",
    ] {
        let mapping = Mapping::parse(text, Dialect::Pleach).unwrap();
        let outcome = mapping.evaluate(Some(&input), &Variables::new());
        assert_eq!(outcome.value, None, "{text}");
        let last = outcome.problems.last().unwrap();
        assert_eq!(last.message, "evaluation was stopped: the data is nested too deep", "{text}");
    }
}

#[test]
fn the_deepest_mapping_on_the_deepest_value_fits_a_small_stack() {
    let run = || {
        let input = deep(10_000);
        for (open, close) in [("$->map(", ")"), ("$ { a: ", " }"), ("$->map(@ { x: ", " })"), ("$([", "])")] {
            let levels = 60 / open.matches(['(', '{', '[']).count();
            let text = format!("{}${}", open.repeat(levels), close.repeat(levels));
            let mapping = Mapping::parse(&text, Dialect::Pleach).unwrap();
            assert_eq!(mapping.evaluate(Some(&input), &Variables::new()).value, None, "{open}");
            let _ = (mapping.references(), mapping.projection(), mapping.to_string());
        }
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn what_grows_without_end_is_stopped() {
    let doubled = "->map($([@, @]))->flatten".repeat(40);
    let mapping = Mapping::parse(&format!("$([1]){doubled}"), Dialect::Pleach).unwrap();
    let outcome = mapping.evaluate(None, &Variables::new());
    assert_eq!(outcome.value, None);
    assert_eq!(outcome.problems.last().unwrap().message, "evaluation was stopped: the data is too large");

    let longer = "->replace('a', 'aaaaaaaaaaaaaaaa')".repeat(20);
    let mapping = Mapping::parse(&format!("$('a'){longer}"), Dialect::Pleach).unwrap();
    let outcome = mapping.evaluate(None, &Variables::new());
    assert_eq!(outcome.value, None);
    assert_eq!(outcome.problems.last().unwrap().message, "evaluation was stopped: the text is too long");
}

#[test]
fn text_nested_too_deep_is_one_clear_error() {
    for (open, close) in [("[", "]"), ("$(", ")"), ("{ a: ", "}"), ("$ { a ", "}"), ("$->map(", ")")] {
        for depth in [65, 100_000] {
            let text = format!("x: {}1{}", open.repeat(depth), close.repeat(depth));
            let errors = Mapping::parse(&text, Dialect::Pleach).unwrap_err();
            let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
            assert_eq!(messages, ["brackets are nested deeper than 64 levels"], "{open}");
        }
    }
    let text = format!("$.a{}", "->first".repeat(257));
    let errors = Mapping::parse(&text, Dialect::Pleach).unwrap_err();
    assert_eq!(errors[0].message, "a path has more than 256 steps");
}
