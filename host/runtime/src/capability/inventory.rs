//! `weft:inventory/cis`: configuration items of the snapshot by what they are, and their classes.

use super::{answer, list};
use crate::bindings::weft::inventory::cis::{Criteria, Host};
use crate::bindings::weft::types::types;
use crate::convert;
use crate::state::State;
use app::port::plugins::{CiCriteria, Fault};
use domain::{CiId, Object, Problem, SpaceId};

/// The most items of one answer, as the contract says.
const LIMIT_MAX: u32 = 200;
const ATTRIBUTES_MAX: usize = 8;

impl Host for State {
    async fn find(&mut self, criteria: Criteria, limit: u32) -> wasmtime::Result<Result<Vec<types::Ci>, types::Fault>> {
        let reader = self.ask()?;
        let found = match condition(criteria) {
            Ok(criteria) => reader.find_cis(&criteria, limit.clamp(1, LIMIT_MAX)).await,
            Err(fault) => Err(fault),
        };
        list(found, convert::ci)
    }

    async fn lineage(&mut self, class: String) -> wasmtime::Result<Result<Vec<String>, types::Fault>> {
        let reader = self.ask()?;
        answer(reader.ci_lineage(&class), |line| line)
    }

    async fn check(
        &mut self,
        class: String,
        attributes: String,
    ) -> wasmtime::Result<Result<Vec<types::Issue>, types::Fault>> {
        let reader = self.ask()?;
        let problems = match serde_json::from_str::<Object>(&attributes) {
            Ok(attributes) => reader.check_ci(&class, &attributes),
            Err(error) => Err(invalid("not-an-object", format!("attributes are a JSON object: {error}"))),
        };
        list(problems, convert::issue)
    }
}

/// The condition that a guest asks for.
///
/// # Errors
/// An attribute is compared with something that is not a JSON scalar, or there are too many.
fn condition(from: Criteria) -> Result<CiCriteria, Fault> {
    if from.attributes.len() > ATTRIBUTES_MAX {
        return Err(invalid("too-many-attributes", format!("a search compares at most {ATTRIBUTES_MAX} attributes")));
    }
    if [&from.class, &from.space, &from.name, &from.after].into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(invalid("bad-text", "a condition holds a zero byte, which nothing is called".to_owned()));
    }
    let mut attributes = Vec::new();
    for attribute in from.attributes {
        let value: serde_json::Value = serde_json::from_str(&attribute.value)
            .map_err(|error| invalid("not-json", format!("the value of `{}` is not JSON: {error}", attribute.name)))?;
        if value.is_array() || value.is_object() || value.is_null() {
            let message = format!("`{}` is compared with text, a number or a flag", attribute.name);
            return Err(invalid("not-a-scalar", message));
        }
        attributes.push((attribute.name, value));
    }
    Ok(CiCriteria {
        class: from.class,
        space: from.space.map(SpaceId),
        name: from.name,
        attributes,
        after: from.after.map(CiId),
    })
}

fn invalid(code: &str, message: String) -> Fault {
    Fault::Invalid(vec![Problem::new("/criteria/attributes", code, message)])
}
