//! `[jobs]`: deliveries, timers and due clocks.

super::section! {
    Jobs "jobs" {
        #[doc = "Jobs that run at once"]
        workers: usize = 8,
        #[doc = "Attempts before a person has to look"]
        attempts_max: u32 = 8,
    }
}
