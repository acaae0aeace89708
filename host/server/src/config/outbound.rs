//! `[outbound]`: requests that plugins ask the host to make.

super::section! {
    Outbound "outbound" {
        #[doc = "Make the requests that plugins were granted; off, they fail and are shown"]
        enabled: bool = true,
        #[doc = "Let requests reach this machine and private networks; only where every plugin is trusted with them"]
        private_networks: bool = false,
        #[doc = "Allow http beside https: bodies and credentials can be read on the way"]
        plain_http: bool = false,
        #[doc = "Hosts, with commas between them, that honour the header Idempotency-Key: what they did not answer is sent again under the same key"]
        idempotent_hosts: String = String::new(),
        #[doc = "Days that the outbox remembers what was delivered"]
        kept_days: u32 = 30,
    }
}
