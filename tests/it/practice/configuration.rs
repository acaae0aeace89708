//! Configuration: what falls with an item, for those who may not see all of it.

use app::PersonChange;
use domain::{Actor, PersonId, Role, SpaceId};
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

async fn item(caller: &Caller, name: &str, space: &str) -> String {
    let body = json!({ "name": name, "class": "server", "space": space });
    let made = caller.post("/cis", body).await.expect(201).value();
    made["id"].as_str().expect("it has an id").to_owned()
}

async fn impact(caller: &Caller, id: &str, direction: &str) -> Value {
    caller.get(&format!("/cis/{id}/impact?direction={direction}")).await.expect(200).value()
}

fn names(impact: &Value) -> Vec<&str> {
    impact["items"].as_array().into_iter().flatten().filter_map(|item| item["ci"]["name"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_03_impact_through_an_item_that_may_not_be_seen() {
    let app = TestApp::new().await;
    let (system, kim) = (Actor::system(), PersonId::from("kim"));
    let change =
        PersonChange { login: Some("kim".to_owned()), name: Some("kim".to_owned()), ..PersonChange::default() };
    app.world.app.person_put(&system, Some(&kim), change).await.expect("a person");
    let roles = ["it", "hr"].map(|space| (SpaceId::from(space), Role::Agent)).to_vec();
    app.world.app.roles_put(&system, &kim, roles).await.expect("roles");
    let (kim, ada) = (app.caller("kim").await, app.caller("ada").await);
    app.caller("max").await.put("/ci-classes/server", json!({ "title": "Server" })).await.expect(200);
    let rack = item(&kim, "rack", "it").await;
    let payroll = item(&kim, "payroll", "hr").await;
    let intranet = item(&kim, "intranet", "it").await;
    let relate = async |from: &str, relation_type: &str, to: &str| {
        let body = json!({ "type": relation_type, "to": to });
        kim.put(&format!("/cis/{from}/relations"), body).await.expect(204);
    };
    relate(&rack, "hosts", &payroll).await;
    relate(&intranet, "depends-on", &payroll).await;

    // Who may see all of it is told all of it.
    let all = impact(&kim, &rack, "down").await;
    assert_eq!((names(&all), &all["total"], &all["hidden"]), (vec!["payroll", "intranet"], &json!(2), &json!(0)));

    // Ada is told what lies behind, and that something lies between.
    let down = impact(&ada, &rack, "down").await;
    assert_eq!((names(&down), &down["total"], &down["hidden"]), (vec!["intranet"], &json!(1), &json!(1)));
    let told = &down["items"][0];
    assert_eq!(
        (&told["path"], &told["distance"], &told["hidden_between"]),
        (&json!([rack, intranet]), &json!(2), &json!(1))
    );
    let up = impact(&ada, &intranet, "up").await;
    assert_eq!((names(&up), &up["hidden"]), (vec!["rack"], &json!(1)));
    for answer in [&down, &up] {
        let text = answer.to_string();
        assert!(!text.contains(&payroll) && !text.contains("payroll") && !text.contains("\"hr\""), "{text}");
    }
    ada.get(&format!("/cis/{payroll}/impact")).await.expect(404);

    // The next question knows what changed.
    let printer = item(&kim, "printer", "it").await;
    relate(&printer, "uses", &intranet).await;
    assert_eq!(names(&impact(&ada, &rack, "down").await), ["intranet", "printer"]);
    let few = ada.get(&format!("/cis/{rack}/impact?limit=1")).await.expect(200).value();
    assert_eq!((names(&few), &few["total"]), (vec!["intranet"], &json!(2)));
    let body = json!({ "type": "hosts", "to": payroll });
    kim.json("DELETE", &format!("/cis/{rack}/relations"), &body).await.expect(204);
    let none = impact(&ada, &rack, "down").await;
    assert_eq!((names(&none), &none["hidden"]), (Vec::<&str>::new(), &json!(0)));
    app.transcript(
        "practice-service-configuration",
        "Service configuration: impact through an item that may not be seen",
    )
    .await;
}
