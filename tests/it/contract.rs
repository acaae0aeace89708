//! The two sides of the plugin contract agree: what the SDK writes is what the host reads.

use domain::Effect;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn every_effect_of_the_sdk_is_an_effect_of_the_host() {
    let fixtures: Vec<Value> =
        serde_json::from_str(include_str!("../../sdk/rust/tests/effects.json")).expect("the fixtures are JSON");
    let mut names = BTreeSet::new();
    for fixture in &fixtures {
        let effect: Effect =
            serde_json::from_value(fixture.clone()).unwrap_or_else(|error| panic!("{fixture}: {error}"));
        assert_eq!(serde_json::to_value(&effect).expect("an effect is JSON"), *fixture);
        names.insert(effect.name());
    }
    assert_eq!(names.len(), 26, "one example of every kind of effect: {names:?}");
}
