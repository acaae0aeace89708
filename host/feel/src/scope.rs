//! The values an expression is evaluated with: layers of contexts, the innermost first.

use std::sync::Arc;

use crate::{Context, Value};

/// Layered names and values. Cheap to clone and to extend.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    layer: Option<Arc<Layer>>,
}

#[derive(Debug)]
struct Layer {
    context: Arc<Context>,
    parent: Scope,
}

impl Scope {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn from_context(context: impl Into<Arc<Context>>) -> Self {
        Self::new().child(context)
    }

    /// A scope in which the names of `context` come before those of this one.
    #[must_use]
    pub fn child(&self, context: impl Into<Arc<Context>>) -> Self {
        Self { layer: Some(Arc::new(Layer { context: context.into(), parent: self.clone() })) }
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut scope = self;
        while let Some(layer) = &scope.layer {
            if let Some(value) = layer.context.get(name) {
                return Some(value);
            }
            scope = &layer.parent;
        }
        None
    }
}
