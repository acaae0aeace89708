//! Just enough of Rust's lexical rules to look for words in code and not in comments and texts.

/// The source with every comment, text and character replaced by blanks; lines stay where they are.
pub(super) fn code_only(source: &str) -> String {
    let characters = source.chars().collect::<Vec<_>>();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < characters.len() {
        let end = skipped(&characters, at);
        if end == at {
            code.push(characters[at]);
            at += 1;
        } else {
            code.extend(characters[at..end].iter().map(|&character| if character == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// [`code_only`] without the unit tests at the end of a file.
pub(super) fn production_only(source: &str) -> String {
    let code = code_only(source);
    let tests = code.match_indices("#[cfg(test)]").find(|(start, mark)| {
        let rest = code[start + mark.len()..].trim_start();
        rest.starts_with("mod ") && rest.lines().next().is_some_and(|line| line.contains('{'))
    });
    tests.map_or(code.clone(), |(start, _)| code[..start].to_owned())
}

/// Lines (from 1) on which a word or path occurs as such, so that `fs::` is not found in `dfs::`.
pub(super) fn lines_with(code: &str, word: &str) -> Vec<usize> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let found = code.match_indices(word).filter(|(start, _)| {
        let before = code[..*start].chars().next_back();
        let after = code[start + word.len()..].chars().next();
        let joined = |end: Option<char>, beside: Option<char>| end.is_some_and(is_word) && beside.is_some_and(is_word);
        !joined(word.chars().next(), before) && !joined(word.chars().next_back(), after)
    });
    found.map(|(start, _)| code[..start].matches('\n').count() + 1).collect()
}

/// Where the comment or literal that begins here ends; the same place if none begins.
fn skipped(text: &[char], at: usize) -> usize {
    let starts =
        |pattern: &str| pattern.chars().enumerate().all(|(index, wanted)| text.get(at + index) == Some(&wanted));
    let in_word = at > 0 && (text[at - 1].is_alphanumeric() || text[at - 1] == '_');
    if starts("//") {
        return text[at..].iter().position(|&character| character == '\n').map_or(text.len(), |line| at + line);
    }
    if starts("/*") {
        return block_comment(text, at);
    }
    if text[at] == '"' {
        return quoted(text, at + 1);
    }
    let raw = at + usize::from(starts("br") || starts("cr"));
    if text[raw] == 'r' && !in_word {
        let hashes = text[raw + 1..].iter().take_while(|&&character| character == '#').count();
        if text.get(raw + 1 + hashes) == Some(&'"') {
            return raw_text(text, raw + 2 + hashes, hashes);
        }
    }
    // A character and not a lifetime: closed after one character, or escaped.
    if text[at] == '\'' {
        if text.get(at + 1) == Some(&'\\') {
            let end = text[at + 3..].iter().position(|&character| character == '\'');
            return end.map_or(text.len(), |end| at + 4 + end);
        }
        if text.get(at + 2) == Some(&'\'') {
            return at + 3;
        }
    }
    at
}

fn block_comment(text: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at + 1 < text.len() {
        match (text[at], text[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn quoted(text: &[char], mut at: usize) -> usize {
    while at < text.len() {
        match text[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

fn raw_text(text: &[char], mut at: usize, hashes: usize) -> usize {
    while at < text.len() {
        let closing = text[at + 1..].iter().take(hashes).filter(|&&character| character == '#').count();
        if text[at] == '"' && closing == hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    text.len()
}

#[test]
fn comments_and_texts_are_blank() {
    let check = |source: &str, expected: &str| assert_eq!(code_only(source).trim_end(), expected);
    check("a // b", "a");
    check("a /* b /* c */ d */ e", "a                   e");
    check(r#"f("b \" c") g"#, "f(        ) g");
    check("f(r#\"b \" c\"#) g", "f(          ) g");
    check("f('\"', 'a, b)", "f(   , 'a, b)");
    check(r"f('\'', '\u{1f}') g", "f(    ,         ) g");
    check("a\n/* b\n */ c", "a\n    \n    c");
}

#[test]
fn tests_at_the_end_are_not_production() {
    let source = "use x;\n#[cfg(test)]\nuse y;\nfn a() {}\n#[cfg(test)]\nmod tests {\n use std::fs;\n}";
    let code = production_only(source);
    assert!(code.contains("use y") && !code.contains("fs"));
}

#[test]
fn words_are_found_as_words() {
    assert_eq!(lines_with("dfs::x();\nfs::y();\nfs_::z()", "fs::"), [2]);
    assert_eq!(lines_with("axum_test; axum::x;\n\nlet axum", "axum"), [1, 3]);
}
