//! What a name means at a place: a slot of the frame, something a function captures, a member of a filtered item, or none of
//! these, and then the scope brings it.

use std::sync::Arc;

use crate::node::{Node, Source};

#[derive(Debug)]
enum Local {
    Slot {
        name: String,
        slot: usize,
    },
    /// A function by its own name.
    Current {
        name: String,
    },
    /// A filter: the names of its item come first.
    Item {
        slot: usize,
    },
}

/// One function, or the expression itself.
#[derive(Debug, Default)]
struct Frame {
    locals: Vec<Local>,
    slots: usize,
    slots_max: usize,
    captures: Vec<Source>,
}

#[derive(Debug)]
pub(super) struct Scopes {
    frames: Vec<Frame>,
}

impl Default for Scopes {
    fn default() -> Self {
        Self { frames: vec![Frame::default()] }
    }
}

/// A state to come back to at the end of a scope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    frame: usize,
    locals: usize,
    slots: usize,
}

impl Scopes {
    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the expression itself is always there")
    }

    pub(super) fn slots_max(&self) -> usize {
        self.frames[0].slots_max
    }

    pub(super) fn mark(&self) -> Mark {
        let frame = self.frames.len() - 1;
        Mark { frame, locals: self.frames[frame].locals.len(), slots: self.frames[frame].slots }
    }

    /// Forgets what was named since; also the functions that a failed attempt left open.
    pub(super) fn reset(&mut self, mark: Mark) {
        self.frames.truncate(mark.frame + 1);
        self.top().locals.truncate(mark.locals);
        self.top().slots = mark.slots;
    }

    pub(super) fn new_slot(&mut self) -> usize {
        let frame = self.top();
        let slot = frame.slots;
        frame.slots += 1;
        frame.slots_max = frame.slots_max.max(frame.slots);
        slot
    }

    pub(super) fn name_slot(&mut self, name: &str, slot: usize) {
        self.top().locals.push(Local::Slot { name: name.to_owned(), slot });
    }

    pub(super) fn declare(&mut self, name: &str) -> usize {
        let slot = self.new_slot();
        self.name_slot(name, slot);
        slot
    }

    pub(super) fn filter(&mut self) -> usize {
        let slot = self.new_slot();
        self.top().locals.push(Local::Item { slot });
        slot
    }

    pub(super) fn open_function(&mut self, own_name: Option<&str>) {
        let mut frame = Frame::default();
        frame.locals.extend(own_name.map(|name| Local::Current { name: name.to_owned() }));
        self.frames.push(frame);
    }

    /// The slots and captures of the function that ends.
    pub(super) fn close_function(&mut self) -> (usize, Vec<Source>) {
        let frame = self.frames.pop().expect("it was opened");
        (frame.slots_max, frame.captures)
    }

    pub(super) fn is_in_filter(&self) -> bool {
        self.frames.iter().flat_map(|frame| &frame.locals).any(|local| matches!(local, Local::Item { .. }))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.frames.iter().flat_map(|frame| &frame.locals).filter_map(|local| match local {
            Local::Slot { name, .. } | Local::Current { name } => Some(name.as_str()),
            Local::Item { .. } => None,
        })
    }

    /// What a name means; `outside` is what it means if nothing here has it.
    pub(super) fn resolve(&mut self, name: &Arc<str>, outside: impl FnOnce() -> Node) -> Node {
        let mut items = Vec::new();
        let mut found = None;
        'search: for level in (0..self.frames.len()).rev() {
            for local in self.frames[level].locals.iter().rev() {
                match local {
                    Local::Slot { name: local, slot } if **local == **name => {
                        found = Some((level, Source::Local(*slot)));
                        break 'search;
                    }
                    Local::Current { name: local } if **local == **name => {
                        found = Some((level, Source::Current));
                        break 'search;
                    }
                    Local::Item { slot } => items.push((level, Source::Local(*slot))),
                    _ => {}
                }
            }
        }
        let mut node = match found {
            Some((level, source)) => self.lifted(level, source),
            None => outside(),
        };
        for (level, source) in items.into_iter().rev() {
            let item = Box::new(self.lifted(level, source));
            node = Node::Member { item, name: Arc::clone(name), otherwise: Box::new(node) };
        }
        node
    }

    /// A variable of an outer function, captured by each function in between.
    fn lifted(&mut self, level: usize, mut source: Source) -> Node {
        for frame in &mut self.frames[level + 1..] {
            let index = frame.captures.iter().position(|capture| *capture == source).unwrap_or_else(|| {
                frame.captures.push(source);
                frame.captures.len() - 1
            });
            source = Source::Captured(index);
        }
        match source {
            Source::Local(slot) => Node::Local(slot),
            Source::Captured(index) => Node::Captured(index),
            Source::Current => Node::Current,
        }
    }
}
