//! Promises: what Weft says about faults, each checked by a command with real faults and one line of figures.
//!
//! A promise is one file below `promise/` and one line in [`ALL`]. It runs at two sizes: quick ones run with every test run, full ones by
//! `cargo dev accept NN`. Each has a negative control: the same check with the protection taken away, which has to fail. A check that
//! passes without what it checks checks nothing.

mod ambiguous;
mod database;
mod disk;
mod effects;
mod fencing;
mod group_commit;
mod impact;
mod kill;
mod load;
mod outsider;
mod overload;
mod partition;
mod poison;
mod portability;
mod power;
mod proxy;
mod queue;
mod race;
mod rolling;
mod search;
pub mod simulation;
mod sleeping;
mod soak;
mod ssrf;
pub mod time;
mod upgrade;
pub mod writer;

pub use power::is_possible as can_mount;

use serde_json::json;

/// How much of it to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Seconds, for every test run.
    Quick,
    /// As promised, up to ten minutes.
    Full,
}

impl Size {
    /// One of two numbers.
    #[must_use]
    pub fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What was measured or counted, as a person reads it.
    pub figure: String,
    /// What was promised.
    pub limit: String,
    pub kept: bool,
    /// What the negative control showed, and whether it failed as it has to.
    pub control: String,
    pub control_failed: bool,
}

impl Verdict {
    #[must_use]
    pub fn pass(&self) -> bool {
        self.kept && self.control_failed
    }

    /// The one line: `{id, figure, limit, pass}` and what the negative control showed.
    #[must_use]
    pub fn line(&self, id: &str) -> String {
        json!({ "id": id, "figure": self.figure, "limit": self.limit, "pass": self.pass(), "control": self.control })
            .to_string()
    }
}

/// A promise and its check.
#[derive(Debug, Clone, Copy)]
pub struct Promise {
    /// Two digits.
    pub id: &'static str,
    pub title: &'static str,
    /// What the machine lacks for the check is an error that says what to install.
    pub check: fn(Size) -> Result<Verdict, String>,
}

/// Every promise that is checked, by number.
pub const ALL: &[Promise] = &[
    Promise { id: "01", title: "what was acknowledged survives kill -9", check: kill::check },
    Promise { id: "02", title: "what was acknowledged survives a power cut", check: power::check },
    simulation::PROMISE,
    Promise {
        id: "04",
        title: "effects arrive, once by their key, over lost replies and kills",
        check: effects::check,
    },
    Promise { id: "05", title: "commits that were cut off from their answer happen once", check: ambiguous::check },
    Promise { id: "06", title: "a job belongs to one node at a time", check: fencing::check },
    Promise { id: "07", title: "two nodes that race complete every job once", check: race::check },
    Promise { id: "08", title: "a silent network keeps nobody waiting", check: partition::check },
    Promise { id: "09", title: "kills and conflicts of the database lose no update", check: database::check },
    Promise { id: "10", title: "a full or failing disk takes nothing back", check: disk::check },
    time::PROMISE,
    Promise {
        id: "12",
        title: "what can never be done ends in front of a person, and harms nobody",
        check: poison::check,
    },
    Promise { id: "14", title: "a held snapshot neither slows nor bloats the queue", check: queue::check },
    Promise { id: "15", title: "a backup under load is whole, and comes back", check: upgrade::check },
    Promise { id: "17", title: "commits that wait share the flushes of the disk", check: group_commit::check },
    Promise {
        id: "19",
        title: "words are found among a million tickets, by whoever may see them",
        check: search::check,
    },
    Promise { id: "20", title: "what falls with a CI is told at once, among a million", check: impact::check },
    Promise { id: "22", title: "a million sleeping instances cost nothing", check: sleeping::check },
    Promise {
        id: "23",
        title: "five times too much is asked for, and the node does what it can",
        check: overload::check,
    },
    Promise { id: "24", title: "nothing grows that should not", check: soak::check },
    Promise {
        id: "25",
        title: "every statement is portable, and both databases answer alike",
        check: portability::check,
    },
    Promise { id: "29", title: "no trick makes the host connect to what it must not reach", check: ssrf::check },
    Promise { id: "34", title: "an outsider cannot tell that a hidden case exists", check: outsider::check },
];

#[must_use]
pub fn find(id: &str) -> Option<&'static Promise> {
    ALL.iter().find(|promise| promise.id == id)
}

/// A runtime for a check that talks to processes and sockets.
///
/// # Panics
/// The system gives no threads.
pub fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built")
        .block_on(work)
}
