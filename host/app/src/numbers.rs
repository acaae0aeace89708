//! Human numbers, handed out from leased blocks: unique on every node, without a commit of their own, with gaps after a restart.
//!
//! There is no gap-free counter: it would be one row that every creation on every node waits for. A node leases a block for each kind
//! and gives it out from memory; the row of the kind is written once for a block.

use crate::error::Result;
use domain::{Kind, OrgId};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use store::Store;
use tokio::sync::Mutex;

/// Numbers leased at once.
const BLOCK: u32 = 100;

/// By prefix. Only who needs a number of a kind whose block is used up waits for the next block of that kind.
#[derive(Debug, Default)]
pub struct Numbers {
    blocks: std::sync::Mutex<HashMap<String, Arc<Mutex<Block>>>>,
}

/// What is left of a leased block.
#[derive(Debug, Default)]
struct Block {
    next: i64,
    left: u32,
}

impl Numbers {
    /// The next number of a kind, for example INC0001234.
    ///
    /// # Errors
    /// The store could not lease a block.
    pub async fn next(&self, store: &dyn Store, org: &OrgId, kind: &Kind) -> Result<String> {
        let block = {
            let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(blocks.entry(kind.prefix.clone()).or_default())
        };
        let mut block = block.lock().await;
        if block.left == 0 {
            let first = store.number_lease(org, &kind.prefix, BLOCK).await?;
            *block = Block { next: first, left: BLOCK };
        }
        let number = block.next;
        *block = Block { next: number + 1, left: block.left - 1 };
        Ok(kind.number(number))
    }

    /// Forget the leased block of a prefix, after an import raised its floor.
    pub async fn forget(&self, prefix: &str) {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).remove(prefix);
    }
}
