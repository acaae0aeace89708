//! `[log]`: what the server says about itself, on standard error.

super::section! {
    Log "log" {
        #[doc = "text or json"]
        format: String = "text".to_owned(),
        #[doc = "Levels by module, for example info,weft_app=debug; info for servers and error for commands when empty"]
        filter: String = String::new(),
    }
}
