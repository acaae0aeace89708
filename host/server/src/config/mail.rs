//! `[mail]`: how mail leaves. Nothing is sent until there is a server or a folder.

use std::path::PathBuf;

super::section! {
    Mail "mail" {
        #[doc = "Address of the mail server, for example smtp://mail.example.com:587; no mail when this and mail.folder are empty"]
        url: String = String::new(),
        #[doc = "How the connection is encrypted: starttls, tls (from the first byte, usual on port 465), local (not encrypted, to this machine only) or off"]
        tls: String = "starttls".to_owned(),
        #[doc = "Login at the mail server; none when empty"]
        login: String = String::new(),
        #[doc = "File with the password, readable by this service alone"]
        password_file: PathBuf = PathBuf::new(),
        #[doc = "Address that mails come from, for example weft@example.com"]
        from: String = String::new(),
        #[doc = "Name beside that address"]
        from_name: String = "Weft".to_owned(),
        #[doc = "Address that mail servers report failures to; to nobody when empty"]
        bounces_to: String = String::new(),
        #[doc = "Name of this machine for mail servers; the domain of mail.from when empty"]
        hello_name: String = String::new(),
        #[doc = "Folder to put mails into instead of sending them: for demos and trials"]
        folder: PathBuf = PathBuf::new(),
        #[doc = "Send what the product tells people by mail too; each person can be taken out by the attribute notify_by_mail = false"]
        notify: bool = true,
        #[doc = "Notifications that one person gets by mail in an hour; the rest is in the product only"]
        per_person_per_hour_max: u32 = 60,
    }
}
