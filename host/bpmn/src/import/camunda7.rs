//! The extensions of Camunda 7, one by one.

use super::{Line, Outcome, edit::Edits, juel};
use crate::{svg::escape, xml};
use roxmltree::{Document, Node};

/// Namespaces of Camunda 7 and of the engines that it came from.
const NAMESPACES: &[&str] = &[xml::CAMUNDA_7, xml::ACTIVITI, xml::FLOWABLE];
/// Attributes that say how the old engine runs something and have no meaning here: every step is committed with its wave.
const RUNNING: &[&str] = &["asyncBefore", "asyncAfter", "async", "exclusive", "jobPriority", "taskPriority"];
/// Attributes that only the old engine's tools read.
const TOOLS: &[&str] =
    &["historyTimeToLive", "isStartableInTasklist", "modelerTemplate", "modelerTemplateVersion", "modelerTemplateIcon"];

pub(super) fn translate(document: &Document<'_>, text: &str, report: &mut Vec<Line>) -> String {
    let mut edits = Edits::default();
    let has_extensions = document.descendants().any(is_extended);
    if !has_extensions {
        return text.to_owned();
    }
    for node in document.descendants().filter(|node| node.tag_name().namespace() == Some(xml::BPMN)) {
        let mut import = Import { node, edits: &mut edits, report, zeebe: Vec::new() };
        import.element();
    }
    edits.apply(text)
}

fn is_extended(node: Node<'_, '_>) -> bool {
    let ours = |namespace: Option<&str>| namespace.is_some_and(|namespace| NAMESPACES.contains(&namespace));
    ours(node.tag_name().namespace()) || node.attributes().any(|attribute| ours(attribute.namespace())) || is_juel(node)
}

fn is_juel(node: Node<'_, '_>) -> bool {
    node.is_element() && node.tag_name().namespace() == Some(xml::BPMN) && {
        let text = xml::text(node);
        text.starts_with("${") || text.starts_with("#{")
    }
}

/// One element and what it gets.
struct Import<'i, 'a, 'x> {
    node: Node<'a, 'x>,
    edits: &'i mut Edits,
    report: &'i mut Vec<Line>,
    /// Extensions of the translated model.
    zeebe: Vec<String>,
}

impl<'a, 'x: 'a> Import<'_, 'a, 'x> {
    fn element(&mut self) {
        self.attributes();
        self.names();
        if self.node.tag_name().name() == "callActivity" && xml::extension(self.node, "calledElement").is_none() {
            self.called_element();
        }
        self.children();
        if is_juel(self.node) {
            self.text();
        }
        if !self.zeebe.is_empty() {
            self.insert();
        }
    }

    fn line(&mut self, what: &str, outcome: Outcome, detail: impl Into<String>) {
        let element = self.node.ancestors().find_map(|node| node.attribute("id")).unwrap_or_default().to_owned();
        self.report.push(Line { element, what: what.to_owned(), outcome, detail: detail.into() });
    }

