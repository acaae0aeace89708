//! `[retention]`: what is forgotten when it is old, and what is archived. 0 keeps it for ever.

super::section! {
    Retention "retention" {
        #[doc = "Days that the answer to a command is kept, so that a repetition gets the same one; 0 is for ever"]
        answers_days: u32 = 30,
        #[doc = "Days that a session or token is kept after it ended; 0 is for ever"]
        sessions_days: u32 = 30,
        #[doc = "Days that a message that was read is kept; 0 is for ever"]
        read_notifications_days: u32 = 90,
        #[doc = "Days that any message is kept; 0 is for ever"]
        notifications_days: u32 = 365,
        #[doc = "Days that a job that was given up is kept; 0 is for ever"]
        dead_jobs_days: u32 = 0,
        #[doc = "Days after which a closed ticket is archived: lists leave it out, its number finds it; 0 is never"]
        closed_tickets_days: u32 = 730,
    }
}
