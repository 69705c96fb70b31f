//! Whole answers of GraphQL servers.

use bytes::Bytes;
use smallvec::{SmallVec, smallvec};

use crate::sources::rows::errors::{LocatedError, place_errors, read_errors};
use crate::sources::rows::shape::{ListShape, ObjectShape, RowShape};
use crate::sources::rows::slot::{Numbers, Rows, Slot};

use super::cursor::{Cursor, MalformedResponse, Problem, Scan};
use super::interned::Interned;
use super::object::{Room, Scanner};

/// Most answers of subgraphs have fewer than so many.
const ROOM: Room = Room { bytes_per_cell: 12, bytes_per_object: 256 };

/// Reads a GraphQL response. `expected` says how many rows each list of the shape must have.
///
/// Errors with a path stand at the deepest cell the path leads to; others are general.
///
/// # Errors
/// When the body is not JSON, is no GraphQL response, repeats a known key, nests too deeply, is too
/// large, or has another number of entities than were asked for.
pub fn scan_graphql(body: &Bytes, shape: &RowShape, expected: &[u32]) -> Result<Rows, MalformedResponse> {
    scan_graphql_from(Numbers::default(), body, shape, expected)
}

/// The same, with cells and parts numbered from there on.
///
/// # Errors
/// As [`scan_graphql`].
pub fn scan_graphql_from(
    first: Numbers,
    body: &Bytes,
    shape: &RowShape,
    expected: &[u32],
) -> Result<Rows, MalformedResponse> {
    let mut scanner = Scanner::new(Cursor::of_body(body)?, body, ROOM);
    scanner.rows.first = first;
    let mut response = scanner.response(shape, expected);
    // Each error has a place of its own.
    if response.as_ref().is_ok_and(|errors| !errors.is_empty()) && scanner.interned.has_found() {
        scanner = Scanner::new(Cursor::of_body(body)?, body, ROOM);
        scanner.rows.first = first;
        scanner.interned = Interned::off();
        response = scanner.response(shape, expected);
    }
    match response {
        Ok(errors) => {
            let mut rows = scanner.rows;
            place_errors(&mut rows, shape, expected, errors);
            Ok(rows)
        }
        Err(problem) => Err(scanner.cursor.malformed(problem)),
    }
}

fn nulls(shape: &RowShape, expected: &[u32]) -> SmallVec<[Slot; 1]> {
    match shape {
        RowShape::Root(_) => smallvec![Slot::Null],
        RowShape::Lists(_) => smallvec![Slot::Null; expected.iter().sum::<u32>() as usize],
    }
}

// === impl Scanner ===

impl Scanner<'_> {
    /// The whole response; answers its errors.
    fn response(&mut self, shape: &RowShape, expected: &[u32]) -> Scan<Vec<LocatedError>> {
        let (mut has_data, mut errors) = (false, None);
        if self.cursor.token()? != b'{' {
            return Err(Problem::Kind);
        }
        self.cursor.enter()?;
        if self.cursor.token()? == b'}' {
            return Err(Problem::Empty);
        }
        loop {
            let text = self.cursor.string()?;
            let key = self.cursor.meaning(text);
            self.cursor.expect(b':')?;
            match &*key {
                b"data" if has_data => return Err(Problem::Duplicate),
                b"data" => {
                    has_data = true;
                    self.rows.rows = self.data(shape, expected)?;
                }
                b"errors" if errors.is_some() => return Err(Problem::Duplicate),
                b"errors" => errors = Some(self.cursor.value()?),
                _ => self.cursor.skip()?,
            }
            if !self.cursor.more(b'}')? {
                break;
            }
        }
        self.cursor.end()?;
        if !has_data {
            self.rows.rows = nulls(shape, expected);
        }
        let bytes = self.cursor.bytes;
        let errors = errors.and_then(|range| bytes.get(range)).map(read_errors).unwrap_or_default();
        if !has_data && errors.is_empty() {
            return Err(Problem::Empty);
        }
        Ok(errors)
    }

    fn data(&mut self, shape: &RowShape, expected: &[u32]) -> Scan<SmallVec<[Slot; 1]>> {
        if self.cursor.token()? == b'n' {
            self.cursor.word(b"null")?;
            return Ok(nulls(shape, expected));
        }
        match shape {
            RowShape::Root(object) => Ok(smallvec![self.row(object, false)?]),
            RowShape::Lists(lists) => self.lists(lists, expected).map(SmallVec::from_vec),
        }
    }

    /// Rows in the order of the shape's lists, whatever the order of keys.
    fn lists(&mut self, lists: &[ListShape], expected: &[u32]) -> Scan<Vec<Slot>> {
        let mut answers: Vec<Option<Vec<Slot>>> = vec![None; lists.len()];
        if self.cursor.token()? != b'{' {
            return Err(Problem::Kind);
        }
        self.cursor.enter()?;
        let mut more = self.cursor.any(b'}')?;
        while more {
            let text = self.cursor.string()?;
            let key = self.cursor.meaning(text);
            self.cursor.expect(b':')?;
            match lists.iter().position(|list| list.key.as_bytes() == &*key) {
                Some(index) if answers[index].is_some() => return Err(Problem::Duplicate),
                Some(index) => answers[index] = Some(self.entities(&lists[index].object, rows_of(expected, index))?),
                None => self.cursor.skip()?,
            }
            more = self.cursor.more(b'}')?;
        }
        let mut rows = Vec::new();
        for (index, answer) in answers.into_iter().enumerate() {
            let answer = answer.unwrap_or_else(|| vec![Slot::Null; rows_of(expected, index)]);
            match rows.is_empty() {
                true => rows = answer,
                false => rows.extend(answer),
            }
        }
        Ok(rows)
    }

    fn entities(&mut self, shape: &ObjectShape, expected: usize) -> Scan<Vec<Slot>> {
        match self.cursor.token()? {
            b'n' => {
                self.cursor.word(b"null")?;
                return Ok(vec![Slot::Null; expected]);
            }
            b'[' => self.cursor.enter()?,
            _ => return Err(Problem::Kind),
        }
        let mut rows = Vec::with_capacity(expected);
        let mut more = self.cursor.any(b']')?;
        while more {
            if rows.len() == expected {
                return Err(Problem::Count);
            }
            rows.push(self.row(shape, false)?);
            more = self.cursor.more(b']')?;
        }
        if rows.len() != expected {
            return Err(Problem::Count);
        }
        Ok(rows)
    }
}

