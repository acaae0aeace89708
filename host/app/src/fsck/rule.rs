//! What can be found: each rule with why it matters and what to do. A rule that is not here cannot be reported.

/// One invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub code: &'static str,
    pub why: &'static str,
    pub fix: &'static str,
}

const RESTORE: &str =
    "restore the newest backup that is clean (`weft restore`), and keep this database to find out what happened";
const BY_HAND: &str = "find out with the journal of the subject what the row should say; restore a backup if more than a few are concerned";

macro_rules! rules {
    ($($code:literal, $why:literal, $fix:expr;)*) => {
        /// Every invariant that is checked, by code.
        pub const RULES: &[Rule] = &[$(Rule { code: $code, why: $why, fix: $fix },)*];
    };
}

rules! {
    "answer-unreadable", "a repeated command would get this answer and cannot",
        "delete the row: the next repetition of the command is carried out anew, so look first whether it was";
    "attachment-size", "the file is not what was attached", RESTORE;
    "blob-changed", "the content of a file is not what its digest says: it was damaged or replaced", RESTORE;
    "component-changed", "code that is not what was consented to would run", "install the plugin again from its file, or restore a backup";
    "component-missing", "the plugin cannot decide: what depends on it waits or is refused",
        "install the plugin of this digest again (`weft plugin install`)";
    "database-damaged", "the file itself is damaged", RESTORE;
    "definition-changed", "an instance would go on in another model than the one it is pinned to",
        "deploy the right model again and migrate the instance (`weft flow migrate`), or restore a backup";
    "flow-call-lost", "the step waits for an answer that nobody asks for: it stands for ever", "terminate and activate the step in the instance's page, which asks again";
    "flow-counts", "lists show the wrong instances as troubled", "change the instance once (retry, or set a variable): the row is written anew";
    "flow-inconsistent", "the engine refuses the state or loses a branch", RESTORE;
    "flow-leftover", "an ended instance or a moved token has left something behind that fires or is shown",
        "delete the row; nothing waits for it";
    "flow-state-unreadable", "the instance cannot move", RESTORE;
    "flow-subscription-lost", "a message for this instance would not reach it", "terminate and activate the waiting element in the instance's page";
    "flow-task-lost", "nobody sees the task, and the flow waits for it for ever", "terminate and activate the task in the instance's page";
    "flow-timer-lost", "the timer never fires, and the flow waits for ever", "terminate and activate the waiting element in the instance's page";
    "flow-version", "the row is not what the journal says was committed last", BY_HAND;
    "job-lease", "no worker takes the job before a time that is too far away", "set lease_owner and lease_until of the row to NULL and add 1 to its fence";
    "job-unreadable", "a worker cannot read it: it is buried when it comes due", "bury it (`state` = 'dead') and repeat what it was for by hand";
    "job-orphan", "it fires for something that is not there", "delete the row; nothing waits for it";
    "journal-changed", "history was changed after the fact, or a disk lost it: it proves nothing any more", RESTORE;
    "journal-gap", "history is not complete", RESTORE;
    "journal-tail", "the newest history is missing, or was written by nobody", RESTORE;
    "message-never-expires", "a message without a receiver stays for ever and may reach one it was not meant for", "delete the row, or send the message again";
    "number-above-counter", "the counter will give out a number that is taken, and creating will fail", "raise `next_value` of the sequence above the number";
    "number-taken-twice", "two things answer to one number", "give the newer one a new number";
    "outbox-differs", "operators are shown another state than the one that decides whether it is sent", BY_HAND;
    "outbox-leftover", "it would be sent although nobody wants it any more, or is kept longer than it may have to be sent",
        "delete the item with its job, or what is left of what it said (`outbox_content`)";
    "outbox-stuck", "nothing sends it, and whoever wants it sent waits for ever",
        "send it again (`weft outbox retry`); when what it says is gone, let whoever wanted it order it anew";
    "reference-lost", "screens, rights and decisions look for something that is not there", BY_HAND;
    "row-unreadable", "whatever loads the row fails", BY_HAND;
    "schema-incomplete", "queries are slow, or values that must be unique are not kept so",
        "run the statement of the index from `migrations/` again, or restore a backup into a new database";
    "schema-unknown", "nothing can be said about a database of another version", "use the Weft that this database belongs to, or bring it up to date with `weft migrate`";
    "subject-missing", "the journal tells of something that is not there", RESTORE;
    "subject-unknown", "something is there that the journal does not tell of", BY_HAND;
    "ticket-differs", "the ticket is not what its history says", BY_HAND;
    "ticket-version", "a commit to the ticket was lost or undone", BY_HAND;
    "wrong-type", "a value is not of its column's type: whatever loads the row fails", BY_HAND;
}

/// The rule of a code.
pub(super) fn of(code: &str) -> &'static Rule {
    RULES
        .iter()
        .find(|rule| rule.code == code)
        .expect("every code that is reported is in the list: a test breaks each one")
}
