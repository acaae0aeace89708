//! Regular expressions as `XPath` writes them, run by an engine that cannot backtrack. Back references are refused.

use std::fmt::Write;

use regex::{Captures, Regex, RegexBuilder};

use super::{Given, argument, charge_items, charge_text, text};
use crate::{Fault, Value, machine::Machine};

const PATTERN_BYTES_MAX: usize = 10_000;
/// Of the compiled program; a counted repetition of a counted repetition ends here.
const PROGRAM_BYTES_MAX: usize = 256 << 10;

/// Blocks of characters by name, as far as they are used.
const BLOCKS: [(&str, &str); 12] = [
    ("BasicLatin", r"\x{0}-\x{7F}"),
    ("Latin-1Supplement", r"\x{80}-\x{FF}"),
    ("LatinExtended-A", r"\x{100}-\x{17F}"),
    ("LatinExtended-B", r"\x{180}-\x{24F}"),
    ("Greek", r"\x{370}-\x{3FF}"),
    ("GreekandCoptic", r"\x{370}-\x{3FF}"),
    ("Cyrillic", r"\x{400}-\x{4FF}"),
    ("Hebrew", r"\x{590}-\x{5FF}"),
    ("Arabic", r"\x{600}-\x{6FF}"),
    ("GeneralPunctuation", r"\x{2000}-\x{206F}"),
    ("CurrencySymbols", r"\x{20A0}-\x{20CF}"),
    ("CJKUnifiedIdeographs", r"\x{4E00}-\x{9FFF}"),
];

/// A compiled pattern and what one byte of input costs with it.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    regex: Regex,
    steps_per_kilobyte: u64,
}

pub(super) fn matches(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let input = text(arguments, 0)?;
    let pattern = compiled(machine, text(arguments, 1)?, argument(arguments, 2))?;
    charge_match(machine, &pattern, input)?;
    Ok(Value::Boolean(pattern.regex.is_match(input)))
}

pub(super) fn replace(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let (input, replacement) = (text(arguments, 0)?, text(arguments, 2)?);
    let pattern = compiled(machine, text(arguments, 1)?, argument(arguments, 3))?;
    charge_match(machine, &pattern, input)?;
    let is_literal = matches!(argument(arguments, 3), Value::String(flags) if flags.contains('q'));
    let mut result = String::new();
    let mut end = 0;
    for captures in pattern.regex.captures_iter(input) {
        let whole = captures.get(0).expect("a match has itself");
        machine.budget.charge_steps(1 + replacement.len() as u64 / 2)?;
        let length_before = result.len();
        result.push_str(&input[end..whole.start()]);
        if is_literal {
            result.push_str(replacement);
        } else {
            expand(&captures, replacement, &mut result)?;
        }
        charge_text(machine, result.len() - length_before)?;
        end = whole.end();
    }
    charge_text(machine, input.len() - end)?;
    result.push_str(&input[end..]);
    Ok(Value::from(result))
}

pub(super) fn split(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let input = text(arguments, 0)?;
    let pattern = compiled(machine, text(arguments, 1)?, &Value::Null)?;
    charge_match(machine, &pattern, input)?;
    charge_text(machine, input.len())?;
    let mut parts = Vec::new();
    for part in pattern.regex.split(input) {
        charge_items(machine, 1)?;
        parts.push(Value::from(part));
    }
    Ok(Value::list(parts))
}

/// Puts groups into a replacement: `$1`, `$0` for everything, `\$` and `\\` for themselves.
fn expand(captures: &Captures<'_>, replacement: &str, result: &mut String) -> Result<(), Fault> {
    let mut characters = replacement.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped @ ('$' | '\\')) => result.push(escaped),
                _ => return Err(Fault::null("in the replacement a backslash stands only before $ or a backslash")),
            },
            '$' => {
                let mut group = characters.next().and_then(|digit| digit.to_digit(10)).ok_or_else(|| {
                    Fault::null("in the replacement $ stands before the number of a group; write \\$ for itself")
                })?;
                // As many digits as there are groups for.
                while let Some(digit) = characters.peek().and_then(|digit| digit.to_digit(10)) {
                    let longer = group.saturating_mul(10).saturating_add(digit);
                    if longer as usize >= captures.len() {
                        break;
                    }
                    group = longer;
                    characters.next();
                }
                result.push_str(captures.get(group as usize).map_or("", |found| found.as_str()));
            }
            other => result.push(other),
        }
    }
    Ok(())
}

