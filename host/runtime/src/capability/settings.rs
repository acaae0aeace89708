//! `weft:host/settings`: the plugin's own settings, which came with the call.

use crate::bindings::weft::host::settings::Host;
use crate::state::State;

impl Host for State {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        self.enter()?;
        Ok(self.settings.get(&key).map(ToString::to_string))
    }
}
