//! `[jobs]`: deliveries, timers and due clocks.

super::section! {
    Jobs "jobs" {
        #[doc = "Jobs that run at once on this node; they mostly wait for the disk, whose flushes they share"]
        concurrency: usize = 32,
        #[doc = "Seconds after which another node takes over the jobs of a node that gives no sign of life; clocks of nodes must agree better than that"]
        lease_seconds: u32 = 15,
        #[doc = "Attempts before a person has to look"]
        attempts_max: u32 = 5,
    }
}
