//! `[overload]`: how much runs and waits at once, and when a request is refused.

super::section! {
    Overload "overload" {
        #[doc = "Refuse what cannot be done in time; off, everything is tried at once, for as long as that goes well"]
        admission: bool = true,
        #[doc = "Requests that run at once at most; how many really do is found out from how long they take"]
        in_flight_max: usize = 128,
        #[doc = "Milliseconds that most requests should take: when more than a quarter takes longer, fewer run at once"]
        served_ms_target: u64 = 500,
        #[doc = "Requests that wait for their turn in one lane: people, strangers, integrations"]
        waiting_max: usize = 256,
        #[doc = "Milliseconds that a request waits for its turn at most; one that would wait longer is refused at once"]
        wait_ms_max: u64 = 750,
        #[doc = "Requests of one token or session that run or wait"]
        caller_open_max: usize = 128,
        #[doc = "Requests of one token or session in a second; 0 for no limit"]
        caller_per_second_max: u32 = 500,
    }
}
