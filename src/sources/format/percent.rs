//! Percent-encoding.

/// Appends `text`, every byte but the unreserved characters (`A–Z a–z 0–9 - . _ ~`) encoded.
pub fn push_percent_encoded(out: &mut String, text: &str) {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return out.push_str(text);
    }
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte => push_encoded(out, byte),
        }
    }
}

/// Appends `text` as written, only bytes that no URL may contain encoded. A `#` is among them,
/// since what is sent has no fragment.
pub fn push_legal(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'#' => push_encoded(out, byte),
            0x21..=0x7e => out.push(char::from(byte)),
            byte => push_encoded(out, byte),
        }
    }
}

/// Appends `text` as a form's name or value: as [`push_percent_encoded`], but a space is `+`.
pub fn push_form_encoded(out: &mut String, text: &str) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push('+');
        }
        push_percent_encoded(out, word);
    }
}

fn push_encoded(out: &mut String, byte: u8) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    out.push('%');
    out.push(HEX[usize::from(byte >> 4)]);
    out.push(HEX[usize::from(byte & 15)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_all_but_unreserved_characters() {
        let mut out = String::new();
        push_percent_encoded(&mut out, "a-Z.0_~ /?&=+%é");
        assert_eq!(out, "a-Z.0_~%20%2F%3F%26%3D%2B%25%C3%A9");
    }

    #[test]
    fn keeps_what_a_url_may_contain() {
        let mut out = String::new();
        push_legal(&mut out, "/a%20b?c=[d]&e=é {f}#g");
        assert_eq!(out, "/a%20b?c=[d]&e=%C3%A9%20%7Bf%7D%23g");
    }
}
