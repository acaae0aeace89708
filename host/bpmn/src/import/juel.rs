//! JUEL, the expression language of Camunda 7, as FEEL, for the part of it that means the same in both.
//!
//! *Architecture Invariant:* what is not surely the same is refused; a wrong translation would be worse than none.

/// Bytes of an expression that is translated.
const EXPRESSION_MAX_BYTES: usize = 8 << 10;

/// A value of an attribute: a fixed text stays, `${…}` becomes `=…`, text around an expression becomes a concatenation.
///
/// # Errors
/// Why it cannot be translated, with the part that stands in the way.
pub(super) fn value(text: &str) -> Result<String, String> {
    if !text.contains("${") && !text.contains("#{") {
        return match text.starts_with('=') {
            true => Err(format!("`{text}` begins with `=`, which would make it an expression")),
            false => Ok(text.to_owned()),
        };
    }
    let parts = parts(text)?;
    if let [Part::Expression(inner)] = &parts[..] {
        return Ok(format!("={}", expression(inner)?));
    }
    let mut feel = Vec::new();
    for part in parts {
        feel.push(match part {
            Part::Text(text) => crate::element::quoted(&text),
            Part::Expression(inner) => format!("string({})", expression(&inner)?),
        });
    }
    Ok(format!("={}", feel.join(" + ")))
}

/// A condition: all of it is one expression.
///
/// # Errors
/// As for [`value`], and a fixed text, which is not a condition.
pub(super) fn condition(text: &str) -> Result<String, String> {
    match &parts(text.trim())?[..] {
        [Part::Expression(inner)] => Ok(format!("={}", expression(inner)?)),
        _ => Err(format!("`{text}` is not one expression ${{…}}")),
    }
}

enum Part {
    Text(String),
    Expression(String),
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    if text.len() > EXPRESSION_MAX_BYTES {
        return Err(format!("it has {} bytes, at most {EXPRESSION_MAX_BYTES} are translated", text.len()));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${").or_else(|| rest.find("#{")) {
        let start = rest.find("#{").map_or(start, |other| start.min(other));
        if start > 0 {
            parts.push(Part::Text(rest[..start].to_owned()));
        }
        let body = &rest[start + 2..];
        let end = closing(body).ok_or_else(|| format!("`{text}` has an expression without an end"))?;
        parts.push(Part::Expression(body[..end].trim().to_owned()));
        rest = &body[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

/// The brace that ends an expression, outside of its texts.
fn closing(body: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in body.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '}') => return Some(at),
            _ => {}
        }
    }
    None
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// Already FEEL.
    Value(String),
    Name(String),
    Operator(&'static str),
    Open,
    Close,
    End,
}

fn expression(text: &str) -> Result<String, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0, text };
    let feel = parser.or()?;
    match parser.peek() {
        Token::End => Ok(feel),
        other => Err(parser.refuse(other)),
    }
}

/// Operators and words of JUEL, with what FEEL calls them.
const OPERATORS: &[(&str, &str)] = &[
    ("==", "="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("&&", "and"),
    ("||", "or"),
    ("<", "<"),
    (">", ">"),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
    ("!", "not"),
];
const WORDS: &[(&str, &str)] = &[
    ("eq", "="),
    ("ne", "!="),
    ("le", "<="),
    ("ge", ">="),
    ("and", "and"),
    ("or", "or"),
    ("lt", "<"),
    ("gt", ">"),
    ("div", "/"),
    ("not", "not"),
    ("empty", "empty"),
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' || first == '\'' {
            let end = rest[1..].find(first).ok_or_else(|| format!("`{text}` has a text without an end"))?;
            let inner = &rest[1..=end];
            if inner.contains('\\') {
                return Err(format!("the text `{inner}` has an escape, which is not translated"));
            }
            tokens.push(Token::Value(crate::element::quoted(inner)));
            end + 2
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            tokens.push(Token::Value(rest[..end].to_owned()));
            end
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
            let word = &rest[..end];
            tokens.push(match WORDS.iter().find(|(name, _)| *name == word) {
                Some((_, feel)) => Token::Operator(feel),
                None if ["true", "false", "null"].contains(&word) => Token::Value(word.to_owned()),
                None => Token::Name(word.to_owned()),
            });
            end
        } else if first == '(' || first == ')' {
            tokens.push(if first == '(' { Token::Open } else { Token::Close });
            1
        } else if let Some((operator, feel)) = OPERATORS.iter().find(|(operator, _)| rest.starts_with(operator)) {
            tokens.push(Token::Operator(feel));
            operator.len()
        } else {
            return Err(format!("`{first}` in `{text}` has no translation; write the expression in FEEL"));
        };
        rest = rest[length..].trim_start();
    }
    tokens.push(Token::End);
    Ok(tokens)
}

/// Precedence as in JUEL: or, and, comparison, sum, product, sign. Comparison has no chain, since FEEL has none.
struct Parser<'t> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    text: &'t str,
}

