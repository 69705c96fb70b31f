//! Compares what a client read with the naive answer.

use serde_json::Value as Json;

use super::interpret::Outcome;
use super::run::Answer;

/// The answer must be the naive one. Of the errors of values that became null any may be missing
/// but not all ("Handling Execution Errors": if several fields of one propagate, one error is
/// enough), and its path may end early, at the null or beneath it; what vanished with such a value
/// may have errors of its own.
pub fn equal(answer: &Answer, naive: &Outcome) -> Result<(), String> {
    // As text, since the order of keys counts.
    let (data, expected) = (answer.data.to_string(), naive.data.to_string());
    if data != expected {
        return Err(format!("the data differs{}", difference(&answer.data, &naive.data)));
    }
    for (path, message) in &answer.errors {
        let vanished = naive.nulled.iter().any(|nulled| path.starts_with(nulled));
        if !vanished && naive.errors.iter().all(|(known, _)| known != path) {
            return Err(format!("an error at {path:?} ({message}), of which naive execution knows nothing"));
        }
    }
    for nulled in &naive.nulled {
        // What vanished with something around it needs no error of its own.
        let visible = naive.nulled.iter().all(|other| other.len() >= nulled.len() || !nulled.starts_with(other));
        let explains =
            |path: &[Json]| path.starts_with(nulled) && naive.errors.iter().any(|(known, _)| known.starts_with(path));
        if visible && !answer.errors.iter().any(|(path, _)| explains(path)) {
            return Err(format!("no error explains the null at {nulled:?}"));
        }
    }
    Ok(())
}

/// The answer may lack what failed, with an error; all else must be the naive answer.
pub fn degraded(answer: &Answer, naive: &Outcome) -> Result<(), String> {
    below(&answer.data, &naive.data, &mut Vec::new(), answer)
}

fn below(answer: &Json, naive: &Json, path: &mut Vec<Json>, whole: &Answer) -> Result<(), String> {
    match (answer, naive) {
        _ if answer == naive => Ok(()),
        (Json::Null, _) => match whole.errors.iter().any(|(place, _)| place.starts_with(path)) {
            true => Ok(()),
            false => Err(format!("no error explains the null at {path:?}")),
        },
        (Json::Object(fields), Json::Object(expected)) => {
            if fields.keys().ne(expected.keys()) {
                return Err(format!("other keys at {path:?}"));
            }
            for ((key, value), expected) in fields.iter().zip(expected.values()) {
                path.push(key.as_str().into());
                below(value, expected, path, whole)?;
                path.pop();
            }
            Ok(())
        }
        (Json::Array(items), Json::Array(expected)) if items.len() == expected.len() => {
            for (at, (item, expected)) in items.iter().zip(expected).enumerate() {
                path.push(at.into());
                below(item, expected, path, whole)?;
                path.pop();
            }
            Ok(())
        }
        _ => Err(format!("{answer} instead of {naive} at {path:?}")),
    }
}

/// Where the difference begins.
fn difference(answer: &Json, naive: &Json) -> String {
    match (answer, naive) {
        (Json::Object(a), Json::Object(b)) if a.keys().eq(b.keys()) => {
            let differs = a.iter().zip(b.values()).find(|((_, a), b)| a.to_string() != b.to_string());
            differs.map_or_else(String::new, |((key, a), b)| format!(".{key}{}", difference(a, b)))
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            let differs = a.iter().zip(b).enumerate().find(|(_, (a, b))| a.to_string() != b.to_string());
            differs.map_or_else(String::new, |(at, (a, b))| format!(".{at}{}", difference(a, b)))
        }
        _ => format!(": {answer} instead of {naive}"),
    }
}
