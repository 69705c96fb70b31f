//! Which objects of an answer may be one object if they read the same.
//!
//! Many reviews lead to one author. If nothing that happens to an author later depends on the review it
//! stands in, then two authors that read the same in one answer stay the same whatever is fetched
//! further, and the answer is read, asked for more and written once for both. It would depend on that if
//! another answer wrote to the same place, since lists are joined by position; or if a call below took
//! something from further up: values of contexts, or the type of an object that it stands in.

use crate::platform::base::id::IdVec;
use crate::sources::rows::shape::{ObjectShape, RowShape, SiteId, Typing, ValueKind};

use super::model::{Fetch, FetchId, OutputSelection, Site};

/// What each site allows.
pub struct Interned {
    /// Whether its objects may be one if they read the same.
    allowed: IdVec<SiteId, bool>,
    /// Where that was made use of.
    marked: IdVec<SiteId, bool>,
}

// === impl Interned ===

impl Interned {
    /// Looks through all fetches.
    pub fn new(sites: &IdVec<SiteId, Site>, fetches: &IdVec<FetchId, Fetch>) -> Self {
        let mut origins: IdVec<SiteId, usize> = sites.iter().map(|_| 0).collect();
        for fetch in fetches.iter() {
            rows(&fetch.shape).for_each(|row| count(row, &mut origins));
        }
        let mut allowed: IdVec<SiteId, bool> = sites.iter().map(|_| true).collect();
        let chain = |site| std::iter::successors(Some(site), |&at| sites.get(at)?.inside.map(|(outer, _)| outer));
        for (site, _) in origins.iter_enumerated().filter(|(_, origins)| **origins > 1) {
            chain(site).for_each(|site| allowed[site] = false);
        }
        for input in fetches.iter().flat_map(|fetch| &fetch.inputs) {
            if !input.contexts.is_empty() {
                chain(input.site).for_each(|site| allowed[site] = false);
            }
            for (outer, _) in input.within.iter().flatten() {
                chain(input.site).take_while(|site| site != outer).for_each(|site| allowed[site] = false);
            }
        }
        Self { allowed, marked: sites.iter().map(|_| false).collect() }
    }

    /// Marks objects that many others may lead to: those that stand in no list of their own, but in
    /// something that does.
    pub fn mark(&mut self, shape: &mut RowShape) {
        match shape {
            RowShape::Root(row) => self.mark_below(row, false),
            RowShape::Lists(lists) => lists.iter_mut().for_each(|list| self.mark_below(&mut list.object, true)),
        }
    }

    /// Marks what is written of such objects.
    pub fn mark_output(&self, output: &mut OutputSelection) {
        for below in output.objects_mut() {
            below.repeats = self.marked[below.site];
            self.mark_output(below);
        }
    }

    fn mark_below(&mut self, shape: &mut ObjectShape, in_list: bool) {
        for (lists, object) in shape.fields.objects_mut() {
            let is_known = matches!(object.typing, Typing::Fixed(_));
            object.interned = in_list && lists == 0 && is_known && self.allowed[object.site];
            self.marked[object.site] |= object.interned;
            self.mark_below(object, in_list || lists > 0);
        }
    }
}

fn rows(shape: &RowShape) -> impl Iterator<Item = &ObjectShape> {
    let (root, lists) = match shape {
        RowShape::Root(row) => (Some(row), &[][..]),
        RowShape::Lists(lists) => (None, &lists[..]),
    };
    root.into_iter().chain(lists.iter().map(|list| &list.object))
}