    fn attribute(&self, name: &str) -> Option<&'a str> {
        NAMESPACES.iter().find_map(|namespace| self.node.attribute((*namespace, name)))
    }

    /// A translated value for an attribute of XML.
    fn value(&mut self, what: &str, text: &str) -> Option<String> {
        match juel::value(text) {
            Ok(feel) => {
                let detail = if feel == text { format!("`{text}` stays") } else { format!("`{text}` is now `{feel}`") };
                self.line(what, Outcome::Mapped, detail);
                Some(escape(&feel))
            }
            Err(reason) => {
                self.line(what, Outcome::Refused, reason);
                None
            }
        }
    }

    fn attributes(&mut self) {
        let tag = self.node.tag_name().name();
        let mut assignment = Vec::new();
        let mut schedule = Vec::new();
        let all: Vec<_> = self
            .node
            .attributes()
            .filter(|attribute| attribute.namespace().is_some_and(|namespace| NAMESPACES.contains(&namespace)))
            .map(|attribute| (attribute.name(), attribute.value(), attribute.range()))
            .collect();
        for (name, text, range) in all {
            let what = format!("camunda:{name}");
            let done = match (tag, name) {
                ("userTask", "assignee" | "candidateGroups" | "candidateUsers") => {
                    self.value(&what, text).map(|value| assignment.push(format!("{name}=\"{value}\""))).is_some()
                }
                ("userTask", "dueDate" | "followUpDate") => {
                    self.value(&what, text).map(|value| schedule.push(format!("{name}=\"{value}\""))).is_some()
                }
                ("userTask", "priority") => {
                    let value = self.value(&what, text);
                    value
                        .map(|value| self.zeebe.push(format!("<zeebe:priorityDefinition priority=\"{value}\"/>")))
                        .is_some()
                }
                ("userTask", "formKey" | "formRef") => self.form(&what, text),
                (
                    "serviceTask" | "sendTask" | "businessRuleTask" | "messageEventDefinition",
                    "class" | "delegateExpression" | "expression",
                ) => {
                    let detail =
                        format!("Java code `{text}` does not run here; bind a component with a taskDefinition");
                    self.line(&what, Outcome::Refused, detail);
                    false
                }
                ("serviceTask" | "sendTask" | "businessRuleTask", "topic") => self.topic(&what, text),
                ("serviceTask" | "sendTask" | "businessRuleTask", "type") if text == "external" => true,
                ("businessRuleTask", "decisionRef") => self.decision(&what, text),
                (
                    "businessRuleTask",
                    "resultVariable" | "mapDecisionResult" | "decisionRefBinding" | "decisionRefVersionTag",
                ) if self.attribute("decisionRef").is_some() => self.decision_detail(&what, name, text),
                ("scriptTask", "resultVariable") => {
                    self.line(&what, Outcome::Mapped, "moved to the script");
                    true
                }
                ("callActivity", "calledElementBinding") => self.binding(&what, text),
                ("callActivity", "calledElementVersionTag")
                    if self.attribute("calledElementBinding") == Some("versionTag") =>
                {
                    true
                }
                ("multiInstanceLoopCharacteristics", "collection" | "elementVariable") => self.collection(name, text),
                ("process", "versionTag") => {
                    self.zeebe.push(format!("<zeebe:versionTag value=\"{}\"/>", escape(text)));
                    self.line(&what, Outcome::Mapped, format!("`{text}` stays"));
                    true
                }
                ("startEvent", "initiator") => {
                    let detail =
                        format!("the variable `{text}` is not set by itself; hand it in when the flow is started");
                    self.line(&what, Outcome::Changed, detail);
                    true
                }
                (_, name) if RUNNING.contains(&name) => {
                    self.line(&what, Outcome::Changed, "left out: steps between two waits are committed together");
                    true
                }
                (_, name) if TOOLS.contains(&name) => {
                    self.line(&what, Outcome::Changed, "left out: it has no effect on a run");
                    true
                }
                _ => {
                    self.line(&what, Outcome::Refused, format!("`{text}` has no equal here; replace or remove it"));
                    false
                }
            };
            if done {
                self.edits.remove(range);
            }
        }
        if !assignment.is_empty() {
            self.zeebe.push(format!("<zeebe:assignmentDefinition {}/>", assignment.join(" ")));
        }
        if !schedule.is_empty() {
            self.zeebe.push(format!("<zeebe:taskSchedule {}/>", schedule.join(" ")));
        }
    }

    /// Names and codes that are expressions.
    fn names(&mut self) {
        let name = match self.node.tag_name().name() {
            "message" | "signal" => "name",
            "error" => "errorCode",
            "escalation" => "escalationCode",
            _ => return,
        };
        let Some(attribute) = self.node.attribute_node(name).filter(|found| found.value().contains('{')) else {
            return;
        };
        if let Some(value) = self.value(name, attribute.value()) {
            self.edits.replace(attribute.range_value(), value);
        }
    }

    fn binding(&mut self, what: &str, text: &str) -> bool {
        let fits = ["latest", "deployment"].contains(&text)
            || (text == "versionTag" && self.attribute("calledElementVersionTag").is_some());
        let outcome = if fits { Outcome::Mapped } else { Outcome::Refused };
        self.line(what, outcome, if fits { format!("`{text}` stays") } else { format!("`{text}` has no equal here") });
        fits
    }

    /// Camunda 7 hands over only what is named, while a call activity without extensions hands over everything.
    fn called_element(&mut self) {
        let Some(called) = self.node.attribute("calledElement").map(ToOwned::to_owned) else { return };
        let Some(process) = self.value("calledElement", &called) else { return };
        let hands_all = |tag: &str| {
            let all = |node: Node<'_, '_>| node.tag_name().name() == tag && node.attribute("variables") == Some("all");
            xml::children(self.node, "extensionElements").flat_map(|extensions| extensions.children()).any(all)
        };
        let binding = match self.attribute("calledElementBinding") {
            Some("deployment") => " bindingType=\"deployment\"".to_owned(),
            Some("versionTag") => {
                let tag = self.attribute("calledElementVersionTag").unwrap_or_default();
                format!(" bindingType=\"versionTag\" versionTag=\"{}\"", escape(tag))
            }
            _ => String::new(),
        };
        self.zeebe.push(format!(
            "<zeebe:calledElement processId=\"{process}\"{binding} propagateAllParentVariables=\"{}\" propagateAllChildVariables=\"{}\"/>",
            hands_all("in"),
            hands_all("out")
        ));
    }

    fn form(&mut self, what: &str, text: &str) -> bool {
        if text.starts_with("embedded:") || text.contains("${") || text.contains("#{") {
            self.line(
                what,
                Outcome::Refused,
                format!("the form `{text}` is a page of the old system; make a form of it"),
            );
            return false;
        }
        let id = text.rsplit(':').next().unwrap_or(text);
        self.zeebe.push(format!("<zeebe:formDefinition formId=\"{}\"/>", escape(id)));
        self.line(
            what,
            Outcome::Changed,
            format!("`{text}` is now the form `{id}`, which the plugin of the flow has to bring"),
        );
        true
    }

    fn topic(&mut self, what: &str, text: &str) -> bool {
        if text.contains("${") || !text.contains('/') {
            let detail = format!(
                "the topic `{text}` names no component; write a taskDefinition with a type such as plugin/{text}"
            );
            self.line(what, Outcome::Refused, detail);
            return false;
        }
        self.zeebe.push(format!("<zeebe:taskDefinition type=\"{}\"/>", escape(text)));
        self.line(what, Outcome::Mapped, format!("`{text}` is now the type of the step"));
        true
    }

    fn decision(&mut self, what: &str, text: &str) -> bool {
        let Some(result) = self.attribute("resultVariable") else {
            self.line(what, Outcome::Refused, "the decision has no resultVariable; say where its result goes");
            return false;
        };
        let Some(decision) = self.value(what, text) else { return false };
        let binding = match (self.attribute("decisionRefBinding"), self.attribute("decisionRefVersionTag")) {
            (Some("deployment"), _) => " bindingType=\"deployment\"".to_owned(),
            (Some("versionTag"), Some(tag)) => format!(" bindingType=\"versionTag\" versionTag=\"{}\"", escape(tag)),
            _ => String::new(),
        };
        self.zeebe.push(format!(
            "<zeebe:calledDecision decisionId=\"{decision}\" resultVariable=\"{}\"{binding}/>",
            escape(result)
        ));
        true
    }

    fn decision_detail(&mut self, what: &str, name: &str, text: &str) -> bool {
        let fits = match name {
            "mapDecisionResult" => ["singleEntry", "singleResult"].contains(&text),
            "decisionRefBinding" => ["latest", "deployment", "versionTag"].contains(&text),
            _ => true,
        };
        let outcome = if fits { Outcome::Mapped } else { Outcome::Refused };
        let detail =
            if fits { format!("`{text}` moved to calledDecision") } else { format!("`{text}` has no equal here") };
        self.line(what, outcome, detail);
        fits
    }

    fn collection(&mut self, name: &str, text: &str) -> bool {
        if name == "elementVariable" {
            return true;
        }
        // A bare name is a variable to Camunda 7.
        let wrapped = if text.contains("${") || text.contains("#{") { text.to_owned() } else { format!("${{{text}}}") };
        let Some(collection) = self.value("camunda:collection", &wrapped) else { return false };
        let element = self
            .attribute("elementVariable")
            .map(|name| format!(" inputElement=\"{}\"", escape(name)))
            .unwrap_or_default();
        self.zeebe.push(format!("<zeebe:loopCharacteristics inputCollection=\"{collection}\"{element}/>"));
        true
    }

    /// Extension elements, and the script of a script task.
    fn children(&mut self) {
        let extensions: Vec<Node<'a, 'x>> = xml::children(self.node, "extensionElements")
            .flat_map(|extensions| extensions.children())
            .filter(|child| child.tag_name().namespace().is_some_and(|namespace| NAMESPACES.contains(&namespace)))
            .collect();
        for extension in extensions {
            let name = extension.tag_name().name();
            let what = format!("camunda:{name}");
            let done = match name {
                "inputOutput" => self.mappings(extension),
                "properties" => self.properties(extension),
                "failedJobRetryTimeCycle" => {
                    let text = xml::text(extension);
                    let detail = format!("`{text}` is left out; set retries and the header `backoff` of the step");
                    self.line(&what, Outcome::Changed, detail);
                    true
                }
                "in" | "out" => self.variable(extension),
                "executionListener" | "taskListener" => {
                    self.line(&what, Outcome::Refused, "listeners run Java code; make a step of it in the flow");
                    false
                }
                _ => {
                    self.line(&what, Outcome::Refused, "it has no equal here; replace or remove it");
                    false
                }
            };
            if done {
                self.edits.remove(extension.range());
            }
        }
        if self.node.tag_name().name() == "scriptTask" {
            self.script();
        }
    }

    fn mappings(&mut self, extension: Node<'a, 'x>) -> bool {
        let mut out = String::new();
        let mut done = true;
        for parameter in extension.children().filter(Node::is_element) {
            let tag = match parameter.tag_name().name() {
                "inputParameter" => "input",
                _ => "output",
            };
            let name = parameter.attribute("name").unwrap_or_default();
            let what = format!("camunda:{} `{name}`", parameter.tag_name().name());
            if parameter.children().any(|child| child.is_element()) {
                self.line(
                    &what,
                    Outcome::Refused,
                    "scripts, lists and maps are not translated; write the value in FEEL",
                );
                done = false;
                continue;
            }
            match self.value(&what, &xml::text(parameter)) {
                Some(value) => out.push_str(&format!("<zeebe:{tag} source=\"{value}\" target=\"{}\"/>", escape(name))),
                None => done = false,
            }
        }
        if done && !out.is_empty() {
            self.zeebe.push(format!("<zeebe:ioMapping>{out}</zeebe:ioMapping>"));
        }
        done
    }

    fn properties(&mut self, extension: Node<'a, 'x>) -> bool {
        let property = |property: Node<'_, '_>| {
            let text = |name| escape(property.attribute(name).unwrap_or_default());
            format!("<zeebe:property name=\"{}\" value=\"{}\"/>", text("name"), text("value"))
        };
        let all: String = extension.children().filter(Node::is_element).map(property).collect();
        self.zeebe.push(format!("<zeebe:properties>{all}</zeebe:properties>"));
        self.line("camunda:properties", Outcome::Mapped, "they stay");
        true
    }

    /// `camunda:in` and `camunda:out` of a call activity.
    fn variable(&mut self, extension: Node<'a, 'x>) -> bool {
        let name = extension.tag_name().name();
        let what = format!("camunda:{name}");
        if extension.attribute("businessKey").is_some() || extension.attribute("local").is_some() {
            self.line(
                &what,
                Outcome::Refused,
                "a business key and local variables have no equal here; map them by name",
            );
            return false;
        }
        if self.node.tag_name().name() != "callActivity" {
            self.line(&what, Outcome::Refused, "variables are handed over only by call activities");
            return false;
        }
        if extension.attribute("variables") == Some("all") {
            self.line(&what, Outcome::Mapped, "all variables are handed over");
            return true;
        }
        let (source, target) = (extension.attribute("source"), extension.attribute("target"));
        let expression = extension.attribute("sourceExpression");
        let (Some(target), Some(source)) =
            (target, expression.map(ToOwned::to_owned).or_else(|| Some(format!("${{{}}}", source?))))
        else {
            self.line(&what, Outcome::Refused, "it names no source and target");
            return false;
        };
        let Some(value) = self.value(&what, &source) else { return false };
        let tag = if name == "in" { "input" } else { "output" };
        self.zeebe.push(format!(
            "<zeebe:ioMapping><zeebe:{tag} source=\"{value}\" target=\"{}\"/></zeebe:ioMapping>",
            escape(target)
        ));
        true
    }

    fn script(&mut self) {
        let Some(script) = xml::child(self.node, "script") else { return };
        let format = self.node.attribute("scriptFormat").unwrap_or("groovy");
        let text = xml::text(script);
        if !crate::context::is_feel(format) {
            let translated = if format.eq_ignore_ascii_case("juel") { juel::value(&text).ok() } else { None };
            let Some(feel) = translated.filter(|feel| feel.starts_with('=')) else {
                self.line(
                    "script",
                    Outcome::Refused,
                    format!("the script is in `{format}`; write it in FEEL, or let a component do it"),
                );
                return;
            };
            self.edits.remove(script.range());
            self.push_script(&feel);
            self.line("script", Outcome::Mapped, format!("`{text}` is now `{feel}`"));
        }
    }

    fn push_script(&mut self, feel: &str) {
        let result = self
            .attribute("resultVariable")
            .map(|name| format!(" resultVariable=\"{}\"", escape(name)))
            .unwrap_or_default();
        self.zeebe.push(format!("<zeebe:script expression=\"{}\"{result}/>", escape(feel)));
    }

    /// A text that is all JUEL: a condition, a timer, a completion condition.
    fn text(&mut self) {
        let tag = self.node.tag_name().name();
        if tag == "script" || tag == "documentation" || tag == "text" {
            return;
        }
        let text = xml::text(self.node);
        match juel::condition(&text) {
            Ok(feel) => {
                self.line(tag, Outcome::Mapped, format!("`{text}` is now `{feel}`"));
                if let Some(inner) = xml::inner_range(self.node) {
                    self.edits.replace(inner, escape(&feel));
                }
            }
            Err(reason) => self.line(tag, Outcome::Refused, reason),
        }
    }

    /// Put the new extensions into the element: into `extensionElements` where there are some, else first.
    fn insert(&mut self) {
        let all: String = merged(&self.zeebe);
        let source = self.node.document().input_text();
        let declared = |node: Node<'_, '_>| node.lookup_prefix(xml::ZEEBE) == Some("zeebe");
        let all = if declared(self.node) { all } else { declare(&all) };
        if let Some(first) = xml::child(self.node, "extensionElements").and_then(|extensions| extensions.first_child())
        {
            self.edits.insert(first.range().start, all);
            return;
        }
        let tag = &source[self.node.range()];
        let name: String = tag[1..].chars().take_while(|c| !c.is_whitespace() && !"/>".contains(*c)).collect();
        let prefix = name.rsplit_once(':').map(|(prefix, _)| format!("{prefix}:")).unwrap_or_default();
        let wrapped = format!("<{prefix}extensionElements>{all}</{prefix}extensionElements>");
        if let Some(empty) = xml::child(self.node, "extensionElements") {
            self.edits.replace(empty.range(), wrapped);
            return;
        }
        // Documentation comes first by the schema.
        let after = xml::children(self.node, "documentation").last().map(|node| node.range().end);
        match after.or_else(|| xml::inner_range(self.node).map(|inner| inner.start)) {
            Some(at) => self.edits.insert(at, wrapped),
            None => {
                let start = self.node.range().start + tag.rfind("/>").unwrap_or(tag.len());
                let end = self.node.range().end;
                self.edits.replace(start..end, format!(">{wrapped}</{name}>"));
            }
        }
    }
}

