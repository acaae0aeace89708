//! A tiny language for models, so that a story shows its process in a few lines. It must not check anything: that is the reader's work.
//!
//! ```text
//! s: start
//! a: user assignee=ben
//! late: boundary at=a on=timer:PT1H non-interrupting
//! s -> a -> e if "x > 1"
//! g -> e default
//! ```

use bpmn::expression::Expression;
use bpmn::graph::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Read a model. Panics on what it does not understand: it is only for tests.
pub fn model(text: &str) -> Arc<Process> {
    let mut process = Process {
        id: "process".to_owned(),
        name: String::new(),
        version_tag: None,
        documentation: String::new(),
        nodes: Vec::new(),
        flows: Vec::new(),
        starts: Vec::new(),
        event_sub_processes: Vec::new(),
    };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let (flows, nodes): (Vec<&str>, Vec<&str>) = lines.into_iter().partition(|line| line.contains("->"));
    let declared: Vec<(String, Words)> = nodes
        .iter()
        .map(|line| {
            let (id, rest) = line.split_once(": ").unwrap_or_else(|| panic!("no `id: kind` in `{line}`"));
            (id.to_owned(), Words::read(rest))
        })
        .collect();
    let place = |id: &str| declared.iter().position(|(known, _)| known == id).unwrap_or_else(|| panic!("no node {id}"));
    for (id, words) in &declared {
        process.nodes.push(node(id, words, &place));
    }
    for (index, (_, words)) in declared.iter().enumerate() {
        wire(&mut process, index, words, &place);
    }
    for line in flows {
        let (path, end) = match line.split_once(" if ") {
            Some((path, condition)) => (path, Some(condition.trim().trim_matches('"'))),
            None => (line, None),
        };
        let (path, default) = match path.trim().strip_suffix(" default") {
            Some(path) => (path, true),
            None => (path.trim(), false),
        };
        let ids: Vec<usize> = path.split("->").map(|id| place(id.trim())).collect();
        for (number, pair) in ids.windows(2).enumerate() {
            let last = number + 2 == ids.len();
            let condition = end.filter(|_| last).map(expression);
            add_flow(&mut process, pair[0], pair[1], condition, default && last);
        }
    }
    Arc::new(process)
}

pub fn named(id: &str, text: &str) -> Arc<Process> {
    let mut process = Arc::unwrap_or_clone(model(text));
    process.id = id.to_owned();
    Arc::new(process)
}

pub fn add_flow(process: &mut Process, source: usize, target: usize, condition: Option<Expression>, default: bool) {
    let flow = process.flows.len();
    let id = format!("{}-{}", process.nodes[source].id, process.nodes[target].id);
    process.flows.push(SequenceFlow { id, name: String::new(), source, target, condition });
    process.nodes[source].outgoing.push(flow);
    process.nodes[target].incoming.push(flow);
    if default {
        process.nodes[source].default = Some(flow);
    }
}

pub fn expression(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

struct Words {
    kind: String,
    flags: Vec<String>,
    values: BTreeMap<String, String>,
    /// Mappings keep their order.
    ordered: Vec<(String, String)>,
}

impl Words {
    fn read(text: &str) -> Self {
        let (mut parts, mut quoted) = (vec![String::new()], false);
        for letter in text.chars() {
            match letter {
                '"' => quoted = !quoted,
                ' ' if !quoted => parts.push(String::new()),
                _ => parts.last_mut().expect("there is one").push(letter),
            }
        }
        let mut parts = parts.into_iter().filter(|part| !part.is_empty());
        let kind = parts.next().expect("a kind");
        let mut words = Self { kind, flags: Vec::new(), values: BTreeMap::new(), ordered: Vec::new() };
        for part in parts {
            match part.split_once('=') {
                Some((name, value)) => {
                    words.values.insert(name.to_owned(), value.to_owned());
                    words.ordered.push((name.to_owned(), value.to_owned()));
                }
                None => words.flags.push(part),
            }
        }
        words
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }

    fn expression(&self, name: &str) -> Option<Expression> {
        self.get(name).map(expression)
    }

    fn text(&self, name: &str) -> Option<TextOrExpression> {
        self.get(name).map(text_or_expression)
    }

    fn mappings(&self, prefix: &str) -> Vec<Mapping> {
        let named = self.ordered.iter().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)));
        named.map(|(target, source)| Mapping { source: expression(source), target: target.to_owned() }).collect()
    }
}