impl Parser<'_> {
    fn peek(&self) -> Token {
        self.tokens[self.at.min(self.tokens.len() - 1)].clone()
    }

    fn take(&mut self, operators: &[&'static str]) -> Option<&'static str> {
        match self.peek() {
            Token::Operator(operator) if operators.contains(&operator) => {
                self.at += 1;
                Some(operator)
            }
            _ => None,
        }
    }

    fn refuse(&self, token: Token) -> String {
        let found = match token {
            Token::Value(text) | Token::Name(text) => text,
            Token::Operator(operator) => operator.to_owned(),
            Token::Open => "(".to_owned(),
            Token::Close => ")".to_owned(),
            Token::End => "the end".to_owned(),
        };
        format!("`{found}` in `{}` has no translation; write the expression in FEEL", self.text)
    }

    fn or(&mut self) -> Result<String, String> {
        self.chain(&["or"], Self::and)
    }

    fn and(&mut self) -> Result<String, String> {
        self.chain(&["and"], Self::comparison)
    }

    fn comparison(&mut self) -> Result<String, String> {
        let left = self.sum()?;
        let Some(operator) = self.take(&["=", "!=", "<", ">", "<=", ">="]) else { return Ok(left) };
        let right = self.sum()?;
        match self.peek() {
            Token::Operator(next @ ("=" | "!=" | "<" | ">" | "<=" | ">=")) => Err(self.refuse(Token::Operator(next))),
            _ => Ok(format!("{left} {operator} {right}")),
        }
    }

    fn sum(&mut self) -> Result<String, String> {
        let first = self.product()?;
        let mut all = first;
        while let Some(operator) = self.take(&["+", "-"]) {
            let next = self.product()?;
            // JUEL adds numbers in texts, FEEL joins texts; a text in sight is not surely one or the other.
            if operator == "+" && (all.contains('"') || next.contains('"')) {
                return Err(format!(
                    "`+` in `{}` is a sum in JUEL and joins texts in FEEL; write the expression in FEEL",
                    self.text
                ));
            }
            all = format!("{all} {operator} {next}");
        }
        Ok(all)
    }

    fn product(&mut self) -> Result<String, String> {
        self.chain(&["*", "/"], Self::sign)
    }

    fn chain(
        &mut self,
        operators: &[&'static str],
        next: fn(&mut Self) -> Result<String, String>,
    ) -> Result<String, String> {
        let mut all = next(self)?;
        while let Some(operator) = self.take(operators) {
            all = format!("{all} {operator} {}", next(self)?);
        }
        Ok(all)
    }

    fn sign(&mut self) -> Result<String, String> {
        const DEPTH_MAX: usize = 50;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("`{}` is nested more than {DEPTH_MAX} deep", self.text));
        }
        let feel = match self.take(&["not", "-", "empty"]) {
            Some("not") => format!("not({})", self.sign()?),
            Some("empty") => {
                let value = self.sign()?;
                format!("({value} = null or {value} = \"\" or {value} = [])")
            }
            Some(_) => format!("-{}", self.sign()?),
            None => self.primary()?,
        };
        self.depth -= 1;
        Ok(feel)
    }

    fn primary(&mut self) -> Result<String, String> {
        let token = self.peek();
        self.at += 1;
        match token {
            Token::Value(value) => Ok(value),
            Token::Name(name) if self.peek() == Token::Open => self.call(&name),
            Token::Name(name) => {
                let beans = ["execution", "task", "authenticatedUserId", "externalTask", "caseExecution"];
                let head = name.split('.').next().unwrap_or_default();
                let reserved = [
                    "if",
                    "then",
                    "else",
                    "for",
                    "in",
                    "return",
                    "some",
                    "every",
                    "satisfies",
                    "between",
                    "instance",
                    "function",
                ];
                if beans.contains(&head) || name.split('.').any(|part| part.is_empty() || reserved.contains(&part)) {
                    return Err(self.refuse(Token::Name(name)));
                }
                Ok(name)
            }
            Token::Open => {
                let inner = self.or()?;
                match self.peek() {
                    Token::Close => {
                        self.at += 1;
                        Ok(format!("({inner})"))
                    }
                    other => Err(self.refuse(other)),
                }
            }
            other => Err(self.refuse(other)),
        }
    }

    /// Calls reach into Java; only reading a variable of the execution has the same meaning here.
    fn call(&mut self, name: &str) -> Result<String, String> {
        let tokens = (self.peek(), self.tokens.get(self.at + 1).cloned(), self.tokens.get(self.at + 2).cloned());
        match (name, tokens) {
            ("execution.getVariable", (Token::Open, Some(Token::Value(variable)), Some(Token::Close))) => {
                self.at += 3;
                let variable = variable.trim_matches('"').to_owned();
                let plain = !variable.is_empty() && variable.chars().all(|c| c.is_alphanumeric() || c == '_');
                if plain { Ok(variable) } else { Err(format!("`{variable}` is not a name of a variable in FEEL")) }
            }
            _ => {
                Err(format!("the call `{name}(…)` in `{}` reaches into Java; write the expression in FEEL", self.text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_is_translated() {
        for (juel, feel) in [
            ("${approved}", "=approved"),
            ("${amount > 1000 && department == 'HR'}", "=amount > 1000 and department = \"HR\""),
            ("#{!approved || request.items eq 3}", "=not(approved) or request.items = 3"),
            ("${(a + b) * 2 >= c}", "=(a + b) * 2 >= c"),
            ("${execution.getVariable('manager')}", "=manager"),
            ("demo", "demo"),
            ("Order ${id} of ${person.name}", "=\"Order \" + string(id) + \" of \" + string(person.name)"),
            ("${empty list}", "=(list = null or list = \"\" or list = [])"),
        ] {
            assert_eq!(value(juel).as_deref(), Ok(feel), "{juel}");
        }
    }

    #[test]
    fn what_does_not_is_refused() {
        for juel in [
            "${bean.method()}",
            "${execution.processInstanceId}",
            "${a ? b : c}",
            "${list[0]}",
            "${'a' + b}",
            "${a",
            "${a == b == c}",
            "${S('<a/>').prop('x')}",
            "${task.assignee}",
            "=x",
            "${'a\\'b'}",
            "${a % b}",
            "${}",
        ] {
            assert!(value(juel).is_err(), "{juel}");
        }
        assert!(condition("true").is_err());
    }
}
