//! Authorization requirements as disjunctions of conjunctions, and their "and".

use std::collections::BTreeSet;

/// Any of the alternatives, all names of it. `[[]]` is always true.
pub type Dnf = BTreeSet<BTreeSet<String>>;

/// Both must hold. An alternative that another one makes superfluous is dropped.
pub fn and(left: &Dnf, right: &Dnf) -> Dnf {
    let mut product = Dnf::new();
    for one in left {
        for other in right {
            product.insert(one.union(other).cloned().collect());
        }
    }
    product.iter().filter(|set| !product.iter().any(|other| other != *set && other.is_subset(set))).cloned().collect()
}

/// Whether whoever fulfils `left` also fulfils `right`.
pub fn implies(left: &Dnf, right: &Dnf) -> bool {
    left.iter().all(|set| right.iter().any(|other| other.is_subset(set)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dnf(alternatives: &[&[&str]]) -> Dnf {
        alternatives.iter().map(|names| names.iter().map(|name| name.to_string()).collect()).collect()
    }

    #[test]
    fn both_must_hold() {
        assert_eq!(and(&dnf(&[&["a"], &["b"]]), &dnf(&[&["c"]])), dnf(&[&["a", "c"], &["b", "c"]]));
    }

    #[test]
    fn what_another_alternative_makes_superfluous_goes() {
        assert_eq!(and(&dnf(&[&["a"], &["b"]]), &dnf(&[&["a"]])), dnf(&[&["a"]]));
        assert_eq!(and(&dnf(&[&[]]), &dnf(&[&["a"]])), dnf(&[&["a"]]));
    }
}
