//! One expression tried while it is written: JSON in, JSON out, so that the browser, a command and a test ask the same way.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value as Json, json};

use crate::{
    Budget, Context, Environment, Evaluation, Exceeded, Expression, FixedEnvironment, Names, Note, Scope,
    SyntaxProblem, UnaryTests, Value, explain,
};

/// What one keystroke may cost: an editor asks often, and shows a limit sooner than it makes people wait.
const STEPS_MAX: u64 = 200_000;
const MEMORY_BYTES_MAX: u64 = 16 << 20;

/// Tries an expression.
///
/// The request is an object of `text`; `kind`, which is `expression` or `unary-tests`; `variables`, an object; `input`, the value that
/// unary tests are about; `now`, an instant of RFC 3339; and `zone`, an IANA name. All but `text` may be left out.
///
/// The answer has either `problems`, each with `offset` in bytes, `line`, `column` and `message`; or `exceeded`, a sentence; or
/// `value`, `shown` as FEEL writes it, `type`, `notes` of what became null and why, `reads`, the names that it needs, and `because`.
/// A request that is none has one problem, at the start.
#[must_use]
pub fn trial(request: &str) -> String {
    let answer = match read(request) {
        Ok(trial) => trial.run(),
        Err(message) => json!({ "problems": [{ "offset": 0, "line": 1, "column": 1, "message": message }] }),
    };
    answer.to_string()
}

struct Trial {
    text: String,
    input: Option<Value>,
    scope: Scope,
    environment: FixedEnvironment,
}

fn read(request: &str) -> Result<Trial, String> {
    let request: Json = serde_json::from_str(request).map_err(|error| format!("the request is no JSON: {error}"))?;
    let text = |name: &str| match request.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("`{name}` is not a text")),
    };
    let input = match text("kind")?.unwrap_or("expression") {
        "expression" => None,
        "unary-tests" => Some(request.get("input").map_or(Value::Null, Value::from_json)),
        other => return Err(format!("`kind` is `{other}`; it is `expression` or `unary-tests`")),
    };
    let empty = Map::new();
    let variables = match request.get("variables") {
        None | Some(Json::Null) => &empty,
        Some(Json::Object(variables)) => variables,
        Some(_) => return Err("`variables` is not an object".to_owned()),
    };
    let now = text("now")?.map_or(Ok(Timestamp::UNIX_EPOCH), str::parse);
    let zone = text("zone")?.map_or(Ok(TimeZone::UTC), TimeZone::get);
    Ok(Trial {
        text: text("text")?.ok_or("`text` is missing: it is the expression to try")?.to_owned(),
        input,
        scope: Scope::from_context(
            variables.iter().map(|(name, value)| (name.as_str(), Value::from_json(value))).collect::<Context>(),
        ),
        environment: FixedEnvironment::new(
            now.map_err(|error| format!("`now` is no instant: {error}"))?,
            zone.map_err(|error| format!("`zone` is not known: {error}"))?,
        ),
    })
}

impl Trial {
    fn run(&self) -> Json {
        let budget = || Budget { steps: STEPS_MAX, memory_bytes: MEMORY_BYTES_MAX, ..Budget::default() };
        // Without names, as flows and decisions are deployed: what can be tried here can be written there.
        let names = Names::default();
        let environment: &dyn Environment = &self.environment;
        if let Some(input) = &self.input {
            return match UnaryTests::parse(&self.text, &names) {
                Err(problems) => refused(&problems),
                Ok(tests) => {
                    let tried = tests.evaluate(input, &self.scope, environment, &mut budget());
                    answer(tried, tests.free_names(), "")
                }
            };
        }
        match Expression::parse(&self.text, &names) {
            Err(problems) => refused(&problems),
            Ok(expression) => {
                let tried = expression.evaluate(&self.scope, environment, &mut budget());
                let because = explain(&expression, &self.scope, environment, &mut budget()).unwrap_or_default();
                answer(tried, expression.free_names(), &because)
            }
        }
    }
}

fn refused(problems: &[SyntaxProblem]) -> Json {
    let one = |problem: &SyntaxProblem| json!({ "offset": problem.offset, "line": problem.line, "column": problem.column, "message": problem.message });
    json!({ "problems": problems.iter().map(one).collect::<Vec<_>>() })
}

fn answer(tried: Result<Evaluation, Exceeded>, reads: &[String], because: &str) -> Json {
    let note = |note: &Note| json!({ "function": note.function, "offset": note.offset, "reason": note.reason });
    match tried {
        Err(exceeded) => json!({ "exceeded": exceeded.to_string(), "reads": reads }),
        Ok(found) => json!({
            "value": found.value.to_json(),
            "shown": found.value.to_string(),
            "type": found.value.type_name(),
            "notes": found.notes.iter().map(note).collect::<Vec<_>>(),
            "reads": reads,
            "because": because,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(request: Json) -> Json {
        serde_json::from_str(&trial(&request.to_string())).unwrap()
    }

    #[test]
    fn a_value_comes_with_its_reason_and_what_it_reads() {
        let found = tried(
            json!({ "text": "amount > 1000 and department = \"HR\"", "variables": { "amount": 12000, "department": "IT" } }),
        );
        assert_eq!((found["value"].as_bool(), found["type"].as_str()), (Some(false), Some("boolean")));
        assert_eq!(found["reads"], json!(["amount", "department"]));
        assert!(found["because"].as_str().unwrap().contains("IT"), "{found}");
    }

    #[test]
    fn unary_tests_are_about_their_input() {
        let found = tried(json!({ "text": "[1..10], > 100", "kind": "unary-tests", "input": 7 }));
        assert_eq!(found["value"], json!(true));
    }

    #[test]
    fn time_is_what_the_request_says() {
        let found = tried(json!({ "text": "now()", "now": "2026-03-29T00:30:00Z", "zone": "Europe/Berlin" }));
        assert_eq!(found["shown"], json!("2026-03-29T01:30:00@Europe/Berlin"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_nothing_runs_for_ever() {
        let found = tried(json!({ "text": "amount >\n  and" }));
        assert!(found["problems"][0]["line"].as_u64() >= Some(1) && found.get("value").is_none(), "{found}");
        let found = tried(json!({ "text": "for a in 1..10000, b in 1..10000 return a * b" }));
        assert!(found["exceeded"].as_str().unwrap().contains("steps"), "{found}");
        let found = tried(json!({ "text": "1 + missing" }));
        assert!(found["value"].is_null() && !found["notes"].as_array().unwrap().is_empty(), "{found}");
        for (request, part) in [
            (json!({}), "`text`"),
            (json!({ "text": 1 }), "`text`"),
            (json!({ "text": "1", "kind": "magic" }), "magic"),
            (json!({ "text": "1", "variables": [] }), "`variables`"),
            (json!({ "text": "1", "now": "yesterday" }), "`now`"),
            (json!({ "text": "1", "zone": "Mars/Olympus" }), "`zone`"),
        ] {
            let found = tried(request);
            assert!(found["problems"][0]["message"].as_str().unwrap().contains(part), "{found}");
        }
        assert!(trial("{").contains("no JSON"));
    }
}
