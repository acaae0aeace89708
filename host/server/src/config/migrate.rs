//! `[migrate]`: what has to be before a database with data gets a newer schema.

super::section! {
    Migrate "migrate" {
        #[doc = "Copies of an SQLite file from before a migration that are kept beside it; 0 makes none"]
        copies: usize = 2,
        #[doc = "There is a backup: a PostgreSQL database with data may be migrated at the start"]
        i_have_a_backup: bool = false,
    }
}