/// The time of a match grows with the input and with the pattern.
fn charge_match(machine: &mut Machine<'_>, pattern: &Pattern, input: &str) -> Result<(), Fault> {
    let kilobytes = 1 + input.len() as u64 / 1024;
    machine.budget.charge_steps(kilobytes.saturating_mul(pattern.steps_per_kilobyte))?;
    Ok(())
}

fn compiled(machine: &mut Machine<'_>, pattern: &str, flags: &Value) -> Result<Pattern, Fault> {
    let flags = match flags {
        Value::Null => "",
        Value::String(flags) => flags,
        other => return Err(Fault::null(format!("the flags are {} and not a string", other.described()))),
    };
    let key = format!("{flags}/{pattern}");
    if let Some(known) = machine.patterns.get(&key) {
        return Ok(known.clone());
    }
    if let Some(unknown) = flags.chars().find(|flag| !"smixq".contains(*flag)) {
        return Err(Fault::null(format!("there is no flag {unknown}; there are s, m, i, x and q")));
    }
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(Fault::null("the pattern is longer than 10,000 bytes"));
    }
    let weight = weight(pattern);
    machine.budget.charge_steps(100 + weight)?;
    machine.budget.charge_memory(PROGRAM_BYTES_MAX as u64 / 4)?;
    let pattern = if flags.contains('x') { without_spaces(pattern) } else { pattern.to_owned() };
    let translated = if flags.contains('q') { regex::escape(&pattern) } else { translated(&pattern, flags)? };
    let regex = RegexBuilder::new(&translated)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .size_limit(PROGRAM_BYTES_MAX)
        .dfa_size_limit(PROGRAM_BYTES_MAX)
        .nest_limit(50)
        .build()
        .map_err(|error| Fault::null(refusal(&error)))?;
    let result = Pattern { regex, steps_per_kilobyte: 1 + weight * 30 };
    machine.patterns.insert(key, result.clone());
    Ok(result)
}

fn refusal(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    format!("the pattern is not accepted: {reason}")
}

/// How large a pattern is when its counted repetitions are written out.
fn weight(pattern: &str) -> u64 {
    let mut weight = pattern.len() as u64;
    for part in pattern.split('{').skip(1) {
        let counts = part.split('}').next().unwrap_or_default().split(',');
        let most = counts.filter_map(|count| count.trim().parse::<u64>().ok()).max().unwrap_or(1);
        weight = weight.saturating_mul(most.clamp(1, 1_000));
    }
    weight.min(1_000_000)
}

/// The flag x: spaces outside of character classes are only for reading.
fn without_spaces(pattern: &str) -> String {
    let mut classes = 0_usize;
    let mut is_escaped = false;
    pattern
        .chars()
        .filter(|&character| {
            let is_kept = classes > 0 || !character.is_whitespace();
            match character {
                '[' if !is_escaped => classes += 1,
                ']' if !is_escaped => classes = classes.saturating_sub(1),
                _ => {}
            }
            if is_kept {
                is_escaped = character == '\\' && !is_escaped;
            }
            is_kept
        })
        .collect()
}

