//! Keeping a database: what is broken is found, what is backed up comes back, on both databases.

mod backup;
mod broken;
mod company;
mod retention;

/// Whoever adds a table says whether its rows are forgotten, or why not.
#[test]
fn every_table_is_forgotten_by_a_rule_or_kept_for_a_reason() {
    let text = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/sqlite")).expect("migrations");
    let text: String =
        text.flatten().map(|file| std::fs::read_to_string(file.path()).expect("a migration is text")).collect();
    let tables = text.lines().filter_map(|line| line.strip_prefix("CREATE TABLE "));
    let tables: std::collections::BTreeSet<&str> = tables.filter_map(|rest| rest.split_whitespace().next()).collect();
    let ruled = app::retention::RULES.iter().map(|(_, table, _)| *table);
    let decided: Vec<&str> = ruled.chain(app::retention::KEPT.iter().map(|(table, _)| *table)).collect();
    assert_eq!(tables, decided.iter().copied().collect(), "tables and what is decided about them");
    let kept = app::retention::KEPT
        .iter()
        .filter(|(table, why)| why.is_empty() || app::retention::RULES.iter().any(|(_, ruled, _)| ruled == table));
    assert_eq!(kept.count(), 0, "a reason is said, and nothing is both kept and forgotten");
}