fn rows_of(expected: &[u32], index: usize) -> usize {
    expected.get(index).copied().unwrap_or_default() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::federation::ids::{TypeId, TypeSet};
    use crate::sources::rows::shape::{FieldShape, Leaf, SiteId, SlotIndex, Typing, ValueKind, ValueShape};
    use crate::sources::rows::slot::Below;

    fn field(key: &str, slot: u32, kind: ValueKind) -> FieldShape {
        FieldShape { key: key.into(), slot: SlotIndex(slot), value: ValueShape { lists: 0, kind } }
    }

    fn text(key: &str, slot: u32) -> FieldShape {
        field(key, slot, ValueKind::Leaf(Leaf::String))
    }

    fn object(fields: Vec<FieldShape>) -> ObjectShape {
        ObjectShape {
            site: SiteId(0),
            slots: 3,
            typing: Typing::Fixed(TypeId(0)),
            fields: fields.into(),
            record: false,
            interned: false,
        }
    }

    fn entities(fields: Vec<FieldShape>) -> RowShape {
        let list = |key: &str| ListShape { key: key.into(), object: object(fields.clone()), types: TypeSet::new() };
        RowShape::Lists(vec![list("_entities"), list("more")])
    }

    #[test]
    fn lists_answer_in_the_order_of_the_shape_and_in_the_number_asked_for() {
        let shape = entities(vec![text("name", 0)]);
        let body = Bytes::from_static(br#"{"data":{"more":[null],"_entities":[{"name":"a"},{"name":"b"}]}}"#);
        let rows = scan_graphql(&body, &shape, &[2, 1]).unwrap();
        assert!(matches!(rows.rows[..], [Slot::Object { .. }, Slot::Object { .. }, Slot::Null]));
        for expected in [[1, 1], [3, 1], [2, 0], [2, 2]] {
            assert_eq!(scan_graphql(&body, &shape, &expected).unwrap_err().problem, Problem::Count, "{expected:?}");
        }
    }

    #[test]
    fn errors_stand_where_their_paths_lead_even_if_they_come_first() {
        let friends = ValueShape { lists: 1, kind: ValueKind::Object(Box::new(object(vec![text("name", 2)]))) };
        let shape = entities(vec![FieldShape { key: "friends".into(), slot: SlotIndex(0), value: friends }]);
        let body = Bytes::from_static(
            br#"{"errors":[{"message":"m","path":["_entities",1,"friends",3,"name","x"]},{"message":"n","path":["more"]},
                {"message":"o","path":["else"]}],"data":{"_entities":[{"friends":[]},{"friends":null}],"more":null}}"#,
        );
        let rows = scan_graphql(&body, &shape, &[2, 2]).unwrap();
        let Slot::Object { start, .. } = rows.rows[1] else { panic!("a row") };
        let Slot::Failed(error) = rows.slots[start as usize] else { panic!("a failed cell") };
        assert_eq!(rows.reports().errors[error as usize].suffix, [Below::Item(3), Below::Field(SlotIndex(2))]);
        assert!(matches!(rows.rows[2..], [Slot::Failed(_), Slot::Failed(_)]));
        assert_eq!(rows.reports().general.len(), 1);
    }

    /// Objects with a name and what `one` leads to, which may be one object if it reads the same.
    fn to_one() -> RowShape {
        let site = SiteId(1);
        let inner = ObjectShape { site, record: true, interned: true, ..object(vec![text("id", 0), text("name", 1)]) };
        let outer = object(vec![text("name", 0), field("one", 1, ValueKind::Object(Box::new(inner)))]);
        let list = ValueShape { lists: 1, kind: ValueKind::Object(Box::new(outer)) };
        RowShape::Root(object(vec![FieldShape { key: "list".into(), slot: SlotIndex(0), value: list }]))
    }

    /// The first cells of what `one` leads to, object by object.
    fn ones(rows: &Rows) -> Vec<Option<u32>> {
        let Slot::Object { start, .. } = rows.rows[0] else { panic!("no object") };
        let Slot::List { start, len } = rows.slots[start as usize] else { panic!("no list") };
        let one = |at: u32| match rows.slots[at as usize] {
            Slot::Object { start, .. } => match rows.slots[start as usize + 1] {
                Slot::Object { start, .. } => Some(start),
                _ => None,
            },
            _ => None,
        };
        (start..start + len).map(one).collect()
    }

    #[test]
    fn objects_that_read_the_same_are_one() {
        let of = |id: &str, name: &str| format!(r#"{{"name":"x","one":{{"id":"{id}","name":"{name}"}}}}"#);
        let long = "a long identifier that only differs in its last letter: ";
        let (a, b) = (format!("{long}a"), format!("{long}b"));
        let items = [of(&a, "n"), of(&b, "n"), of(&a, "n"), of(&b, "n"), of(&a, "m"), of(&a, "m"), of("1", "n")];
        let body = Bytes::from(format!(r#"{{"data":{{"list":[{}]}}}}"#, items.join(",")));
        let rows = scan_graphql(&body, &to_one(), &[]).unwrap();
        let ones = ones(&rows);
        assert_eq!((ones[0], ones[1], ones[4]), (ones[2], ones[3], ones[5]));
        let mut distinct: Vec<u32> = ones.into_iter().flatten().collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!((distinct.len(), rows.objects.len()), (4, 4), "each is recorded once");
    }

    #[test]
    fn an_error_has_one_place_among_objects_that_read_the_same() {
        let item = r#"{"name":"x","one":{"id":"1","name":null}}"#;
        let error = r#"{"message":"no","path":["list",1,"one","name"]}"#;
        let body = Bytes::from(format!(r#"{{"data":{{"list":[{item},{item}]}},"errors":[{error}]}}"#));
        let rows = scan_graphql(&body, &to_one(), &[]).unwrap();
        let names: Vec<Slot> = ones(&rows).into_iter().map(|one| rows.slots[one.unwrap() as usize + 1]).collect();
        assert_eq!(names, [Slot::Null, Slot::Failed(0)]);
    }

    #[test]
    fn what_was_taken_back_stands_for_nothing() {
        let one = r#""one":{"id":"1","name":"n"}"#;
        for item in [
            // The key behind it is not known, so that the whole object is read again.
            format!(r#"{{"name":"x",{one},"else":1}}"#),
            format!(r#"{{"name":"x" ,{one}}}"#),
            format!(r#"{{{one},"name":"x"}}"#),
            format!(r#"{{"name":7,{one}}}"#),
        ] {
            let plain = format!(r#"{{"name":"x",{one}}}"#);
            let items = [&*item, &plain, &item, &plain, &plain].join(",");
            let body = Bytes::from(format!(r#"{{"data":{{"list":[{items}]}}}}"#));
            let rows = scan_graphql(&body, &to_one(), &[]).unwrap();
            for one in ones(&rows) {
                let cells = &rows.slots[one.unwrap() as usize..][..2];
                assert!(cells.iter().all(|cell| matches!(cell, Slot::Raw { .. })), "{item}: {cells:?}");
                assert!(rows.objects.iter().any(|(_, start, _)| Some(*start) == one), "{item}");
            }
        }
    }

    #[test]
    fn what_is_no_response_is_refused() {
        let shape = RowShape::Root(object(vec![text("name", 0)]));
        for (body, problem) in [
            (&b"[]"[..], Problem::Kind),
            (b"{}", Problem::Empty),
            (br#"{"extensions":{}}"#, Problem::Empty),
            (br#"{"errors":[]}"#, Problem::Empty),
            (br#"{"data":null,"data":null}"#, Problem::Duplicate),
            (b"\xEF\xBB\xBF{}", Problem::Kind),
            (b"", Problem::End),
        ] {
            let error = scan_graphql(&Bytes::from_static(body), &shape, &[]).unwrap_err();
            assert_eq!(error.problem, problem, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn a_short_body_cannot_fill_memory_without_end() {
        let inner = ObjectShape { slots: 1 << 12, ..object(vec![text("name", 0)]) };
        let value = ValueShape { lists: 1, kind: ValueKind::Object(Box::new(inner)) };
        let list = FieldShape { key: "list".into(), slot: SlotIndex(0), value };
        let body = Bytes::from(format!("{{\"data\":{{\"list\":[{}{{}}]}}}}", "{},".repeat(2000)));
        let error = scan_graphql(&body, &RowShape::Root(object(vec![list])), &[]).unwrap_err();
        assert_eq!(error.code(), "RESPONSE_TOO_LARGE");
    }
}
