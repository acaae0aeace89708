//! Values from and to JSON. JSON has no dates: they stay texts, and become dates where an expression or a type says so.

use serde_json::{Map, Value as Json};

use crate::{Context, Number, Value};

impl Value {
    #[must_use]
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Boolean(*value),
            Json::Number(number) => number.to_string().parse::<Number>().map_or(Self::Null, Self::Number),
            Json::String(text) => Self::from(text.as_str()),
            Json::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            Json::Object(members) => {
                let entries = members.iter().map(|(name, value)| (name.as_str(), Self::from_json(value)));
                Self::from(entries.collect::<Context>())
            }
        }
    }

    /// Dates, durations and ranges become texts, a function becomes null. A number that JSON's binary numbers cannot hold is
    /// rounded to the nearest.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null | Self::Function(_) => Json::Null,
            Self::Boolean(value) => Json::Bool(*value),
            Self::Number(number) => match number.to_i64() {
                Some(integer) => Json::from(integer),
                None => serde_json::Number::from_f64(number.to_f64()).map_or(Json::Null, Json::Number),
            },
            Self::String(text) => Json::String(text.to_string()),
            Self::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Context(context) => {
                let members = context.iter().map(|(name, value)| (name.to_string(), value.to_json()));
                Json::Object(members.collect::<Map<_, _>>())
            }
            other => Json::String(other.to_string()),
        }
    }
}