fn text_or_expression(text: &str) -> TextOrExpression {
    match text.strip_prefix("=") {
        Some(source) => TextOrExpression::Expression { expression: expression(source) },
        None => TextOrExpression::Text(text.to_owned()),
    }
}

fn trigger(text: Option<&str>) -> Trigger {
    let Some(text) = text else { return Trigger::None };
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    let code = Some(rest.to_owned()).filter(|code| !code.is_empty());
    match kind {
        "timer" => Trigger::Timer(Timer::Duration { after: text_or_expression(rest) }),
        "date" => Trigger::Timer(Timer::Date { at: text_or_expression(rest) }),
        "cycle" => Trigger::Timer(Timer::Cycle { every: text_or_expression(rest) }),
        "message" => Trigger::Message(message(rest)),
        "signal" => Trigger::Signal { name: text_or_expression(rest) },
        "error" => Trigger::Error { code },
        "escalation" => Trigger::Escalation { code },
        "condition" => Trigger::Conditional { condition: expression(rest) },
        "compensation" => Trigger::Compensation,
        "link" => Trigger::Link { name: rest.to_owned() },
        other => panic!("no trigger {other}"),
    }
}

/// `name` or `name/key expression`.
fn message(text: &str) -> MessageCatch {
    let (name, key) = text.split_once('/').map_or((text, "\"case\""), |(name, key)| (name, key));
    MessageCatch { name: text_or_expression(name), correlation_key: Some(expression(key)) }
}

fn result(text: Option<&str>, place: &impl Fn(&str) -> usize) -> EventResult {
    let Some(text) = text else { return EventResult::None };
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    match kind {
        "terminate" => EventResult::Terminate,
        "error" => EventResult::Error { code: text_or_expression(rest) },
        "escalation" => EventResult::Escalation { code: text_or_expression(rest) },
        "signal" => EventResult::Signal { name: text_or_expression(rest) },
        "message" => {
            let MessageCatch { name, correlation_key } = message(rest);
            EventResult::Message { name, correlation_key, step: None }
        }
        "compensation" if rest.is_empty() => EventResult::Compensation { activity: None },
        "compensation" => EventResult::Compensation { activity: Some(place(rest)) },
        "link" => EventResult::Link { target: place(rest) },
        other => panic!("no result {other}"),
    }
}

fn step(words: &Words) -> Box<Step> {
    Box::new(Step {
        task_type: words.text("type").unwrap_or_else(|| TextOrExpression::Text("test/step".to_owned())),
        retries: words.text("retries").unwrap_or_else(|| TextOrExpression::Text("3".to_owned())),
        backoff: words.get("backoff").map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default(),
        timeout: words.get("timeout").map(str::to_owned),
        result_variable: words.get("result").map(str::to_owned),
    })
}

fn user(words: &Words) -> Box<UserTask> {
    Box::new(UserTask {
        assignee: words.text("assignee"),
        candidate_groups: words.text("groups"),
        candidate_people: words.text("people"),
        due: words.text("due"),
        follow_up: words.text("follow-up"),
        priority: words.text("priority"),
        form: words.get("form").map(str::to_owned),
        approval: words.get("rule").map(|rule| Approval {
            rule: rule.to_owned(),
            parameters: words.expression("parameters"),
            approvers: words.text("approvers").expect("an approval has approvers"),
            reminder: words.get("reminder").map(str::to_owned),
            expiry: words.get("expiry").map(str::to_owned),
        }),
    })
}

