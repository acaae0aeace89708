//! `[search]`: where this node keeps its index of words.

super::section! {
    Search "search" {
        #[doc = "Folder of the search index, on a disk of this machine; `auto` is a folder next to the database, `off` looks words up in the database, which takes long where there are many tickets"]
        folder: String = "auto".to_owned(),
    }
}
