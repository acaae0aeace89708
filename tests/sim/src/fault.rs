//! What goes wrong, how often, and which bug is planted.

use store::conformance::data::Dice;

/// A mistake that somebody could have made in the host, made here by what stands around it: the negative controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// A job's commit does not look whether the claim is still its own.
    FenceNotChecked,
    /// The answer to a command is kept in a second commit.
    AnswerAfterCommit,
    /// What a decision read by query is not looked at again.
    ReadsNotChecked,
    /// A flow's timer is removed when it is claimed and not when its wave is committed.
    TimerRemovedFirst,
    /// A command without an answer is sent again as a new one.
    RetryAsNew,
    /// After a crash in the middle of a write, what was written stays.
    TornWriteKept,
}

impl Bug {
    pub const ALL: [Self; 6] = [
        Self::FenceNotChecked,
        Self::AnswerAfterCommit,
        Self::ReadsNotChecked,
        Self::TimerRemovedFirst,
        Self::RetryAsNew,
        Self::TornWriteKept,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FenceNotChecked => "fence not checked",
            Self::AnswerAfterCommit => "answer kept after the commit",
            Self::ReadsNotChecked => "read set not checked",
            Self::TimerRemovedFirst => "timer removed before its wave",
            Self::RetryAsNew => "lost reply retried as new",
            Self::TornWriteKept => "torn write kept",
        }
    }
}

/// How often what goes wrong: one in so many, 0 for never. Each seed has its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Of calls to the database: before it, and after it.
    pub crash: usize,
    pub lost_request: usize,
    pub lost_reply: usize,
    pub torn_write: usize,
    /// Of claims: a job is given out twice.
    pub doubled_job: usize,
    /// Of minutes: a node is cut off from the database, or stands still as a whole, or its clock jumps.
    pub partition: usize,
    pub pause: usize,
    pub clock_jump: usize,
    /// Seconds that a clock may be wrong, either way.
    pub skew_seconds_max: i64,
    /// Of calls of plugins and of the outside.
    pub plugin: usize,
    /// Clocks step by a month ahead and an hour back.
    pub clock_steps: bool,
}

impl Faults {
    /// Some kinds of faults are off in each seed, so that the others are not always hidden behind them.
    #[must_use]
    pub fn random(dice: &mut Dice) -> Self {
        let mut rate = |rates: &[usize]| if dice.one_in(3) { 0 } else { *dice.pick(rates) };
        Self {
            crash: rate(&[300, 1_000, 3_000]),
            lost_request: rate(&[100, 400]),
            lost_reply: rate(&[50, 200]),
            torn_write: rate(&[100, 300]),
            doubled_job: rate(&[4, 20]),
            partition: rate(&[10, 30]),
            pause: rate(&[5, 20]),
            clock_jump: rate(&[10, 40]),
            skew_seconds_max: i64::try_from(rate(&[1, 20, 90])).unwrap_or(0),
            plugin: rate(&[5, 20]),
            clock_steps: false,
        }
    }
}
