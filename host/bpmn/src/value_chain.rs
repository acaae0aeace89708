//! Which value chain activity a step of a flow is part of, and which value stream: two properties of its element.

use crate::graph::Node;

/// The property that names the activity.
pub const ACTIVITY: &str = "value-chain-activity";
/// The property that names the stream.
pub const STREAM: &str = "value-stream";
/// The six activities of the value chain, in its order.
pub const ACTIVITIES: [&str; 6] =
    ["plan", "improve", "engage", "design-and-transition", "obtain-build", "deliver-and-support"];

/// The activity and the stream of an element, as far as it says them.
#[must_use]
pub fn of(node: &Node) -> Option<(&str, Option<&str>)> {
    let stream = node.headers.get(STREAM).map(String::as_str).filter(|stream| !stream.is_empty());
    Some((node.headers.get(ACTIVITY)?.as_str(), stream))
}
