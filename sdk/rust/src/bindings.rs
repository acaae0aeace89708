//! What wit-bindgen makes of the contract: one module for each capability, all sharing one set of types.
//!
//! A component exports the capabilities whose export macro it uses and imports the interfaces that it calls; encoding it drops
//! the rest, so its import list is what it can ask.

pub mod imports {
    wit_bindgen::generate!({
        path: ["../../wit/types@0.1.0", "../../wit/host@0.1.0", "../../wit/search@0.1.0", "../../wit/practice@0.1.0",
               "../../wit/approval@0.1.0", "../../wit/automation@0.1.0", "../../wit/form@0.1.0", "../../wit/sdk@0.1.0",
               "../../wit/sdk@0.1.1", "../../wit/inventory@0.1.0", "../../wit/sdk@0.1.2"],
        world: "weft:sdk/imports@0.1.2",
        generate_all,
    });
}

macro_rules! capability {
    ($module:ident, $world:literal, $macro_name:literal, $bindings:literal, $interface:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: ["../../wit/types@0.1.0", "../../wit/host@0.1.0", "../../wit/search@0.1.0", "../../wit/practice@0.1.0",
                       "../../wit/approval@0.1.0", "../../wit/automation@0.1.0", "../../wit/form@0.1.0", "../../wit/sdk@0.1.0",
                       "../../wit/sdk@0.1.1", "../../wit/inventory@0.1.0", "../../wit/sdk@0.1.2"],
                world: $world,
                pub_export_macro: true,
                export_macro_name: $macro_name,
                default_bindings_module: $bindings,
                with: {
                    "weft:types/types@0.1.0": crate::bindings::imports::weft::types::types,
                    "weft:host/tickets@0.1.0": crate::bindings::imports::weft::host::tickets,
                    "weft:host/clocks@0.1.0": crate::bindings::imports::weft::host::clocks,
                    "weft:host/cis@0.1.0": crate::bindings::imports::weft::host::cis,
                    "weft:host/records@0.1.0": crate::bindings::imports::weft::host::records,
                    "weft:host/people@0.1.0": crate::bindings::imports::weft::host::people,
                    "weft:host/calendars@0.1.0": crate::bindings::imports::weft::host::calendars,
                    "weft:host/settings@0.1.0": crate::bindings::imports::weft::host::settings,
                    "weft:host/log@0.1.0": crate::bindings::imports::weft::host::log,
                    "weft:search/tickets@0.1.0": crate::bindings::imports::weft::search::tickets,
                    "weft:inventory/cis@0.1.0": crate::bindings::imports::weft::inventory::cis,
                    $interface: generate,
                },
            });
        }
    };
}

capability!(
    guard,
    "weft:sdk/cap-guard@0.1.2",
    "export_guard",
    "weft_sdk::bindings::guard",
    "weft:practice/guard@0.1.0"
);
capability!(
    react,
    "weft:sdk/cap-react@0.1.2",
    "export_react",
    "weft_sdk::bindings::react",
    "weft:practice/react@0.1.0"
);
capability!(
    approval,
    "weft:sdk/cap-approval@0.1.2",
    "export_approval",
    "weft_sdk::bindings::approval",
    "weft:approval/rule@0.1.0"
);
capability!(
    automation,
    "weft:sdk/cap-automation@0.1.2",
    "export_automation",
    "weft_sdk::bindings::automation",
    "weft:automation/step@0.1.0"
);
capability!(form, "weft:sdk/cap-form@0.1.2", "export_form", "weft_sdk::bindings::form", "weft:form/form@0.1.0");
