//! `[plugins]`: the limits of every component.

super::section! {
    Plugins "plugins" {
        #[doc = "Folder for compiled code, for this service alone; `auto` is a folder next to the database"]
        cache_dir: String = "auto".to_owned(),
        #[doc = "Milliseconds that one call may compute"]
        call_compute_ms_max: u64 = 100,
        #[doc = "Milliseconds of one call with all its waiting"]
        call_wall_ms_max: u64 = 5_000,
        #[doc = "Bytes of memory of one call"]
        memory_bytes_max: u64 = 64 << 20,
        #[doc = "Calls at once"]
        calls_max: u32 = 64,
        #[doc = "Compilations at once"]
        compile_concurrency: u32 = 2,
    }
}
