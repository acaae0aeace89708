//! Mail into a folder instead of the world: for the demo and for trying things. Each mail is one `.eml` file that any mail program opens.

use std::path::PathBuf;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::compose::compose;
use super::{MailError, MailSender, Message, Receipt, Verdict};

/// Writes each mail into a file of its own.
#[derive(Debug, Clone)]
pub struct FileMail {
    folder: PathBuf,
}

impl FileMail {
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

#[async_trait::async_trait]
impl MailSender for FileMail {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<Receipt, MailError> {
        let composed = compose(message, now)?;
        // By the id and not by the time: a mail that is sent twice is one file.
        let hash = Sha256::digest(composed.message_id.as_bytes());
        let name: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let (path, partial) = (self.folder.join(format!("{name}.eml")), self.folder.join(format!("{name}.partial")));
        let write = async {
            tokio::fs::create_dir_all(&self.folder).await?;
            tokio::fs::write(&partial, &composed.bytes).await?;
            // Whoever watches the folder sees a whole mail or none.
            tokio::fs::rename(&partial, &path).await
        };
        let failed = |error: std::io::Error| {
            let verdict = Verdict::ForNow(format!("{}: {error}", self.folder.display()));
            MailError::Rejected { stage: "the folder for mail", verdict }
        };
        write.await.map_err(failed)?;
        Ok(Receipt { message_id: composed.message_id, refused: Vec::new() })
    }
}
