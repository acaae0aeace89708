//! What fails with an item: everything that needs it, but for what has enough others to live on.

use serde::Deserialize;
use std::collections::BTreeSet;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::{Direction, Effects, Fault, Host, Value, json};

/// Items that one question may reach.
const REACHED_MAX: usize = 1000;

#[derive(Debug, Deserialize)]
struct Inputs {
    failed: Vec<String>,
}

pub(crate) fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let inputs = call.inputs::<Inputs>()?;
    let mut dead: BTreeSet<String> = inputs.failed.iter().cloned().collect();
    let mut degraded: BTreeSet<String> = BTreeSet::new();
    let mut queue = inputs.failed.clone();
    while let Some(next) = queue.pop() {
        for relation in host.related(&next)?.into_iter().filter(|relation| relation.direction == Direction::Down) {
            if dead.contains(&relation.other) || dead.len() >= REACHED_MAX {
                continue;
            }
            if survives(host, &relation.other, &dead)? {
                degraded.insert(relation.other);
            } else {
                degraded.remove(&relation.other);
                dead.insert(relation.other.clone());
                queue.push(relation.other);
            }
        }
    }
    let fails: Vec<&String> = dead.iter().filter(|id| !inputs.failed.contains(id)).collect();
    Ok(Outcome::done(json!({"fails": fails, "degraded": degraded}), Effects::new()))
}

/// An item that says how many it needs lives while so many of them do; any other needs all.
fn survives(host: &impl Host, id: &str, dead: &BTreeSet<String>) -> Result<bool, Fault> {
    let needs = host.ci(id)?.and_then(|ci| ci.attributes.get("needs").and_then(Value::as_u64));
    let Some(needs) = needs else { return Ok(false) };
    let up = host.related(id)?.into_iter().filter(|relation| relation.direction == Direction::Up);
    let alive = up.filter(|relation| !dead.contains(&relation.other)).count();
    Ok(alive as u64 >= needs)
}

#[cfg(test)]
mod tests {
    use crate::tests::outputs;
    use weft_sdk::fake::FakeHost;
    use weft_sdk::{Ci, json};

    /// A cluster of three nodes that needs two, a service on it, and one on a single node.
    fn host() -> FakeHost {
        let host = ["n1", "n2", "n3", "shop", "blog"]
            .into_iter()
            .fold(FakeHost::new(), |host, id| host.with_ci(Ci::new(id, "server")));
        ["n1", "n2", "n3"]
            .into_iter()
            .fold(host.with_ci(Ci::new("cluster", "cluster").with("needs", 2)), |host, node| {
                host.with_relation("cluster", "runs-on", node)
            })
            .with_relation("shop", "depends-on", "cluster")
            .with_relation("blog", "depends-on", "n1")
    }

    #[test]
    fn cfg_02_a_cluster_survives_until_too_many_of_its_nodes_fail() {
        let impact = |failed: &[&str]| outputs(&host(), "impact", json!({"failed": failed}));
        assert_eq!(impact(&["n1"]), json!({"fails": ["blog"], "degraded": ["cluster"]}));
        assert_eq!(impact(&["n2", "n3"]), json!({"fails": ["cluster", "shop"], "degraded": []}));
        assert_eq!(impact(&["cluster"]), json!({"fails": ["shop"], "degraded": []}));
    }
}
