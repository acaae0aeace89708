//! `weft config show`.

use crate::cli::ConfigCommand;
use crate::config::{Loaded, keys, origin};
use crate::failure::Failure;
use crate::out;

pub(super) fn run(command: ConfigCommand, settings: &Loaded) -> Result<(), Failure> {
    let ConfigCommand::Show { origin: with_origin } = command;
    let values = serde_json::to_value(&settings.values).unwrap_or_default();
    let rows = keys().into_iter().map(|key| {
        let mut row = vec![key.path(), values[key.section][key.name].to_string()];
        if with_origin {
            row.push(settings.figment.find_metadata(&key.path()).map_or_else(|| "default".to_owned(), origin));
        }
        row
    });
    out::table(&rows.collect::<Vec<_>>());
    Ok(())
}
