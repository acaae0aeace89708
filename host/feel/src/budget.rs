//! How much one evaluation may cost. Everything that takes time or memory is charged here before it is done.

/// What is left to spend. One budget may serve many evaluations, such as all the cells of a decision table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub steps: u64,
    pub memory_bytes: u64,
    /// How deep calls of functions may nest.
    pub depth: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 1_000_000, memory_bytes: 64 << 20, depth: 128 }
    }
}

/// The budget is used up. An incident, never a null: the answer is unknown, not absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    #[error(
        "the expression needs more steps than it may take; make its lists or ranges smaller, or split the decision"
    )]
    Steps,
    #[error("the expression needs more memory than it may take; build smaller lists and texts, or split the decision")]
    Memory,
    #[error("the expression nests deeper than it may; end the recursion earlier, or use a loop over a list")]
    Depth,
}

impl Budget {
    /// Pays for `count` steps.
    ///
    /// # Errors
    /// [`Exceeded::Steps`] when fewer are left.
    pub fn charge_steps(&mut self, count: u64) -> Result<(), Exceeded> {
        if let Some(left) = self.steps.checked_sub(count) {
            self.steps = left;
            Ok(())
        } else {
            self.steps = 0;
            Err(Exceeded::Steps)
        }
    }

    /// Pays for memory. It is never paid back: what is charged is what was asked for, which bounds what is held.
    ///
    /// # Errors
    /// [`Exceeded::Memory`] when less is left.
    pub fn charge_memory(&mut self, bytes: u64) -> Result<(), Exceeded> {
        if let Some(left) = self.memory_bytes.checked_sub(bytes) {
            self.memory_bytes = left;
            Ok(())
        } else {
            self.memory_bytes = 0;
            Err(Exceeded::Memory)
        }
    }
}
