//! `[store]`: where the data is. Every acknowledged change is on the disk; there is no setting against that.

use std::path::PathBuf;

super::section! {
    Store "store" {
        #[doc = "Address of a PostgreSQL database, postgres://user@host/name, which several nodes may share; the file of store.path when empty"]
        url: String = String::new(),
        #[doc = "The database file"]
        path: PathBuf = PathBuf::from("weft.db"),
        #[doc = "Connections that read"]
        readers: u32 = 4,
        #[doc = "Milliseconds that anybody waits for the database"]
        deadline_ms: u64 = 4_000,
    }
}
