//! Human numbers, handed out from leased blocks: unique on every node, without a commit of their own, with gaps after a restart.

use crate::error::Result;
use domain::{Kind, OrgId};
use std::collections::HashMap;
use store::Store;
use tokio::sync::Mutex;

/// Numbers leased at once.
const BLOCK: u32 = 100;

#[derive(Debug, Default)]
pub struct Numbers {
    blocks: Mutex<HashMap<String, (i64, i64)>>,
}

impl Numbers {
    /// The next number of a kind, for example INC0001234.
    ///
    /// # Errors
    /// The store could not lease a block.
    pub async fn next(&self, store: &dyn Store, org: &OrgId, kind: &Kind) -> Result<String> {
        let mut blocks = self.blocks.lock().await;
        let block = blocks.entry(kind.prefix.clone()).or_insert((1, 0));
        if block.0 > block.1 {
            let first = store.number_lease(org, &kind.prefix, BLOCK).await?;
            *block = (first, first + i64::from(BLOCK) - 1);
        }
        let n = block.0;
        block.0 += 1;
        Ok(kind.number(n))
    }

    /// Forget the leased block of a prefix, after an import raised its floor.
    pub async fn forget(&self, prefix: &str) {
        self.blocks.lock().await.remove(prefix);
    }
}
