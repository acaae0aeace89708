//! Ids of CIs and the numbers that the graph calls them by: one text for all, as a million texts of their own would take three times as
//! much memory.

/// Ids in the order in which they came; a number is a place in that order.
#[derive(Debug, Default, Clone)]
pub(super) struct Names {
    text: String,
    /// Where each id ends in the text.
    ends: Vec<u32>,
    /// Numbers in the order of their ids, to look them up.
    sorted: Vec<u32>,
}

impl Names {
    /// Add an id that is not there yet. It is found only after [`Names::sort`].
    pub(super) fn push(&mut self, id: &str) -> u32 {
        let number = u32::try_from(self.ends.len()).expect("fewer than four billion CIs");
        self.text.push_str(id);
        self.ends.push(u32::try_from(self.text.len()).expect("the ids of a hundred million CIs have fewer letters"));
        self.sorted.push(number);
        number
    }

    pub(super) fn sort(&mut self) {
        let mut sorted = std::mem::take(&mut self.sorted);
        // Ids begin with the time at which they were made, and a database gives them in order: there is little to do.
        sorted.sort_by(|left, right| self.get(*left).cmp(self.get(*right)));
        sorted.shrink_to_fit();
        self.sorted = sorted;
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, number: u32) -> &str {
        let place = number as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        &self.text[start..self.ends[place] as usize]
    }

    pub(super) fn find(&self, id: &str) -> Option<u32> {
        self.sorted.binary_search_by(|number| self.get(*number).cmp(id)).ok().map(|place| self.sorted[place])
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + (self.ends.capacity() + self.sorted.capacity()) * size_of::<u32>()
    }
}