fn node(id: &str, words: &Words, place: &impl Fn(&str) -> usize) -> Node {
    let on = || trigger(words.get("on"));
    let interrupting = !words.has("non-interrupting");
    let kind = match words.kind.as_str() {
        "start" => NodeKind::StartEvent { trigger: on(), interrupting },
        "catch" => NodeKind::IntermediateCatchEvent { trigger: on() },
        "throw" => NodeKind::IntermediateThrowEvent { result: result(words.get("throw"), place) },
        "end" => NodeKind::EndEvent { result: result(words.get("throw"), place) },
        "boundary" => {
            let attached_to = place(words.get("at").expect("a boundary event is at something"));
            NodeKind::BoundaryEvent { attached_to, trigger: on(), interrupting }
        }
        "xor" => NodeKind::ExclusiveGateway,
        "and" => NodeKind::ParallelGateway,
        "or" => NodeKind::InclusiveGateway,
        "first" => NodeKind::EventBasedGateway,
        "pass" => NodeKind::PassThrough,
        "user" => NodeKind::UserTask(user(words)),
        "service" => NodeKind::ServiceTask(step(words)),
        "script" => NodeKind::ScriptTask {
            expression: words.expression("do").unwrap_or_else(|| expression("1")),
            result_variable: words.get("result").map(str::to_owned),
        },
        "rule" => NodeKind::BusinessRuleTask {
            decision: Decision { decision: words.text("decision").expect("a decision"), binding: Binding::Latest },
            result_variable: words.get("result").unwrap_or("result").to_owned(),
        },
        "receive" => NodeKind::ReceiveTask { message: message(words.get("message").expect("a message")) },
        "sub" => {
            NodeKind::SubProcess { start: place(words.get("start").expect("a start")), event_sub_processes: vec![] }
        }
        "event-sub" => NodeKind::EventSubProcess {
            start: place(words.get("start").expect("a start")),
            event_sub_processes: vec![],
        },
        "ad-hoc" => NodeKind::AdHocSubProcess(Box::new(AdHoc {
            activities: words.get("activities").map(|ids| ids.split(',').map(place).collect()).unwrap_or_default(),
            active: words.expression("active"),
            completion: words.expression("until"),
            cancel_remaining: !words.has("keep-remaining"),
            event_sub_processes: vec![],
        })),
        "call" => NodeKind::CallActivity {
            process: words.text("process").expect("a process"),
            binding: Binding::Latest,
            propagate_all_parent: !words.has("own-only"),
            propagate_all_child: !words.has("keep-inside"),
        },
        other => panic!("no kind {other}"),
    };
    let header = |name: &str| words.get(name).map(|value| (name.to_owned(), value.to_owned()));
    Node {
        id: id.to_owned(),
        name: id.to_owned(),
        documentation: String::new(),
        parent: words.get("in").map(place),
        incoming: vec![],
        outgoing: vec![],
        default: None,
        boundary: vec![],
        inputs: words.mappings("in."),
        outputs: words.mappings("out."),
        headers: ["missed", "ttl"].into_iter().filter_map(header).collect(),
        repeat: repeat(words),
        compensation: words.get("undo").map(place),
        is_for_compensation: words.has("handler"),
        kind,
    }
}

fn repeat(words: &Words) -> Option<Repeat> {
    if words.get("while").is_some() || words.get("times").is_some() || words.has("loop") {
        return Some(Repeat::Loop {
            condition: words.expression("while"),
            test_before: words.has("test-before"),
            maximum: words.get("times").map(|times| times.parse().expect("a number")),
        });
    }
    let (collection, cardinality) = (words.expression("each"), words.expression("count"));
    if words.kind == "ad-hoc" || (collection.is_none() && cardinality.is_none()) {
        return None;
    }
    let collect = words.get("collect").map(|text| text.split_once(':').expect("name:expression"));
    Some(Repeat::MultiInstance {
        sequential: words.has("sequential"),
        collection,
        cardinality,
        element_variable: words.get("item").map(str::to_owned),
        output_collection: collect.map(|(name, _)| name.to_owned()),
        output_element: collect.map(|(_, source)| expression(source)),
        completion: words.expression("until"),
    })
}

/// What others have to know of a node.
fn wire(process: &mut Process, index: usize, words: &Words, place: &impl Fn(&str) -> usize) {
    let parent = process.nodes[index].parent;
    match &process.nodes[index].kind {
        NodeKind::StartEvent { .. } if parent.is_none() => process.starts.push(index),
        NodeKind::BoundaryEvent { attached_to, .. } => {
            let host = *attached_to;
            process.nodes[host].boundary.push(index);
            if let Some(handler) = words.get("undo") {
                process.nodes[host].compensation = Some(place(handler));
                process.nodes[index].compensation = None;
            }
        }
        NodeKind::EventSubProcess { .. } => match parent.map(|parent| &mut process.nodes[parent].kind) {
            None => process.event_sub_processes.push(index),
            Some(
                NodeKind::SubProcess { event_sub_processes, .. }
                | NodeKind::EventSubProcess { event_sub_processes, .. },
            ) => event_sub_processes.push(index),
            Some(NodeKind::AdHocSubProcess(ad_hoc)) => ad_hoc.event_sub_processes.push(index),
            Some(_) => panic!("an event sub-process stands in a scope"),
        },
        _ => {}
    }
}
