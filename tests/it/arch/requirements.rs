//! The page of requirements says what the tests prove today.

use super::tree;
use weft_tests::requirements;

#[test]
fn the_page_of_requirements_is_fresh() {
    let page = requirements::page(&tree::root()).unwrap_or_else(|wrong| panic!("{wrong}"));
    let committed = std::fs::read_to_string(tree::root().join(requirements::PAGE)).unwrap_or_default();
    assert!(page == committed, "{} is stale: run `cargo dev regen`", requirements::PAGE);
}
