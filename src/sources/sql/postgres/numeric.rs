//! `numeric` in the binary format: digits in base 10000, exact both ways.

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const PLUS_INFINITY: u16 = 0xD000;
const MINUS_INFINITY: u16 = 0xF000;
/// The server's own bound of digits before the point.
const MAX_DIGITS: usize = 131_072;
/// The server's own bound of digits after the point.
const MAX_SCALE: usize = 16_383;

/// The decimal text of a value; `None` when the bytes are malformed.
pub(super) fn to_text(bytes: &[u8]) -> Option<String> {
    let mut words = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let (count, weight, sign, scale) = (words.next()?, words.next()? as i16, words.next()?, words.next()?);
    match sign {
        NAN => return Some("NaN".to_owned()),
        PLUS_INFINITY => return Some("Infinity".to_owned()),
        MINUS_INFINITY => return Some("-Infinity".to_owned()),
        _ => {}
    }
    let groups: Vec<u16> = words.collect();
    if groups.len() != usize::from(count) || groups.iter().any(|&group| group > 9_999) {
        return None;
    }
    // Groups before the first stored one, as small numbers have them, are zero.
    let group = |position: i32| usize::try_from(position).ok().and_then(|at| groups.get(at)).copied().unwrap_or(0);
    let weight = i32::from(weight);
    let mut text = String::from(if sign == NEGATIVE { "-" } else { "" });
    if weight < 0 {
        text.push('0');
    }
    for position in 0..=weight {
        let digits = group(position);
        text.push_str(&if position == 0 { digits.to_string() } else { format!("{digits:04}") });
    }
    if scale > 0 {
        text.push('.');
        let mut fraction = String::new();
        for position in (weight + 1)..=(weight + 1 + i32::from(scale) / 4) {
            fraction.push_str(&format!("{:04}", group(position)));
        }
        text.push_str(fraction.get(..usize::from(scale))?);
    }
    Some(text)
}

/// The bytes of a decimal text, such as `-12.50` or `1e3`; `None` when it is no number.
pub(super) fn from_text(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (NEGATIVE, &text[1..]),
        b'+' => (POSITIVE, &text[1..]),
        _ => (POSITIVE, text),
    };
    if digits.eq_ignore_ascii_case("nan") {
        return Some(words(0, 0, NAN, 0, &[]));
    }
    if digits.eq_ignore_ascii_case("infinity") {
        let infinity = if sign == NEGATIVE { MINUS_INFINITY } else { PLUS_INFINITY };
        return Some(words(0, 0, infinity, 0, &[]));
    }
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) || exponent.unsigned_abs() > 20_000 {
        return None;
    }
    // Where the point stands in `all`, then the digits around it, padded to whole groups.
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let (mut before, mut after) = split_at(&all, point);
    let scale = after.len();
    if before.len() > MAX_DIGITS || scale > MAX_SCALE {
        return None;
    }
    before.insert_str(0, &"0".repeat((4 - before.len() % 4) % 4));
    after.push_str(&"0".repeat((4 - after.len() % 4) % 4));
    let mut weight = i32::try_from(before.len() / 4).ok()? - 1;
    let mut groups: Vec<u16> = [before, after]
        .concat()
        .as_bytes()
        .chunks(4)
        .map(|group| group.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
        .collect();
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let leading = groups.iter().take_while(|&&group| group == 0).count();
    groups.drain(..leading);
    weight -= i32::try_from(leading).ok()?;
    let (weight, sign) = if groups.is_empty() { (0, POSITIVE) } else { (weight, sign) };
    let count = u16::try_from(groups.len()).ok()?;
    Some(words(count, i16::try_from(weight).ok()? as u16, sign, u16::try_from(scale).ok()?, &groups))
}

fn split_at(digits: &str, point: i32) -> (String, String) {
    let length = digits.len() as i32;
    if point <= 0 {
        (String::new(), "0".repeat(point.unsigned_abs() as usize) + digits)
    } else if point >= length {
        (digits.to_owned() + &"0".repeat((point - length) as usize), String::new())
    } else {
        let (before, after) = digits.split_at(point as usize);
        (before.to_owned(), after.to_owned())
    }
}

fn words(count: u16, weight: u16, sign: u16, scale: u16, groups: &[u16]) -> Vec<u8> {
    [count, weight, sign, scale].iter().chain(groups).flat_map(|word| word.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn knows_the_wire_form() {
        // 12345.678: groups 1, 2345, 6780; weight 1; scale 3.
        assert_eq!(from_text("12345.678").unwrap(), words(3, 1, POSITIVE, 3, &[1, 2345, 6780]));
        assert_eq!(from_text("-0.00005").unwrap(), words(1, -2i16 as u16, NEGATIVE, 5, &[5000]));
        assert_eq!(from_text("1e3").unwrap(), words(1, 0, POSITIVE, 0, &[1000]));
        assert_eq!(from_text("0.00").unwrap(), words(0, 0, POSITIVE, 2, &[]));
        for bad in ["", "-", "1,5", "0x1", "1e99999", "one"] {
            assert_eq!(from_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn refuses_malformed_bytes() {
        assert_eq!(to_text(&[0, 1, 0]), None);
        assert_eq!(to_text(&words(2, 0, POSITIVE, 0, &[1])), None);
        assert_eq!(to_text(&words(0, 0, NAN, 0, &[])).unwrap(), "NaN");
    }

    proptest! {
        #[test]
        fn is_exact_both_ways(whole in "(0|[1-9][0-9]{0,30})", fraction in "[0-9]{0,30}", minus: bool) {
            let mut text = if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") };
            if minus && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
                text.insert(0, '-');
            }
            prop_assert_eq!(to_text(&from_text(&text).unwrap()).unwrap(), text);
        }
    }
}
