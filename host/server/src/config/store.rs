//! `[store]`: where the data is. Every acknowledged change is on the disk; there is no setting against that.

use std::path::PathBuf;

super::section! {
    Store "store" {
        #[doc = "The database file"]
        path: PathBuf = PathBuf::from("weft.db"),
        #[doc = "Connections that read"]
        readers: u32 = 4,
        #[doc = "Milliseconds that anybody waits for the database"]
        deadline_ms: u64 = 5_000,
    }
}
