//! Answers of subgraphs, good and broken, as the scanner and as `serde_json` read them.

#[path = "../support/scan_oracle.rs"]
mod scan_oracle;

use proptest::prelude::*;
use scan_oracle::{KEYS, compare};

/// JSON-like text: mostly what the shape asks for, sometimes something else, and spaces anywhere.
fn text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => Just(r#""plain""#.to_owned()),
        2 => r#""([a-zä🦀 ]|\\n|\\"|\\u00e9|\\ud83e\\udd80){0,20}""#,
        1 => Just(r#""\ud800""#.to_owned()),
        1 => Just("\"a\nb\"".to_owned()),
        4 => r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?",
        1 => Just("01".to_owned()),
        1 => Just("[".repeat(140) + &"]".repeat(140)),
        2 => prop_oneof![Just("true"), Just("false"), Just("null"), Just("nul")].prop_map(str::to_owned),
        1 => Just(r#""RED""#.to_owned()),
        1 => Just(r#""A""#.to_owned()),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        let key = prop_oneof![
            12 => proptest::sample::select(KEYS.to_vec()).prop_map(|key| format!("\"{key}\"")),
            2 => Just("\"__typename\"".to_owned()),
            1 => Just(r#""\u0069d""#.to_owned()),
            1 => Just("\"else\"".to_owned()),
        ];
        let space = || prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("\n\t")];
        let entry = (space(), key, space(), space(), inner.clone())
            .prop_map(|(a, key, b, c, value)| format!("{a}{key}{b}:{c}{value}"));
        prop_oneof![
            3 => proptest::collection::vec(entry, 0..10).prop_map(|entries| format!("{{{}}}", entries.join(","))),
            1 => proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
        ]
    })
}

/// The shape's keys in its order, so that most are where they are expected.
fn object_in_order() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::option::weighted(0.9, text()), KEYS.len()).prop_map(|values| {
        let entries = KEYS.iter().zip(values).filter_map(|(key, value)| Some(format!("\"{key}\":{}", value?)));
        format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
    })
}

