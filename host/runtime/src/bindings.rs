//! The Rust face of `wit/`, generated. The next version of a package gets a module of its own beside this one, and adapters
//! from the old to the new at the edge of [`crate::plugins`].

wasmtime::component::bindgen!({
    path: [
        "../../wit/types@0.1.0",
        "../../wit/host@0.1.0",
        "../../wit/search@0.1.0",
        "../../wit/practice@0.1.0",
        "../../wit/approval@0.1.0",
        "../../wit/automation@0.1.0",
        "../../wit/form@0.1.0",
        "../../wit/sdk@0.1.0",
        "../../wit/sdk@0.1.1",
        "../../wit/inventory@0.1.0",
        "../../wit/sdk@0.1.2",
    ],
    world: "weft:sdk/host@0.1.2",
    imports: {
        "weft:host/settings": trappable,
        "weft:host/log": trappable,
        default: async | trappable,
    },
    exports: { default: async },
});

/// The interfaces that this host offers, by name: a component may import these and nothing else.
pub(crate) const OFFERED: [&str; 11] = [
    "weft:types/types@0.1.0",
    "weft:host/tickets@0.1.0",
    "weft:host/clocks@0.1.0",
    "weft:host/cis@0.1.0",
    "weft:host/records@0.1.0",
    "weft:host/people@0.1.0",
    "weft:host/calendars@0.1.0",
    "weft:host/settings@0.1.0",
    "weft:host/log@0.1.0",
    "weft:search/tickets@0.1.0",
    "weft:inventory/cis@0.1.0",
];

pub(crate) const GUARD: &str = "weft:practice/guard@0.1.0";
pub(crate) const REACT: &str = "weft:practice/react@0.1.0";
pub(crate) const RULE: &str = "weft:approval/rule@0.1.0";
pub(crate) const STEP: &str = "weft:automation/step@0.1.0";
pub(crate) const FORM: &str = "weft:form/form@0.1.0";

/// The interfaces that this host understands in a component.
pub(crate) const UNDERSTOOD: [&str; 5] = [GUARD, REACT, RULE, STEP, FORM];