/// Several input and output mappings become one.
fn merged(extensions: &[String]) -> String {
    const OPEN: &str = "<zeebe:ioMapping>";
    const CLOSE: &str = "</zeebe:ioMapping>";
    let (mappings, others): (Vec<&String>, Vec<&String>) = extensions.iter().partition(|text| text.starts_with(OPEN));
    let mut all: String = others.into_iter().cloned().collect();
    if !mappings.is_empty() {
        let inner: Vec<&str> =
            mappings.iter().filter_map(|text| text.strip_prefix(OPEN)?.strip_suffix(CLOSE)).collect();
        // The schema wants inputs before outputs.
        let (inputs, outputs): (Vec<&str>, Vec<&str>) =
            inner.into_iter().partition(|text| text.starts_with("<zeebe:input"));
        all.push_str(&format!("{OPEN}{}{}{CLOSE}", inputs.concat(), outputs.concat()));
    }
    all
}

/// The namespace on each outermost extension, for files that do not declare it.
fn declare(all: &str) -> String {
    let mut out = String::with_capacity(all.len());
    let mut depth = 0_usize;
    let mut rest = all;
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let tag = &rest[at..end];
        out.push_str(&rest[..at]);
        if tag.starts_with("</") {
            depth = depth.saturating_sub(1);
            out.push_str(tag);
        } else {
            if depth == 0 {
                let name = tag.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(tag.len());
                out.push_str(&format!("{} xmlns:zeebe=\"{}\"{}", &tag[..name], xml::ZEEBE, &tag[name..]));
            } else {
                out.push_str(tag);
            }
            depth += usize::from(!tag.ends_with("/>"));
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}
