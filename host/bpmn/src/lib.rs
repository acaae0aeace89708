//! weft-bpmn.
