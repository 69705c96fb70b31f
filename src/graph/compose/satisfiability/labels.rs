//! Which outcomes of the override labels to look at.

use std::collections::BTreeSet;

use crate::graph::federation::ids::LabelId;
use crate::graph::federation::supergraph::Supergraph;

/// Up to this many labels that are not percentages all combinations are looked at; beyond, each
/// label alone against all others.
const MAX_COMBINED: usize = 5;

/// Outcomes as the set of labels that were drawn, in a deterministic order; at least one.
///
/// A request draws once for all `percent(n)` labels, so thresholds can only be met from the
/// largest down.
pub(super) fn outcomes(graph: &Supergraph) -> Vec<BTreeSet<LabelId>> {
    let mut percent: Vec<(f64, LabelId)> = Vec::new();
    let mut named: Vec<LabelId> = Vec::new();
    for (id, label) in graph.labels.iter_enumerated() {
        match percentage(label) {
            Some(share) => percent.push((share, id)),
            None => named.push(id),
        }
    }
    percent.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let met: Vec<BTreeSet<LabelId>> =
        (0..=percent.len()).map(|count| percent[..count].iter().map(|&(_, id)| id).collect()).collect();
    let drawn = combinations(&named);
    met.iter().flat_map(|met| drawn.iter().map(move |drawn| met.union(drawn).copied().collect())).collect()
}

fn percentage(label: &str) -> Option<f64> {
    label.strip_prefix("percent(")?.strip_suffix(')')?.trim().parse().ok()
}

fn combinations(named: &[LabelId]) -> Vec<BTreeSet<LabelId>> {
    if named.len() <= MAX_COMBINED {
        let chosen =
            |bits: u32| named.iter().enumerate().filter(move |(at, _)| bits & (1 << at) != 0).map(|(_, &id)| id);
        return (0..1u32 << named.len()).map(|bits| chosen(bits).collect()).collect();
    }
    let all: BTreeSet<LabelId> = named.iter().copied().collect();
    let mut sets = vec![BTreeSet::new(), all.clone()];
    for &id in named {
        sets.push([id].into());
        sets.push(all.iter().copied().filter(|&other| other != id).collect());
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_share_one_draw() {
        let mut graph = Supergraph::default();
        let ids: Vec<_> =
            ["percent(10)", "beta", "percent(50)"].into_iter().map(|label| graph.labels.push(label.into())).collect();
        let expected: Vec<BTreeSet<LabelId>> = vec![
            [].into(),
            [ids[1]].into(),
            [ids[2]].into(),
            [ids[1], ids[2]].into(),
            [ids[0], ids[2]].into(),
            [ids[0], ids[1], ids[2]].into(),
        ];
        assert_eq!(outcomes(&graph), expected);
    }
}