/// The pattern in the words of the engine.
fn translated(pattern: &str, flags: &str) -> Result<String, Fault> {
    let has_dot_all = flags.contains('s');
    let mut result = String::with_capacity(pattern.len() + 16);
    let mut characters = pattern.chars().peekable();
    // How many character classes are open.
    let mut classes = 0_usize;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let escape = characters.next().ok_or_else(|| Fault::null("the pattern ends with a backslash"))?;
                push_escape(&mut result, escape, classes > 0, &mut characters)?;
            }
            // Subtraction: `[A-Z-[OI]]`.
            '-' if classes > 0 && characters.peek() == Some(&'[') => result.push_str("--"),
            '[' => {
                classes += 1;
                result.push('[');
            }
            ']' if classes > 0 => {
                classes -= 1;
                result.push(']');
            }
            // Set operations of the engine that `XPath` does not have.
            '&' | '~' if classes > 0 => {
                result.push('\\');
                result.push(character);
            }
            '.' if classes == 0 && !has_dot_all => result.push_str(r"[^\n\r]"),
            '(' if classes == 0 => {
                result.push('(');
                refuse_extension(&characters)?;
            }
            other => result.push(other),
        }
    }
    Ok(result)
}

/// `XPath` has `(?:` and no other extension of groups.
fn refuse_extension(characters: &std::iter::Peekable<std::str::Chars<'_>>) -> Result<(), Fault> {
    let mut ahead = characters.clone();
    match (ahead.next(), ahead.next()) {
        (Some('?'), Some(':')) => Ok(()),
        (Some('?'), _) => Err(Fault::null("the pattern has a group that begins with \"(?\"; only \"(?:\" is known")),
        _ => Ok(()),
    }
}

fn push_escape(
    result: &mut String,
    escape: char,
    is_in_class: bool,
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<(), Fault> {
    match escape {
        '0'..='9' => {
            return Err(Fault::null(
                "the pattern refers back to a group, which is not supported; compare the parts instead",
            ));
        }
        's' => result.push_str(if is_in_class { r" \t\n\r" } else { r"[ \t\n\r]" }),
        'S' if !is_in_class => result.push_str(r"[^ \t\n\r]"),
        'w' if !is_in_class => result.push_str(r"[^\p{P}\p{Z}\p{C}]"),
        'W' if !is_in_class => result.push_str(r"[\p{P}\p{Z}\p{C}]"),
        'i' => result.push_str(if is_in_class { r"_:\p{L}" } else { r"[_:\p{L}]" }),
        'I' if !is_in_class => result.push_str(r"[^_:\p{L}]"),
        'c' => result.push_str(if is_in_class { r"\-._:\p{L}\p{N}" } else { r"[\-._:\p{L}\p{N}]" }),
        'C' if !is_in_class => result.push_str(r"[^\-._:\p{L}\p{N}]"),
        'p' | 'P' => {
            let name = characters.by_ref().take_while(|character| *character != '}').collect::<String>();
            let name = name.trim_start_matches('{');
            push_property(result, escape, name, is_in_class)?;
        }
        'n' | 'r' | 't' | 'd' | 'D' | 'S' | 'W' => {
            result.push('\\');
            result.push(escape);
        }
        _ if "\\|.?*+(){}[]-^$".contains(escape) => {
            result.push('\\');
            result.push(escape);
        }
        other => return Err(Fault::null(format!("the pattern has \\{other}, which means nothing"))),
    }
    Ok(())
}

/// A category such as `L`, or a block such as `IsBasicLatin`.
fn push_property(result: &mut String, escape: char, name: &str, is_in_class: bool) -> Result<(), Fault> {
    let Some(block) = name.strip_prefix("Is") else {
        write!(result, "\\{escape}{{{name}}}").expect("writing to a text does not fail");
        return Ok(());
    };
    let range = BLOCKS.iter().find(|(known, _)| *known == block).map(|(_, range)| *range);
    let range = range.ok_or_else(|| Fault::null(format!("the block of characters {name} is not known")))?;
    let negation = if escape == 'P' { "^" } else { "" };
    if is_in_class && negation.is_empty() {
        result.push_str(range);
    } else {
        write!(result, "[{negation}{range}]").expect("writing to a text does not fail");
    }
    Ok(())
}
