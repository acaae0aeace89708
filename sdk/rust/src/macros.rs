//! One macro for each kind of plugin. Each exports the capabilities that it names and nothing else.

/// A practice: `guard` decides before a change is committed, `react` answers committed events. Either may be left out.
///
/// ```
/// use weft_sdk::prelude::*;
///
/// pub fn guard(_host: &impl Host, _change: &Change) -> Result<Effects, Rejection> {
///     Ok(Effects::new())
/// }
/// pub fn react(_host: &impl Host, context: &Context, event: &Event, _subject: Option<&Ticket>) -> Result<Effects, Fault> {
///     Ok(Effects::new().comment_internal(format!("{} at {}", event.kind, context.now)))
/// }
///
/// weft_sdk::practice! { guard: guard, react: react }
/// ```
#[macro_export]
macro_rules! practice {
    ($($capability:ident : $function:path),+ $(,)?) => { $($crate::export! { $capability: $function })+ };
}

/// An automation: `run` takes a step of a flow, `react` answers committed events. Either may be left out.
///
/// See [`automation::Outcome`](crate::automation::Outcome) for an example.
#[macro_export]
macro_rules! automation {
    ($($capability:ident : $function:path),+ $(,)?) => { $($crate::export! { $capability: $function })+ };
}

/// An approval rule: `decide` turns a request and its votes into a verdict.
///
/// See [`approval::Verdict`](crate::approval::Verdict) for an example.
#[macro_export]
macro_rules! approval {
    (decide: $function:path $(,)?) => {
        $crate::export! { decide: $function }
    };
}

/// A form's rules: all three functions, because they are one interface.
///
/// ```
/// use weft_sdk::{Context, Fault, Host, Issue, Object, form::Choice};
///
/// pub fn validate(_: &impl Host, _: &Context, _form: &str, values: &Object) -> Result<Vec<Issue>, Fault> {
///     let missing = !values.contains_key("reason");
///     Ok(missing.then(|| Issue::new("/reason", "required", "say why")).into_iter().collect())
/// }
/// pub fn compute(_: &impl Host, _: &Context, _form: &str, values: Object) -> Result<Object, Fault> {
///     Ok(values)
/// }
/// pub fn options(
///     _: &impl Host, _: &Context, _form: &str, _field: &str, _query: &str, _values: &Object,
/// ) -> Result<Vec<Choice>, Fault> {
///     Ok(Vec::new())
/// }
///
/// weft_sdk::form! { validate: validate, compute: compute, options: options }
/// ```
#[macro_export]
macro_rules! form {
    (validate: $validate:path, compute: $compute:path, options: $options:path $(,)?) => {
        const _: () = {
            use $crate::bindings::form::exports::weft::form::form as wire;
            #[derive(Debug)]
            pub struct Component;

            impl wire::Guest for Component {
                fn validate(
                    context: wire::Context,
                    form: String,
                    values: String,
                ) -> Result<Vec<wire::Issue>, wire::Fault> {
                    $crate::explain_panics();
                    let issues = $validate(&$crate::Imports, &context.into(), &form, &$crate::form::values(&values))?;
                    Ok(issues.into_iter().map(Into::into).collect())
                }

                fn compute(context: wire::Context, form: String, values: String) -> Result<String, wire::Fault> {
                    $crate::explain_panics();
                    let values = $compute(&$crate::Imports, &context.into(), &form, $crate::form::values(&values))?;
                    Ok($crate::Value::Object(values).to_string())
                }

                fn options(
                    context: wire::Context,
                    form: String,
                    field: String,
                    query: String,
                    values: String,
                ) -> Result<Vec<wire::Choice>, wire::Fault> {
                    $crate::explain_panics();
                    let values = $crate::form::values(&values);
                    let choices = $options(&$crate::Imports, &context.into(), &form, &field, &query, &values)?;
                    Ok(choices.into_iter().map(Into::into).collect())
                }
            }

            let _ = Component;
            #[cfg(target_arch = "wasm32")]
    $crate::bindings::form::export_form!(Component with_types_in $crate::bindings::form);
        };
    };
}

/// One capability. Natively the functions are checked and nothing is exported.
#[doc(hidden)]
#[macro_export]
macro_rules! export {
    (guard: $function:path) => {
        const _: () = {
            use $crate::bindings::guard::exports::weft::practice::guard as wire;
            #[derive(Debug)]
            pub struct Component;

            impl wire::Guest for Component {
                fn guard(change: wire::Change) -> Result<Vec<wire::Effect>, wire::Rejection> {
                    $crate::explain_panics();
                    Ok($function(&$crate::Imports, &change.into())?.into())
                }
            }

            let _ = Component;
            #[cfg(target_arch = "wasm32")]
    $crate::bindings::guard::export_guard!(Component with_types_in $crate::bindings::guard);
        };
    };
    (react: $function:path) => {
        const _: () = {
            use $crate::bindings::react::exports::weft::practice::react as wire;
            #[derive(Debug)]
            pub struct Component;

            impl wire::Guest for Component {
                fn react(
                    context: wire::Context,
                    event: wire::Event,
                    subject: Option<wire::Ticket>,
                ) -> Result<Vec<wire::Effect>, wire::Fault> {
                    $crate::explain_panics();
                    let subject = subject.map($crate::Ticket::from);
                    Ok($function(&$crate::Imports, &context.into(), &event.into(), subject.as_ref())?.into())
                }
            }

            let _ = Component;
            #[cfg(target_arch = "wasm32")]
    $crate::bindings::react::export_react!(Component with_types_in $crate::bindings::react);
        };
    };
    (run: $function:path) => {
        const _: () = {
            use $crate::bindings::automation::exports::weft::automation::step as wire;
            #[derive(Debug)]
            pub struct Component;

            impl wire::Guest for Component {
                fn run(call: wire::StepCall) -> Result<wire::StepOutcome, wire::Fault> {
                    $crate::explain_panics();
                    Ok($function(&$crate::Imports, &call.into())?.into())
                }
            }

            let _ = Component;
            #[cfg(target_arch = "wasm32")]
    $crate::bindings::automation::export_automation!(Component with_types_in $crate::bindings::automation);
        };
    };
    (decide: $function:path) => {
        const _: () = {
            use $crate::bindings::approval::exports::weft::approval::rule as wire;
            #[derive(Debug)]
            pub struct Component;

            impl wire::Guest for Component {
                fn decide(request: wire::Request, votes: Vec<wire::Vote>) -> Result<wire::Verdict, wire::Fault> {
                    $crate::explain_panics();
                    let votes: Vec<_> = votes.into_iter().map($crate::approval::Vote::from).collect();
                    Ok($function(&$crate::Imports, &request.into(), &votes)?.into())
                }
            }

            let _ = Component;
            #[cfg(target_arch = "wasm32")]
    $crate::bindings::approval::export_approval!(Component with_types_in $crate::bindings::approval);
        };
    };
}
