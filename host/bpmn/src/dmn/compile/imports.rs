//! Finding the models that a model imports, and the names by which it knows them.

use std::collections::VecDeque;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{Unit, UnitImport};
use crate::dmn::model::Model;
use crate::dmn::problem::Problems;
use crate::dmn::read;
use crate::dmn::source::Sources;

/// Models that one model may need, directly or not.
const UNITS_MAX: usize = 64;

/// The model and everything it imports, each once.
pub(super) fn load(model: Model, sources: &Sources, problems: &mut Problems) -> Vec<Unit> {
    let mut units = vec![Unit { model, imports: Vec::new() }];
    let mut at = 0;
    while at < units.len() {
        let mut imports = Vec::new();
        for position in 0..units[at].model.imports.len() {
            let unit = find(&mut units, at, position, sources, problems);
            let name = units[at].model.imports[position].name.as_str().into();
            imports.push(UnitImport { name, unit });
        }
        units[at].imports = imports;
        at += 1;
    }
    cut_circles(&mut units, problems);
    units
}

fn find(
    units: &mut Vec<Unit>,
    at: usize,
    position: usize,
    sources: &Sources,
    problems: &mut Problems,
) -> Option<usize> {
    let import = &units[at].model.imports[position];
    if let Some(known) = units.iter().position(|unit| unit.model.namespace == import.namespace) {
        return Some(known);
    }
    let spot = import.spot.clone();
    if units.len() >= UNITS_MAX {
        problems.error(
            &spot,
            "too-many-imports",
            format!("a model imports at most {UNITS_MAX} others; merge some of them"),
        );
        return None;
    }
    let namespace = import.namespace.clone();
    let Some((file, xml)) = sources.find(&namespace, import.location.as_deref()) else {
        let message = format!(
            "no file defines the namespace `{namespace}` that is imported here; add that model beside this one"
        );
        problems.error(&spot, "unknown-import", message);
        return None;
    };
    let model = read::model(file, xml, problems)?;
    if model.namespace != namespace {
        let message = format!("the imported file defines `{}`, not `{namespace}`; mend the import", model.namespace);
        problems.error(&spot, "unknown-import", message);
        return None;
    }
    units.push(Unit { model, imports: Vec::new() });
    Some(units.len() - 1)
}

/// Reports imports that lead back to where they come from and takes them out, so that all that follows ends.
fn cut_circles(units: &mut [Unit], problems: &mut Problems) {
    // 0 not seen, 1 on the way, 2 done. At most 64 units, so the stack is short.
    let mut states = vec![0_u8; units.len()];
    let mut stack = vec![(0_usize, 0_usize)];
    states[0] = 1;
    while let Some((unit, next)) = stack.pop() {
        let Some(import) = units[unit].imports.get(next) else {
            states[unit] = 2;
            continue;
        };
        stack.push((unit, next + 1));
        let Some(target) = import.unit else { continue };
        match states[target] {
            0 => {
                states[target] = 1;
                stack.push((target, 0));
            }
            1 => {
                let spot = units[unit].model.imports[next].spot.clone();
                let message = "this import leads back to the model it is in; move what both need to a third model";
                problems.error(&spot, "import-cycle", message);
                units[unit].imports[next].unit = None;
            }
            _ => {}
        }
    }
}

/// The names of the imports that lead from one model to another by the shortest way; imports without a name add nothing.
pub(super) fn path(units: &[Unit], from: usize, to: usize) -> Option<Vec<Arc<str>>> {
    if from == to {
        return Some(Vec::new());
    }
    let mut seen = vec![false; units.len()];
    let mut queue = VecDeque::from([(from, Vec::new())]);
    seen[from] = true;
    while let Some((unit, names)) = queue.pop_front() {
        for import in &units[unit].imports {
            let Some(target) = import.unit.filter(|&target| !seen[target]) else { continue };
            seen[target] = true;
            let mut longer = names.clone();
            if !import.name.is_empty() {
                longer.push(Arc::clone(&import.name));
            }
            if target == to {
                return Some(longer);
            }
            queue.push_back((target, longer));
        }
    }
    None
}

/// The digest of all models: of the first, then of the others in an order that does not depend on how they were found.
pub(super) fn digest(units: &[Unit]) -> [u8; 32] {
    let mut others: Vec<[u8; 32]> = units[1..].iter().map(|unit| unit.model.digest).collect();
    others.sort_unstable();
    let mut hash = Sha256::new();
    hash.update(units[0].model.digest);
    for other in others {
        hash.update(other);
    }
    hash.finalize().into()
}
