//! Progressive overrides: which of the graph's labels hold for one request.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Map;

use crate::gateway::auth::policy::Policies;
use crate::gateway::exchange::principal::Principal;
use crate::graph::federation::ids::LabelId;
use crate::graph::federation::supergraph::Supergraph;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::id::IdVec;
use crate::platform::base::setting::Mistake;

/// Decides one label of `@override(label:)`.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum LabelSetting {
    /// For all requests alike.
    Always(Switch),
    /// For so many of a hundred requests, drawn for each.
    Percent(f64),
    /// For callers of whom a policy of `auth.policies` says yes.
    Policy(PolicyLabel),
}

/// Whether something holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// It does: the field comes from where it moves to.
    On,
    /// It does not: the field comes from where it was.
    Off,
}

/// A policy decides.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyLabel {
    /// The policy's name.
    pub policy: String,
}

/// How each label of a graph is decided.
#[derive(Debug)]
pub(super) struct LabelRules {
    rules: IdVec<LabelId, LabelSetting>,
}

// === impl LabelSetting ===

impl<'de> Deserialize<'de> for LabelSetting {
    /// By hand, since a reader that does not know what to expect takes `on` and `off` for Booleans.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SettingVisitor)
    }
}

struct SettingVisitor;

impl<'de> Visitor<'de> for SettingVisitor {
    type Value = LabelSetting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`on`, `off`, a number from 0 to 100, or `{ policy: NAME }`")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<LabelSetting, E> {
        Ok(LabelSetting::Always(if value { Switch::On } else { Switch::Off }))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<LabelSetting, E> {
        Ok(LabelSetting::Percent(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<LabelSetting, E> {
        Ok(LabelSetting::Percent(value as f64))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<LabelSetting, E> {
        Ok(LabelSetting::Percent(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<LabelSetting, E> {
        match text {
            "on" => Ok(LabelSetting::Always(Switch::On)),
            "off" => Ok(LabelSetting::Always(Switch::Off)),
            // Values from the environment are texts.
            _ => match text.trim().parse() {
                Ok(percent) => Ok(LabelSetting::Percent(percent)),
                Err(_) => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
            },
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LabelSetting, A::Error> {
        PolicyLabel::deserialize(MapAccessDeserializer::new(map)).map(LabelSetting::Policy)
    }
}

// === impl LabelRules ===

impl LabelRules {
    /// Settings decide; else a label `percent(N)` says itself for how many requests, and any other
    /// never holds.
    pub(super) fn new(supergraph: &Supergraph, settings: &BTreeMap<String, LabelSetting>) -> Self {
        let rule = |label: &str| match settings.get(label) {
            Some(setting) => setting.clone(),
            None => percent(label).map_or(LabelSetting::Always(Switch::Off), LabelSetting::Percent),
        };
        Self { rules: supergraph.labels.iter().map(|label| rule(label)).collect() }
    }

    /// Those of some labels that hold for one request. All that are drawn share one draw, a number
    /// from 0 to below 100, so that a field moved for 10 % of requests moves with those for 20 %.
    pub(super) fn held(
        &self,
        labels: &[LabelId],
        principal: &Principal,
        policies: &Policies,
        draw: fn() -> f64,
    ) -> Vec<LabelId> {
        let mut drawn: Option<f64> = None;
        let mut holds = |label: LabelId| match self.rules.get(label) {
            Some(LabelSetting::Always(switch)) => *switch == Switch::On,
            Some(LabelSetting::Percent(percent)) => *drawn.get_or_insert_with(draw) < *percent,
            Some(LabelSetting::Policy(label)) => policies.allows(&label.policy, principal, &Map::new()),
            None => false,
        };
        labels.iter().copied().filter(|&label| holds(label)).collect()
    }
}

/// What of the settings can never be right.
pub fn mistakes(settings: &BTreeMap<String, LabelSetting>, policies: &Policies) -> Vec<Mistake> {
    let mut found = Vec::new();
    for (label, setting) in settings {
        let at = |sentence: String| Mistake::at(["graph", "override_labels", label.as_str()], sentence);
        match setting {
            LabelSetting::Percent(percent) if !(0.0..=100.0).contains(percent) => {
                found.push(at(format!("{percent} is not from 0 to 100")));
            }
            LabelSetting::Policy(PolicyLabel { policy }) if !policies.contains(policy) => {
                found.push(at(format!("auth.policies has no \"{policy}\"")));
            }
            LabelSetting::Policy(PolicyLabel { policy }) if policies.needs_arguments(policy) => {
                found.push(at(format!("\"{policy}\" reads arguments, which a label has not")));
            }
            _ => {}
        }
    }
    found
}

/// Labels that nobody decides, and settings that decide nothing.
pub fn findings(supergraph: &Supergraph, settings: &BTreeMap<String, LabelSetting>) -> Vec<Diagnostic> {
    let undecided =
        supergraph.labels.iter().filter(|label| !settings.contains_key(&***label) && percent(label).is_none());
    let unknown = settings.keys().filter(|label| supergraph.labels.iter().all(|known| **known != ***label));
    let undecided = undecided.map(|label| {
        let message = format!("nothing decides the override label \"{label}\": it does not hold");
        Diagnostic::warning("OVERRIDE_LABEL_UNDECIDED", message).help("decide it in graph.override_labels")
    });
    let unknown = unknown.map(|label| {
        let message = format!("graph.override_labels decides \"{label}\", which no `@override` of the graph has");
        Diagnostic::warning("OVERRIDE_LABEL_UNKNOWN", message).help("the setting can go once the field has moved")
    });
    undecided.chain(unknown).collect()
}

/// The number of `percent(N)`.
fn percent(label: &str) -> Option<f64> {
    label.strip_prefix("percent(")?.strip_suffix(')')?.trim().parse().ok()
}

/// A number from 0 to below 100, from a generator that each thread has for itself: labels are no
/// secret, so it need be neither slow nor unpredictable.
pub(super) fn draw() -> f64 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one("override labels"));
    }
    // SplitMix64.
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let bits = (mixed ^ (mixed >> 31)) >> 11;
    bits as f64 / (1u64 << 53) as f64 * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(labels: &[&str], settings: &[(&str, LabelSetting)]) -> LabelRules {
        let supergraph =
            Supergraph { labels: labels.iter().map(|&label| label.into()).collect(), ..Supergraph::default() };
        let settings = settings.iter().map(|(label, setting)| ((*label).to_owned(), setting.clone())).collect();
        LabelRules::new(&supergraph, &settings)
    }

    fn held(rules: &LabelRules, count: u32, draw: fn() -> f64) -> Vec<u32> {
        let labels: Vec<LabelId> = (0..count).map(LabelId).collect();
        let held = rules.held(&labels, &Principal::Anonymous, &Policies::default(), draw);
        held.into_iter().map(|label| label.0).collect()
    }

    #[test]
    fn labels_of_one_request_share_a_draw() {
        let rules = rules(&["percent(10)", "percent(20.5)", "percent(0)", "percent(100)", "beta"], &[]);
        assert_eq!(held(&rules, 5, || 0.0), [0, 1, 3]);
        assert_eq!(held(&rules, 5, || 10.0), [1, 3]);
        assert_eq!(held(&rules, 5, || 20.5), [3]);
        assert_eq!(held(&rules, 5, || 99.999), [3]);
    }

    #[test]
    fn settings_decide_before_the_label_itself() {
        let off = LabelSetting::Always(Switch::Off);
        let settings =
            [("percent(100)", off), ("beta", LabelSetting::Always(Switch::On)), ("new", LabelSetting::Percent(30.0))];
        let rules = rules(&["percent(100)", "beta", "new"], &settings);
        assert_eq!(held(&rules, 3, || 29.0), [1, 2]);
        assert_eq!(held(&rules, 3, || 31.0), [1]);
    }

    #[test]
    fn settings_are_read_in_each_form() {
        let read = |text: &str| serde_json::from_str::<LabelSetting>(text).map_err(|error| error.to_string());
        assert_eq!(read("\"off\""), Ok(LabelSetting::Always(Switch::Off)));
        assert_eq!(read("true"), Ok(LabelSetting::Always(Switch::On)));
        assert_eq!([read("20"), read("\"20\"")], [Ok(LabelSetting::Percent(20.0)), Ok(LabelSetting::Percent(20.0))]);
        assert_eq!(read("{\"policy\":\"a\"}"), Ok(LabelSetting::Policy(PolicyLabel { policy: "a".into() })));
        assert!(read("\"often\"").is_err() && read("{\"polcy\":\"a\"}").is_err());
    }

    #[test]
    fn draws_spread_over_a_hundred() {
        let draws: Vec<f64> = (0..10_000).map(|_| draw()).collect();
        assert!(draws.iter().all(|draw| (0.0..100.0).contains(draw)));
        let low = draws.iter().filter(|&&draw| draw < 25.0).count();
        assert!((2_200..2_800).contains(&low), "{low} of 10000 below 25");
    }
}
