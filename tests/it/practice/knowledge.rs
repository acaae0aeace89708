//! An article from its draft to its next version, and what a reader says about it.

use super::{change_record, file, list, open, record, settled};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn knw_01_a_new_version_makes_the_former_one_outdated() {
    let app = TestApp::new().await;
    let (ada, mona) = (app.caller("ada").await, app.caller("mona").await);
    let article = file(&ada, "article", "Paper jam", json!({ "body": "Open the back." })).await;
    assert_eq!(article["fields"]["edition"], "0.01");
    change_record(&ada, &article, json!({ "state": "review" })).await;
    assert_eq!(
        ada.patch(&format!("/records/{}", super::id(&article)), json!({ "state": "scheduled" })).await.status,
        422
    );
    change_record(&mona, &article, json!({ "state": "scheduled" })).await;
    let published = change_record(&mona, &article, json!({ "state": "published" })).await;
    assert_eq!(published["fields"]["edition"], "1.0");
    let path = format!("/records/{}", super::id(&article));
    let codes = super::refused(&mona, &path, json!({ "fields": { "body": "Kick it." } })).await;
    assert_eq!(codes, ["published"], "readers rely on it");

    let next =
        file(&ada, "article", "Paper jam", json!({ "body": "Open the front.", "former": super::id(&article) })).await;
    assert_eq!(next["fields"]["edition"], "1.01");
    assert_eq!(record(&ada, &article).await["state"], "published", "until the next one is");
    change_record(&ada, &next, json!({ "state": "review" })).await;
    change_record(&mona, &next, json!({ "state": "scheduled" })).await;
    let next = change_record(&mona, &next, json!({ "state": "published" })).await;
    settled(&app).await;
    assert_eq!(
        (&next["fields"]["edition"], &record(&ada, &article).await["state"]),
        (&json!("2.0"), &json!("outdated"))
    );
    app.transcript("practice-knowledge", "Knowledge: an article from its draft to its next version").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn knw_02_knw_03_what_is_no_longer_valid_leaves_and_what_does_not_help_is_work() {
    let app = TestApp::new().await;
    let (erin, ada, mona) = (app.caller("erin").await, app.caller("ada").await, app.caller("mona").await);
    let article = file(
        &ada,
        "article",
        "VPN",
        json!({ "body": "Click.", "valid_to": "2026-03-03", "group": "network", "owner": "ben" }),
    )
    .await;
    change_record(&ada, &article, json!({ "state": "review" })).await;
    change_record(&mona, &article, json!({ "state": "scheduled" })).await;
    change_record(&mona, &article, json!({ "state": "published" })).await;

    let bad = open(
        &erin,
        "article-feedback",
        "It does not help",
        json!({ "article": super::id(&article), "rating": 1, "reason": "unclear" }),
    )
    .await;
    assert_eq!(bad["group"], "network");
    let good = open(&erin, "article-feedback", "Thanks", json!({ "article": super::id(&article), "rating": 5 })).await;
    assert_eq!(good["state"], "done");

    app.world.advance(SignedDuration::from_hours(24)).await;
    let told = list(&app.caller("ben").await, "/notifications").await;
    assert!(
        told.iter().any(|one| one["subject"].as_str().is_some_and(|text| text.contains("valid until 2026-03-03"))),
        "{told:?}"
    );
    let ada = app.caller("ada").await;
    assert_eq!(record(&ada, &article).await["state"], "published", "its last day");
    app.world.advance(SignedDuration::from_hours(24)).await;
    let ada = app.caller("ada").await;
    assert_eq!(record(&ada, &article).await["state"], "outdated");
    settled(&app).await;
}

/// What somebody finds: the numbers of records, and whether another spelling was told.
async fn found(caller: &Caller, text: &str) -> (Vec<String>, Value) {
    let found = caller.get(&format!("/search?text={text}")).await.expect(200).value();
    let records = found["records"].as_array().cloned().unwrap_or_default();
    (records.iter().map(|one| one["id"].as_str().unwrap_or_default().to_owned()).collect(), found["corrected"].clone())
}

async fn publish(app: &TestApp, article: &Value) {
    change_record(&app.caller("ada").await, article, json!({ "state": "review" })).await;
    change_record(&app.caller("mona").await, article, json!({ "state": "scheduled" })).await;
    change_record(&app.caller("mona").await, article, json!({ "state": "published" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn knw_04_an_employee_reads_what_is_published_for_everybody_and_nothing_else() {
    let app = TestApp::new().await;
    let (erin, ada, mona) = (app.caller("erin").await, app.caller("ada").await, app.caller("mona").await);
    let article = async |title: &str, audience: &str| {
        let fields = json!({ "body": "Press *both* keys.", "keywords": ["keys"], "audience": audience, "group": "network", "owner": "ben" });
        file(&ada, "article", title, fields).await
    };
    let open = article("Zebra crossing", "public").await;
    let draft = article("Zebra quagga", "public").await;
    let staff = article("Zebra okapi", "internal").await;
    let gone = article("Zebra tarpan", "public").await;
    for published in [&open, &staff, &gone] {
        publish(&app, published).await;
    }
    change_record(&ada, &gone, json!({ "state": "pending-retirement" })).await;
    change_record(&mona, &gone, json!({ "state": "retired" })).await;

    // One of them, by id or number, with what is meant for readers and nothing of how it came about.
    let read = record(&erin, &open).await;
    let mut fields: Vec<&str> = read["fields"].as_object().expect("fields").keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["body", "edition", "keywords", "language"]);
    let by_number = format!("/records/{}", open["number"].as_str().expect("a number"));
    assert_eq!(erin.get(&by_number).await.expect(200).value()["title"], "Zebra crossing");
    for hidden in [&draft, &staff, &gone] {
        for key in ["id", "number"] {
            let path = format!("/records/{}", hidden[key].as_str().expect("a text"));
            assert_eq!(erin.get(&path).await.status, 404, "{hidden}");
            assert_eq!(erin.patch(&path, json!({ "title": "Mine" })).await.status, 404, "{hidden}");
        }
    }
    let refused =
        erin.patch(&format!("/records/{}", super::id(&open)), json!({ "fields": { "audience": "internal" } })).await;
    assert_eq!(refused.status, 403, "reading is not writing");

    // Whoever keeps the articles is told what another person sees of one, and why.
    let why = async |article: &Value, person: &str| {
        let path = format!("/access-check?person={person}&record={}", super::id(article));
        let told = ada.get(&path).await.expect(200).value();
        (told["actions"][0].clone(), told["facts"].clone(), told["hidden_fields"].clone())
    };
    let (read, _, hidden) = why(&open, "erin").await;
    assert_eq!((&read["allowed"], &read["policies"]), (&json!(true), &json!(["kind-says-who-reads"])));
    assert!(hidden.as_array().is_some_and(|hidden| hidden.contains(&json!("owner"))), "{hidden}");
    let (read, facts, _) = why(&staff, "erin").await;
    assert_eq!((&read["allowed"], facts), (&json!(false), json!(["reader-of-the-kind"])));
    let (read, _, hidden) = why(&staff, "ben").await;
    assert_eq!((&read["policies"], hidden), (&json!(["staff-look-around"]), json!([])));
    erin.get(&format!("/access-check?person=ada&record={}", super::id(&open))).await.problem(403);

    // All of them: the list, every page and state of it, the search, and what it suggests for a slip of the pen.
    let mine = list(&erin, "/records?kind=article&limit=1").await;
    assert_eq!(mine.iter().map(super::id).collect::<Vec<_>>(), [super::id(&open)]);
    assert!(mine[0]["fields"].get("owner").is_none());
    for state in ["draft", "review", "retired", "outdated"] {
        assert_eq!(list(&erin, &format!("/records?kind=article&state={state}")).await, Vec::<Value>::new(), "{state}");
    }
    assert_eq!(list(&ada, "/records?kind=article").await.len(), 4);
    assert_eq!(found(&erin, "zebra").await.0, [super::id(&open)]);
    assert_eq!(found(&ada, "zebra").await.0.len(), 4);
    app.world.clock.advance(SignedDuration::from_secs(2));
    for text in ["quagga", "qaugga", "okapi", "okpai", "tarpan", "tarpna"] {
        assert_eq!(found(&erin, text).await, (Vec::new(), Value::Null), "{text}");
    }
    assert_eq!(found(&ada, "qaugga").await, (vec![super::id(&draft).to_owned()], json!("quagga")));

    // Who is nothing in the space reads none of it, wherever else they work.
    let hana = app.caller("hana").await;
    assert_eq!(hana.get(&by_number).await.status, 404);
    assert_eq!(list(&hana, "/records?kind=article").await, Vec::<Value>::new());
    assert_eq!(found(&hana, "zebra").await.0, Vec::<String>::new());

    // What a reader says is what the practice understands.
    let fields = json!({ "article": super::id(&open), "rating": 1, "remark": "Which keys?" });
    let said = super::open(&erin, "article-feedback", "Zebra crossing", fields).await;
    assert_eq!(said["group"], "network");

    // The moment it is for staff, it is gone.
    change_record(&ada, &open, json!({ "fields": { "audience": "internal" } })).await;
    assert_eq!(erin.get(&by_number).await.status, 404);
    assert_eq!(found(&erin, "zebra").await.0, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn knw_06_incidents_about_the_same_without_an_article_are_noted_at_night() {
    let app = TestApp::new().await;
    let (erin, ada) = (app.caller("erin").await, app.caller("ada").await);
    let titles = [
        "Scanner loses its folder",
        "No folder at the scanner",
        "The scanner: folder gone",
        "Folder of scanner missing",
    ];
    for title in titles {
        open(&erin, "incident", title, json!({})).await;
    }
    open(&erin, "incident", "Screen is dark", json!({})).await;
    app.world.advance(SignedDuration::from_hours(24)).await;
    settled(&app).await;
    let (erin, ada_again) = (app.caller("erin").await, app.caller("ada").await);
    let gaps = list(&ada_again, "/records?kind=knowledge-gap").await;
    assert_eq!((gaps.len(), &gaps[0]["title"], &gaps[0]["fields"]["count"]), (1, &json!("folder, scanner"), &json!(4)));
    assert_eq!(
        list(&erin, "/records?kind=knowledge-gap").await,
        Vec::<Value>::new(),
        "what others asked is not hers to read"
    );

    let article = file(&ada_again, "article", "The folder of a scanner", json!({ "body": "Sign in again." })).await;
    publish(&app, &article).await;
    app.world.advance(SignedDuration::from_hours(24)).await;
    settled(&app).await;
    let gap = record(&app.caller("ada").await, &gaps[0]).await;
    assert_eq!((&gap["state"], &gap["fields"]["article"]), (&json!("covered"), &article["number"]));
    drop(ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn knw_05_an_article_is_found_by_its_title_by_parts_of_words_and_with_a_slip() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let fields = json!({ "body": "Open the hatch.", "keywords": ["plotter"] });
    let article = file(&ada, "article", "Printing on large paper", fields).await;
    publish(&app, &article).await;
    let own = vec![super::id(&article).to_owned()];
    for text in ["printing", "print", "large"] {
        assert_eq!(found(&ada, text).await.0, own, "{text}");
    }
    app.world.clock.advance(SignedDuration::from_secs(2));
    assert_eq!(found(&ada, "prnting").await, (own, json!("printing")));
    for text in ["prints", "plotter", "hatch"] {
        assert_eq!(
            found(&ada, text).await.0,
            Vec::<String>::new(),
            "without an index only titles are looked at: {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn knw_05_an_article_is_found_by_its_text_keywords_and_stems_by_those_who_may_read_them() {
    let app = TestApp::new().await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    let fields = json!({ "body": "Open the hatch and pull the lamp.", "keywords": ["plotter"], "audience": "public" });
    let article = file(&ada, "article", "Printing on large paper", fields).await;
    let draft = file(&ada, "article", "Cleaning", json!({ "body": "Open the hatches first." })).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let folder = app.world.folder.path().join("weft.search");
    let kept = tokio::spawn(std::sync::Arc::clone(&app.world.app).keep_search_index(folder, stop.clone()));
    let eventually = async |caller: &Caller, text: &str, ids: &[String]| {
        let mut seen = Vec::new();
        for _ in 0..400 {
            seen = found(caller, text).await.0;
            seen.sort();
            if seen == ids {
                return;
            }
            weft_tests::cluster::pause(std::time::Duration::from_millis(25)).await;
        }
        panic!("{text} finds {seen:?} and not {ids:?}");
    };
    let (own, others) = (super::id(&article).to_owned(), super::id(&draft).to_owned());
    let mut both = vec![own.clone(), others];
    both.sort();
    eventually(&ada, "hatch", &both).await;
    assert_eq!(found(&erin, "hatch").await.0, Vec::<String>::new(), "a draft is nobody else's");

    // What is published is found by everybody, by what they may read of it.
    publish(&app, &article).await;
    eventually(&erin, "hatch", std::slice::from_ref(&own)).await;
    for text in ["prints", "plotters", "hatches", "lamp", "pulling%20hatch", "%22pull%20the%20lamp%22", "lam"] {
        assert_eq!(found(&erin, text).await.0, std::slice::from_ref(&own), "{text}");
    }
    for text in ["%22lamp%20the%20pull%22", "hatch%20-lamp", "first"] {
        assert_eq!(found(&erin, text).await.0, Vec::<String>::new(), "{text}");
    }
    assert_eq!(found(&ada, "hatch%20-lamp").await.0, [super::id(&draft).to_owned()]);
    stop.cancel();
    kept.await.expect("it ends when told to");
}
