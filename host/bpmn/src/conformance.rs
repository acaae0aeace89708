//! The pseudo-code of the public BPMN conformance suite (PEBL), rewritten to FEEL before a model is read. For tests and tools only.
//!
//! A script of the suite writes one line into a log. Here it gives that line as a text (or null where it only opens the log), so a runner
//! collects the results of the script tasks. A condition `test.contains("a")` asks the start variable `test`.

/// The model with scripts, conditions and messages that can be evaluated. What is not known is left as it is.
#[must_use]
pub fn adapt(xml: &str) -> String {
    let scripts = rewrite(xml, "script", |text| quoted_feel(&log_line(text)?));
    let conditions = ["conditionExpression", "condition", "completionCondition", "loopCondition"]
        .iter()
        .fold(scripts, |xml, tag| rewrite(&xml, tag, condition));
    subscribe(&conditions)
}

/// What a script of the suite writes into the log; an empty text for those that write nothing.
fn log_line(script: &str) -> Option<String> {
    let script = script.trim();
    if script.is_empty() || !script.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    Some(match script {
        "CREATE_LOG_FILE" => String::new(),
        "CREATE_MARKER_FILE" => "MarkerExists".to_owned(),
        _ => match script.strip_prefix("SCRIPT_task") {
            Some(number) => format!("Task{number}"),
            None => script.to_owned(),
        },
    })
}

#[expect(clippy::unnecessary_wraps, reason = "it is one of the functions that may leave a text alone")]
fn quoted_feel(line: &str) -> Option<String> {
    Some(if line.is_empty() { "null".to_owned() } else { format!("\"{line}\"") })
}

/// `test.contains("a")` as `contains(test, "a")`.
fn condition(text: &str) -> Option<String> {
    let (variable, rest) = text.trim().split_once(".contains(")?;
    let argument = rest.strip_suffix(')')?;
    Some(format!("contains({variable}, {argument})"))
}

/// Replace the text of every element with this local name, where `change` has an answer.
fn rewrite(xml: &str, tag: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let Ok(document) = crate::xml::open("", xml) else { return xml.to_owned() };
    let mut out = String::with_capacity(xml.len());
    let mut from = 0;
    for node in document.descendants().filter(|node| node.tag_name().name() == tag && node.is_element()) {
        let Some(changed) = change(&crate::xml::text(node)) else { continue };
        let Some(inner) = crate::xml::inner_range(node) else { continue };
        out.push_str(&xml[from..inner.start]);
        out.push_str(&changed.replace('&', "&amp;").replace('<', "&lt;"));
        from = inner.end;
    }
    out.push_str(&xml[from..]);
    out
}

/// The suite's messages have no correlation key; all instances of a case share one.
fn subscribe(xml: &str) -> String {
    let Ok(document) = crate::xml::open("", xml) else { return xml.to_owned() };
    let mut out = String::with_capacity(xml.len());
    let mut from = 0;
    for message in document.descendants().filter(|node| node.has_tag_name((crate::xml::BPMN, "message"))) {
        let range = message.range();
        let Some(head) = xml[range.clone()].strip_suffix("/>").filter(|_| message.first_child().is_none()) else {
            continue;
        };
        let tag = head[1..].split_whitespace().next().unwrap_or("message");
        let extensions = tag.replace("message", "extensionElements");
        out.push_str(&xml[from..range.start]);
        out.push_str(&format!(
            "{head}><{extensions}><zeebe:subscription xmlns:zeebe=\"{}\" correlationKey=\"=&quot;case&quot;\"/></{extensions}></{tag}>",
            crate::xml::ZEEBE
        ));
        from = range.end;
    }
    out.push_str(&xml[from..]);
    out
}
