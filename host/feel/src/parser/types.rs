//! Types: `number`, `list<string>`, `function<number> -> boolean`, and the names of item definitions.

use super::{Parsed, Parser};
use crate::Type;

const NAMES: [&[&str]; 5] = [
    &["days", "and", "time", "duration"],
    &["day", "and", "time", "duration"],
    &["years", "and", "months", "duration"],
    &["year", "and", "month", "duration"],
    &["date", "and", "time"],
];

impl Parser<'_> {
    pub(super) fn type_reference(&mut self) -> Parsed<Type> {
        self.nested(|parser| {
            for words in NAMES {
                if parser.takes_words(words) {
                    let name = match words[0] {
                        "days" | "day" => "days and time duration",
                        "years" | "year" => "years and months duration",
                        _ => "date and time",
                    };
                    return Ok(Type::by_name(name).expect("it is one of FEEL's own"));
                }
            }
            parser.skip_space();
            let (name, end) = parser.type_name().ok_or_else(|| parser.expected("the name of a type"))?;
            parser.position = end;
            match name.as_str() {
                "list" if parser.takes("<") => Ok(Type::List(Box::new(parser.type_until_close()?))),
                "range" if parser.takes("<") => Ok(Type::Range(Box::new(parser.type_until_close()?))),
                "context" if parser.takes("<") => parser.context_type(),
                "function" if parser.takes("<") => parser.function_type(),
                _ => Ok(parser
                    .names
                    .type_named(&name)
                    .cloned()
                    .or_else(|| Type::by_name(&name))
                    .unwrap_or(Type::Unknown(name))),
            }
        })
    }

    /// The longest known type, or a plain word with the parts of a path.
    fn type_name(&mut self) -> Option<(String, usize)> {
        let known = self.names.type_names().filter(|name| self.rest().starts_with(name)).max_by_key(|name| name.len());
        let word = self.word();
        match known {
            Some(name) if name.len() >= word.len() => Some((name.to_owned(), self.position + name.len())),
            _ if word.is_empty() => None,
            _ => {
                let mut length = word.len();
                loop {
                    let rest = &self.rest()[length..];
                    let Some(after) = rest.strip_prefix('.') else { break };
                    let part = after.find(|character| !super::lexical::is_name_part(character)).unwrap_or(after.len());
                    if part == 0 {
                        break;
                    }
                    length += 1 + part;
                }
                Some((self.rest()[..length].to_owned(), self.position + length))
            }
        }
    }

    fn type_until_close(&mut self) -> Parsed<Type> {
        let inner = self.type_reference()?;
        self.expect(">", "after a type")?;
        Ok(inner)
    }

    fn context_type(&mut self) -> Parsed<Type> {
        let mut members = Vec::new();
        if self.takes(">") {
            return Ok(Type::Context(members));
        }
        loop {
            let name = self.new_name(&[':'], "the name of a member")?;
            self.expect(":", "after the name of a member")?;
            members.push((name, self.type_reference()?));
            if !self.takes(",") {
                break;
            }
        }
        self.expect(">", "after the last member")?;
        Ok(Type::Context(members))
    }

    fn function_type(&mut self) -> Parsed<Type> {
        let mut parameters = Vec::new();
        if !self.takes(">") {
            loop {
                parameters.push(self.type_reference()?);
                if !self.takes(",") {
                    break;
                }
            }
            self.expect(">", "after the types of parameters")?;
        }
        self.expect("->", "before the type of the result")?;
        let result = self.type_reference()?;
        Ok(Type::Function(parameters, Box::new(result)))
    }
}