/// An object that is as the shape says but for a value or key here and there.
fn object_as_expected(depth: u32) -> BoxedStrategy<String> {
    let object = |depth: u32| object_as_expected(depth - 1).boxed();
    let list = |depth: u32| {
        let items = proptest::collection::vec(object(depth), 1..4);
        // Some of them stand there more than once.
        (items, proptest::collection::vec(0_usize..4, 0..5))
            .prop_map(|(items, picks)| {
                let picked: Vec<&str> = picks.iter().map(|pick| &*items[pick % items.len()]).collect();
                format!("[{}]", picked.join(","))
            })
            .boxed()
    };
    let below = |of: &dyn Fn(u32) -> BoxedStrategy<String>, leaf: &'static str| match depth {
        0 => Just(leaf.to_owned()).boxed(),
        depth => of(depth),
    };
    let long = "[a-z ]{0,90}(\\\\n)?[a-z]{0,40}".prop_map(|text| format!("\"{text}\""));
    let mostly =
        |expected: BoxedStrategy<String>| prop_oneof![30 => expected, 1 => Just("null".to_owned()), 1 => text()];
    let values: Vec<BoxedStrategy<String>> = vec![
        long.boxed(),
        "[1-9][0-9]{0,8}".boxed(),
        "-?[0-9]\\.[0-9]".boxed(),
        Just("true".to_owned()).boxed(),
        "\"[0-9]{1,20}\"".boxed(),
        Just("\"RED\"".to_owned()).boxed(),
        text().boxed(),
        below(&list, "{}"),
        Just("[[\"a\"],null]".to_owned()).boxed(),
        below(&object, "\"x\""),
    ];
    let values: Vec<_> = values.into_iter().map(|value| proptest::option::weighted(0.98, mostly(value))).collect();
    let name = prop_oneof![20 => Just("\"__typename\":\"B\","), 1 => Just("\"__typename\":\"C\","), 1 => Just("")];
    let named = if depth == 0 { name.boxed() } else { Just("").boxed() };
    (named, values)
        .prop_map(|(name, values)| {
            let entries = KEYS.iter().zip(values).filter_map(|(key, value)| Some(format!("\"{key}\":{}", value?)));
            format!("{{{name}{}}}", entries.collect::<Vec<_>>().join(","))
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn scans_what_serde_json_reads(data in prop_oneof![text(), object_in_order(), object_as_expected(3)], cut in 0usize..400, flip in any::<(bool, u8)>()) {
        let body = format!("{{\"data\":{data}}}").into_bytes();
        compare(&body);
        compare(&body[..cut.min(body.len())]);
        if flip.0 {
            let mut broken = body.clone();
            let at = cut % broken.len();
            broken[at] = flip.1;
            compare(&broken);
        }
    }
}

#[test]
fn adversarial_answers_are_read_alike() {
    let megabyte = "x".repeat(1 << 20);
    for data in [
        r#"{"s":"a","s":"b"}"#.to_owned(),
        r#"{"else":1,"else":2,"s":"b"}"#.to_owned(),
        r#"{"\u0073":"b","s":"c"}"#.to_owned(),
        r#"{"\u0073":"b","i":1}"#.to_owned(),
        r#"{"s" :"b" , "i"	: 1}"#.to_owned(),
        r#"{"i":1e400,"f":-1E+999,"custom":123456789012345678901234567890.5}"#.to_owned(),
        r#"{"items":[{"__typename":"A","s":1},{"__typename":"C"},{},null,3]}"#.to_owned(),
        r#"{"i":"1","s":2,"b":"true","f":"x","id":1.5,"e":"BLUE"}"#.to_owned(),
        format!(r#"{{"s":"{megabyte}","custom":"{megabyte}"}}"#),
        format!(r#"{{"custom":{}1{}}}"#, "[".repeat(100), "]".repeat(100)),
        format!(r#"{{"custom":{}}}"#, "{\"a\":".repeat(5_000_000)),
        format!(r#"{{"else":{}}}"#, "[".repeat(5_000_000)),
    ] {
        compare(format!("{{\"data\":{data}}}").as_bytes());
    }
    for body in [
        &b"{\"data\":{\"s\":\"\xff\"}}"[..],
        b"{\"data\":{\"\xff\":1}}",
        b"{\"data\":{\"s\":\"\xc3\"}}",
        b"{\"data\":{\"s\"",
    ] {
        compare(body);
    }
}

/// Objects that are as the shape says but for one value, which is none or another one.
#[test]
fn one_wrong_value_in_an_object_as_expected_is_read_alike() {
    let leaves = ["\"a\"", "12", "1.5", "true", "\"7\"", "\"RED\"", "[1,{\"x\":2}]", "[]", "[[\"a\"],null]", "\"x\""];
    let object = |values: &[String]| {
        let entries: Vec<_> = KEYS.iter().zip(values).map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", entries.join(","))
    };
    let whole = |wrong: Option<(usize, &str)>| {
        let mut values = leaves.map(str::to_owned);
        if let Some((at, value)) = wrong {
            values[at] = value.to_owned();
        }
        values
    };
    let others = [
        "",
        " ",
        "0",
        "00",
        "01",
        "-0",
        "-1",
        "1.",
        ".5",
        "1.e1",
        "1e3",
        "1.5.5",
        "1234567890",
        "99999999999",
        "tru",
        "falsey",
        "null",
        "nul",
        "\"",
        "\"\\x\"",
        "\"\\u00e9\"",
        "{",
        "{}",
        "[",
        "[]",
        "[}",
        "x\"",
        "1\"",
        "12\"",
        "t\"",
        "\"a",
        "'a'",
        "\"a\"\"b\"",
    ];
    for at in 0..KEYS.len() {
        for other in others {
            let inner = object(&whole(Some((at, other))));
            compare(format!("{{\"data\":{inner}}}").as_bytes());
            let mut values = whole(None);
            values[9] = object(&whole(Some((at, other))));
            values[7] = format!("[{},{inner}]", object(&whole(None)));
            compare(format!("{{\"data\":{}}}", object(&values)).as_bytes());
        }
    }
}

/// Strings of every length around the blocks that are looked at together, with whatever ends a run of
/// text at every place in them.
#[test]
fn strings_are_read_alike_wherever_blocks_of_bytes_end() {
    let special: [&[u8]; 12] = [
        b"\\\"",
        b"\\\\",
        b"\\u00e9",
        b"\\ud83e\\udd80",
        b"\\ud83e",
        b"\\x",
        b"\"",
        b"\n",
        b"\x1f",
        "\u{7f}ä€🦀".as_bytes(),
        b"\xff",
        b"\xc3",
    ];
    for len in 0..70 {
        for at in 0..=len {
            for special in special {
                let text = [&vec![b'a'; at][..], special, &vec![b'b'; len - at]].concat();
                let before = &b"                "[..at % 17];
                for (key, after) in [("s", &b"}}"[..]), ("else", b",\"s\":\"b\"}}"), ("custom", b"")] {
                    let head = format!("{{\"data\":{{\"{key}\":");
                    let body = [head.as_bytes(), before, b"\"", &text, b"\"", before, after].concat();
                    compare(&body);
                }
            }
        }
    }
}

/// The same for keys: prepared ones are compared sixteen bytes at once, up to the end of the text.
#[test]
fn keys_are_told_apart_wherever_blocks_of_bytes_end() {
    for len in 0..40 {
        let name = &"a_key_of_more_than_sixteen_letters_and_some_more"[..len];
        for value in ["\"b\"", "1", "null", "[]", "{}"] {
            compare(format!("{{\"data\":{{\"{name}\":{value}}}}}").as_bytes());
            compare(format!("{{\"data\":{{\"{name}\":{value},\"s\":{value}}}}}").as_bytes());
            compare(format!("{{\"data\":{{ \"s\" : {value} ,\n\t\"{name}\"{:len$}:{value}}}}}", "").as_bytes());
        }
    }
}

/// Objects of one list are read by what the one before looked like: these differ from one to the next.
#[test]
fn objects_of_one_list_may_differ_in_order_space_and_keys() {
    let forms = [
        r#"{"s":"a","i":1}"#,
        r#"{"i":1,"s":"a"}"#,
        r#"{ "s":"a","i":1 }"#,
        r#"{"s":"a" ,"i":1}"#,
        r#"{"s":"a","else":[1,{"s":2}],"i":1}"#,
        r#"{"else":"a","i":1}"#,
        r#"{"\u0073":"a","i":1}"#,
        r#"{"s":null,"i":"x"}"#,
        r#"{"s":"a","i":1,"s":"b"}"#,
        r#"{"s":"a",,"i":1}"#,
        r#"{"s":"a","i":1,}"#,
        r#"{"s":"a""i":1}"#,
        r#"{"else":1{"s":"a","i":1}"#,
        r#"{"else":1"s":"a","i":1}"#,
        r#"{,"s":"a","i":1}"#,
        "{}",
    ];
    for first in forms {
        for second in forms {
            for third in forms {
                compare(format!("{{\"data\":{{\"items\":[{first},{second},{third}]}}}}").as_bytes());
            }
        }
    }
}