/// In how many places of answers the objects below come from.
fn count(shape: &ObjectShape, origins: &mut IdVec<SiteId, usize>) {
    for field in &shape.fields {
        if let ValueKind::Object(object) = &field.value.kind {
            origins[object.site] += 1;
            count(object, origins);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::operation::guards::GuardId;
    use crate::gateway::plan::model::{
        ContextVariable, EntityInput, FetchEstimate, Representation, RepresentationType, Request,
    };
    use crate::graph::federation::ids::{EntryId, SubgraphId, TypeId, TypeSet};
    use crate::sources::rows::shape::{FieldShape, Leaf, ListShape, SlotIndex, ValueShape};

    const REVIEWS: SiteId = SiteId(1);
    const AUTHOR: SiteId = SiteId(2);
    const COMPANY: SiteId = SiteId(3);

    /// The root, reviews in it, their author, and the author's company.
    fn sites() -> IdVec<SiteId, Site> {
        let site = |inside| Site { slots: 3, inside, path: "".into() };
        let inside = |outer, slot| site(Some((outer, SlotIndex(slot))));
        [site(None), inside(SiteId(0), 0), inside(REVIEWS, 1), inside(AUTHOR, 1)].into_iter().collect()
    }

    fn object(site: SiteId, below: Option<(u8, ObjectShape)>) -> ObjectShape {
        let field = |key: &str, slot, lists, kind| FieldShape {
            key: key.into(),
            slot: SlotIndex(slot),
            value: ValueShape { lists, kind },
        };
        let mut fields = vec![field("id", 0, 0, ValueKind::Leaf(Leaf::Id))];
        fields.extend(below.map(|(lists, object)| field("below", 1, lists, ValueKind::Object(Box::new(object)))));
        let (typing, fields) = (Typing::Fixed(TypeId(0)), fields.into());
        ObjectShape { site, slots: 3, typing, fields, record: false, interned: false }
    }

    fn company() -> ObjectShape {
        object(COMPANY, None)
    }

    fn author() -> ObjectShape {
        object(AUTHOR, Some((0, company())))
    }

    fn root() -> RowShape {
        RowShape::Root(object(SiteId(0), Some((1, object(REVIEWS, Some((0, author())))))))
    }

    fn entities(site: SiteId, below: Option<ObjectShape>) -> RowShape {
        let object = object(site, below.map(|below| (0, below)));
        RowShape::Lists(vec![ListShape { key: "_entities".into(), object, types: TypeSet::new() }])
    }

    fn fetch(shape: RowShape, change: impl FnOnce(&mut EntityInput)) -> Fetch {
        let mut inputs: Vec<EntityInput> = rows(&shape)
            .filter(|row| row.site != SiteId(0))
            .map(|row| EntityInput {
                site: row.site,
                types: TypeSet::new(),
                within: Vec::new(),
                guard: GuardId::ALWAYS,
                entry: EntryId(0),
                variable: "representations".into(),
                representation: Representation { typename: RepresentationType::None, fields: Vec::new() },
                contexts: Vec::new(),
                copy: Vec::new(),
            })
            .collect();
        inputs.first_mut().map(change);
        let (variables, conditions) = (Vec::new(), Vec::new());
        Fetch {
            subgraph: SubgraphId(0),
            after: Vec::new(),
            guard: GuardId::ALWAYS,
            inputs,
            request: Request::Graphql { document: "".into(), mutation: false, variables, conditions, template: None },
            shape: shape.into(),
            reason: "".into(),
            serves: Vec::new(),
            estimate: FetchEstimate::default(),
        }
    }

    /// Of which sites the first fetch takes equal objects for one.
    fn interned(fetches: Vec<Fetch>) -> Vec<SiteId> {
        let fetches: IdVec<FetchId, Fetch> = fetches.into_iter().collect();
        let mut interned = Interned::new(&sites(), &fetches);
        for fetch in fetches.iter() {
            interned.mark(&mut (*fetch.shape).clone());
        }
        interned.marked.iter_enumerated().filter(|(_, marked)| **marked).map(|(site, _)| site).collect()
    }

    #[test]
    fn what_many_lead_to_is_one_object() {
        let plain = |site, below| fetch(entities(site, below), |_| ());
        assert_eq!(interned(vec![fetch(root(), |_| ())]), [AUTHOR, COMPANY]);
        assert_eq!(interned(vec![fetch(root(), |_| ()), plain(AUTHOR, None), plain(COMPANY, None)]), [AUTHOR, COMPANY]);
        // An author's company that comes later is one with those of other authors in its answer.
        let alone = RowShape::Root(object(SiteId(0), Some((1, object(REVIEWS, Some((0, object(AUTHOR, None))))))));
        assert_eq!(interned(vec![fetch(alone, |_| ()), plain(AUTHOR, Some(company()))]), [AUTHOR, COMPANY]);
    }

    #[test]
    fn what_depends_on_its_place_is_not() {
        let root = || fetch(root(), |_| ());
        // Two answers are joined by position, here or below.
        assert_eq!(interned(vec![root(), fetch(entities(REVIEWS, Some(author())), |_| ())]), []);
        assert_eq!(interned(vec![root(), fetch(entities(AUTHOR, Some(company())), |_| ())]), []);
        // A call takes something from further up.
        let context = ContextVariable { name: "c".into(), ty: "ID".into(), non_null: vec![false], sources: Vec::new() };
        assert_eq!(interned(vec![root(), fetch(entities(COMPANY, None), |input| input.contexts.push(context))]), []);
        // A call is made for what stands inside of some types.
        let within = |outer| {
            fetch(entities(COMPANY, None), move |input| input.within.push(vec![(outer, TypeSet::one(TypeId(0)))]))
        };
        assert_eq!(interned(vec![root(), within(REVIEWS)]), []);
        assert_eq!(interned(vec![root(), within(AUTHOR)]), [AUTHOR]);
    }
}
