//! HTTP connector: a request as an effect. The first call of the step says what to ask, the second gets the answer.
//!
//! A flow names a connection that an administrator described, and a path below it. What a flow's data can do to a path is in
//! [`address`]: it never changes the host.

mod address;

use serde::Deserialize;
use std::collections::BTreeMap;
use weft_sdk::automation::{Answer, Outcome, StepCall};
use weft_sdk::prelude::*;

weft_sdk::automation! { run: run }

/// What a flow keeps of an answer; the whole of it is the service's.
const TEXT_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, Deserialize)]
struct Connection {
    url: String,
    methods: Vec<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Inputs {
    connection: String,
    method: Option<String>,
    path: String,
    query: Option<Object>,
    body: Option<Value>,
}

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    if call.step != "request" {
        return Err(Fault::Permanent(format!("`http` has no step `{}`", call.step)));
    }
    match call.answer()? {
        Some(answer) => Ok(outcome(&answer)),
        None => request(host, &call.inputs()?),
    }
}

fn request(host: &impl Host, inputs: &Inputs) -> Result<Outcome, Fault> {
    let mut connections: BTreeMap<String, Connection> = host.setting("connections")?;
    let Some(connection) = connections.remove(&inputs.connection) else {
        let known: Vec<String> = connections.into_keys().collect();
        let message = format!("there is no connection `{}`; there is {}", inputs.connection, known.join(", "));
        return Err(Issue::new("/inputs/connection", "unknown-connection", message).into());
    };
    let method = inputs.method.clone().unwrap_or_else(|| "GET".to_owned());
    if !connection.methods.contains(&method) {
        let message = format!("`{}` is called with {} only", inputs.connection, connection.methods.join(", "));
        return Err(Issue::new("/inputs/method", "method-not-allowed", message).into());
    }
    let url = address::join(&connection.url, &inputs.path, inputs.query.as_ref())?;
    let mut headers: Vec<(String, String)> = connection.headers.into_iter().collect();
    let body = inputs.body.as_ref().filter(|body| !body.is_null()).map(Value::to_string);
    if body.is_some() && !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Ok(Outcome::Call { method, url, headers, body })
}

fn outcome(answer: &Answer) -> Outcome {
    if answer.is_success() {
        let body = answer.json().unwrap_or_else(|| Value::from(cut(&answer.body)));
        return Outcome::done(json!({"status": answer.status, "body": body}), Effects::new());
    }
    let code = if (400..500).contains(&answer.status) { "refused" } else { "unavailable" };
    let said = cut(&answer.body);
    let said = said.chars().take(200).collect::<String>();
    Outcome::bpmn_error(code, format!("the service answered {}: {said}", answer.status))
}

/// At most so much text, cut between two characters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    fn step(inputs: Value) -> Result<Outcome, Fault> {
        run(&host(), &StepCall::new("request", inputs))
    }

    #[test]
    fn a_request_is_made_below_the_address_of_its_connection() {
        let inputs = json!({"connection": "example", "method": "POST", "path": "/people", "body": {"name": "Erin"}});
        let headers = [("accept", "application/json"), ("content-type", "application/json")];
        let expected = Outcome::Call {
            method: "POST".into(),
            url: "https://api.example.com/v1/people".into(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: Some("{\"name\":\"Erin\"}".into()),
        };
        assert_eq!(step(inputs), Ok(expected));
        let Ok(Outcome::Call { method, body, .. }) = step(json!({"connection": "example", "path": "/people"})) else {
            panic!("it calls")
        };
        assert_eq!((method.as_str(), body), ("GET", None));
    }

    #[test]
    fn the_answer_becomes_the_outputs() {
        let answered = |status: u16, body: &str| {
            let call = StepCall::new("request", json!({"connection": "example", "path": "/"})).answered(status, body);
            run(&host(), &call).unwrap()
        };

        assert_eq!(
            answered(200, "{\"id\":7}"),
            Outcome::done(json!({"status": 200, "body": {"id": 7}}), Effects::new())
        );
        assert_eq!(answered(204, ""), Outcome::done(json!({"status": 204, "body": ""}), Effects::new()));
        assert_eq!(answered(201, "made"), Outcome::done(json!({"status": 201, "body": "made"}), Effects::new()));
        assert_eq!(answered(404, "no such"), Outcome::bpmn_error("refused", "the service answered 404: no such"));
        assert_eq!(answered(503, ""), Outcome::bpmn_error("unavailable", "the service answered 503: "));
    }

    #[test]
    fn what_no_administrator_described_is_not_called() {
        for inputs in [
            json!({"connection": "elsewhere", "path": "/"}),
            json!({"connection": "example", "path": "/", "method": "DELETE"}),
            json!({"connection": "example", "path": "//evil.example/"}),
            json!({"path": "/"}),
        ] {
            assert!(step(inputs.clone()).is_err(), "{inputs}");
        }
    }
}
