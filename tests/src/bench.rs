//! Measurements that compare with something in the same run, so that a busy machine cannot change the answer much.

pub mod call;
pub mod commit;
pub mod components;
pub mod feel;
pub mod flow;
pub mod nodes;
pub mod peer;
pub mod population;
pub mod screens;
pub mod ticket;
