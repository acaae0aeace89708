//! Records: a practice's own documents with a lifecycle that is not work.

use crate::kind::StateCategory;
use crate::{KindId, Object, RecordId, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: RecordId,
    pub number: String,
    pub kind: KindId,
    pub space: SpaceId,
    pub state: String,
    pub category: StateCategory,
    pub title: String,
    pub version: u32,
    pub updated_at: Timestamp,
    pub fields: Object,
}
