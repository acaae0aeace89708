//! The rules that a model has to keep, each with the id under which it is reported and one line about it.
//!
//! *Architecture Invariant:* an id is never reused or renamed: people search for it and tools switch on it.

macro_rules! rules {
    ($($name:ident $id:literal $about:literal;)*) => {
        /// One rule of a model.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($name,)* }

        impl Rule {
            /// All rules, in the order in which the documentation lists them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What is reported, for example `flow-loop`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// One line about the rule.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }
        }
    };
}

rules! {
    // The file.
    TooLarge "model-too-large" "a model has a size, a depth and a number of elements at most";
    TooDeep "too-deep" "elements stand at most 100 deep in one another";
    NotXml "not-xml" "a model is well-formed XML";
    DocumentType "document-type" "a model has no DOCTYPE";
    NotBpmn "not-bpmn" "the root is `definitions` of BPMN 2.0";
    NotJson "flow-not-json" "the JSON form of a model has the documented shape";
    NothingExecutable "nothing-executable" "at least one process is marked as executable";
    MissingId "missing-id" "what the flow refers to has an id";
    DuplicateId "duplicate-id" "an id is used once";
    // References.
    Reference "flow-reference" "what an element refers to exists and is of the right type";
    Scope "flow-scope" "a sequence flow connects two elements of the same process or sub-process";
    ListedFlow "flow-listed-flow" "`incoming` and `outgoing` name sequence flows that really arrive and leave there";
    Index "flow-index" "every index of the JSON form points to something";
    // What is not executed.
    Unsupported "flow-unsupported" "the model uses only what is executed";
    Import "flow-needs-import" "elements of another engine are imported first, not ignored";
    Ignored "flow-ignored" "a part of the model has no effect";
    UnknownAttribute "flow-unknown-attribute" "attributes and elements of the extension namespace are known";
    // Sequence flows and structure.
    NoStart "flow-no-start" "a process starts somewhere";
    StartIncoming "flow-start-incoming" "nothing leads into a start event";
    EndOutgoing "flow-end-outgoing" "nothing leads out of an end event";
    NoIncoming "flow-no-incoming" "something leads into every element that does not start by itself";
    NoOutgoing "flow-no-outgoing" "where there are end events, every path ends in one";
    Connection "flow-connection" "sequence flows connect only elements that take part in the flow";
    Immediate "flow-immediate" "isImmediate is not false in an executable process";
    Default "flow-default" "a default flow leaves its element and has no condition";
    Condition "flow-condition" "a condition stands only where a path is chosen";
    MissingCondition "flow-missing-condition" "every path of a choice has a condition or is the default";
    // Events.
    EventDefinition "flow-event-definition" "an event has exactly one definition, of a type that it may have";
    StartTrigger "flow-start-trigger" "a start event has a trigger that fits where it stands";
    Interrupting "flow-interrupting" "an event that catches an error always interrupts";
    Boundary "flow-boundary" "a boundary event is attached to an activity and leads somewhere";
    Link "flow-link" "a link is caught exactly once, where it is thrown";
    Message "flow-message" "a message has a name and, where an instance waits for it, a correlation key";
    MessageTwice "flow-message-twice" "two elements that wait at the same time do not wait for the same message";
    Signal "flow-signal" "a signal has a name";
    ErrorCode "flow-error-code" "what throws an error or an escalation says its code";
    Timer "flow-timer" "a timer says exactly one date, duration or cycle";
    Compensation "flow-compensation" "a compensation event and its handler belong together";
    // Gateways.
    GatewayDirection "flow-gateway-direction" "a gateway splits or joins as its direction says";
    EventGateway "flow-event-gateway" "an event-based gateway leads to two or more events to wait for";
    // Activities.
    SubProcess "flow-sub-process" "a sub-process has exactly one plain start event";
    EventSubProcess "flow-event-sub-process" "an event sub-process has exactly one start event, and nothing leads in or out";
    AdHoc "flow-ad-hoc" "an ad-hoc sub-process has activities and neither start nor end events";
    LoopMarkers "flow-loop-markers" "an activity is repeated in one way";
    MultiInstance "flow-multi-instance" "an activity that runs several times says over what";
    DataReference "flow-data" "data inputs and outputs are declared before they are used";
    StepType "flow-step" "a step names its component as plugin/step or plugin/step@major";
    Retries "flow-retries" "retries are a small number";
    Approval "flow-approval" "an approval names its rule and who is asked";
    UserTask "flow-user-task" "a user task is assigned and dated with what can be read";
    Decision "flow-decision" "a business rule task names its decision and where the result goes";
    Script "flow-script" "a script is FEEL";
    CallActivity "flow-call" "a call activity names the process that it calls";
    CallCycle "flow-call-cycle" "processes do not call one another in a circle";
    Mapping "flow-mapping" "a mapping has a source and a target that is a name or a path of names";
    Header "flow-header" "a header has a key that is used once";
    ValueChain "flow-value-chain" "a step is part of one of the six value chain activities";
    // Texts.
    Feel "flow-feel" "an expression is FEEL";
    Informal "flow-informal-expression" "an expression that decides is formal, not prose";
    Duration "flow-duration" "a duration is ISO 8601";
    Date "flow-date" "a date is RFC 3339";
    Cycle "flow-cycle" "a cycle is R[n]/duration or a cron expression";
    // Behaviour.
    Loop "flow-loop" "a loop waits or changes something";
    LoopWithoutWait "flow-loop-without-wait" "a loop that only computes may run until its budget is used up";
    Unreachable "flow-unreachable" "every element can be reached";
    Deadlock "flow-deadlock" "a join can be satisfied";
}

impl std::fmt::Display for Rule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique() {
        let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();

        assert_eq!(ids.len(), Rule::ALL.len());
    }
}
