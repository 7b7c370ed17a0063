//! Counts between two writings, bounded: a sender that makes names up fills one line "(other)", not the memory.

use std::collections::{HashMap, HashSet};

use super::{Arrivals, Measure, Sender, cut, hashed};

/// The hour in microseconds: what counts are kept by.
pub(super) const HOUR: i64 = 3_600_000_000;
/// Different lines of a project in an hour; what is beyond is counted together.
const MAX_LINES: usize = 1000;
/// What stands for everything beyond.
pub(super) const OTHER: &str = "(other)";
/// Places that remember a trace, so that it counts once for its instrumentation however many requests it comes in. Two
/// traces that share a place push each other out, and may count again.
const REMEMBERED: usize = 1 << 15;

/// What a line counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) project: i64,
    pub(super) hour: i64,
    pub(super) sender: Sender,
    pub(super) measure: Measure,
    pub(super) name: String,
}

/// One line to be added to what is stored.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(super) line: Line,
    pub(super) count: i64,
    pub(super) first_at: i64,
    pub(super) last_at: i64,
}

/// What arrived since the ledger was last written.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: HashMap<Line, Entry>,
    hour: i64,
    known: HashMap<i64, HashSet<u64>>,
    traces: Vec<u64>,
}

impl Ledger {
    /// Adds what a request brought.
    pub fn add(&mut self, project: i64, now: i64, client: Option<&str>, arrivals: Arrivals) {
        let hour = now - now.rem_euclid(HOUR);
        if self.hour != hour {
            self.hour = hour;
            self.known.clear();
        }
        for (sender, counts) in arrivals.sources {
            let sender = Sender { client: cut(client.unwrap_or(""), 120).to_owned(), ..sender };
            let traces = counts.traces.iter().filter(|trace| self.is_new(hashed(&(project, &sender, trace)))).count();
            let plain = counts.plain.into_iter().chain([(Measure::Traces, traces as u64)]);
            let plain = plain.map(|(measure, count)| (measure, String::new(), count));
            let named = counts.named.into_iter().map(|((measure, name), count)| (measure, name, count));
            for (measure, name, count) in plain.chain(named).filter(|(_, _, count)| *count > 0) {
                let line = Line { project, hour, sender: sender.clone(), measure, name };
                self.count(line, i64::try_from(count).unwrap_or(i64::MAX), now);
            }
        }
    }

    fn count(&mut self, line: Line, count: i64, now: i64) {
        let known = self.known.entry(line.project).or_default();
        let mark = hashed(&line);
        let line = if known.contains(&mark) || known.len() < MAX_LINES {
            known.insert(mark);
            line
        } else {
            let name = if line.name.is_empty() { String::new() } else { OTHER.to_owned() };
            let sender = Sender { client: OTHER.to_owned(), convention: line.sender.convention, ..Sender::default() };
            Line { sender, name, ..line }
        };
        self.merge(Entry { line, count, first_at: now, last_at: now });
    }

    fn merge(&mut self, entry: Entry) {
        let place = self.entries.entry(entry.line.clone()).or_insert_with(|| Entry { count: 0, ..entry.clone() });
        place.count = place.count.saturating_add(entry.count);
        place.first_at = place.first_at.min(entry.first_at);
        place.last_at = place.last_at.max(entry.last_at);
    }

    /// Whether a trace was not counted a moment ago.
    fn is_new(&mut self, trace: u64) -> bool {
        if self.traces.is_empty() {
            self.traces = vec![0; REMEMBERED];
        }
        let place = &mut self.traces[usize::try_from(trace % REMEMBERED as u64).unwrap_or(0)];
        std::mem::replace(place, trace) != trace
    }

    /// Everything that is to be written, in one order, so that servers beside each other wait instead of deadlocking.
    pub fn take(&mut self) -> Vec<Entry> {
        let mut entries: Vec<_> = std::mem::take(&mut self.entries).into_values().collect();
        entries.sort_by(|a, b| a.line.cmp(&b.line));
        entries
    }

    /// Takes back what could not be written.
    pub fn put_back(&mut self, entries: Vec<Entry>) {
        entries.into_iter().for_each(|entry| self.merge(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(name: &str) -> Arrivals {
        Arrivals::request(Measure::Unmapped, name)
    }

    #[test]
    fn names_that_are_made_up_do_not_fill_the_memory() {
        let mut ledger = Ledger::default();
        for number in 0..10 * MAX_LINES {
            ledger.add(1, 5, Some("client"), brought(&format!("key {number}")));
        }
        let entries = ledger.take();
        assert_eq!(entries.len(), MAX_LINES + 1);
        let other = entries.iter().find(|entry| entry.line.name == OTHER).unwrap();
        assert_eq!(other.count, 9 * MAX_LINES as i64);
        // Writing does not make room within the hour: what is stored is bounded too.
        ledger.add(1, 6, Some("client"), brought("one more"));
        ledger.add(1, 6, Some("client"), brought("key 3"));
        let names: Vec<_> = ledger.take().into_iter().map(|entry| entry.line.name).collect();
        assert!(names.contains(&OTHER.to_owned()) && names.contains(&"key 3".to_owned()), "{names:?}");
        ledger.add(1, HOUR + 6, Some("client"), brought("one more"));
        assert_eq!(ledger.take()[0].line.name, "one more");
    }

    #[test]
    fn what_could_not_be_written_is_kept() {
        let mut ledger = Ledger::default();
        ledger.add(1, 5, None, brought("x"));
        let entries = ledger.take();
        ledger.add(1, 9, None, brought("x"));
        ledger.put_back(entries);
        let entries = ledger.take();
        assert_eq!((entries.len(), entries[0].count, entries[0].first_at, entries[0].last_at), (1, 2, 5, 9));
    }

    #[test]
    fn a_long_name_is_cut_where_a_character_ends() {
        let mut ledger = Ledger::default();
        ledger.add(1, 5, Some(&"ü".repeat(500)), brought(&"ü".repeat(500)));
        let entry = &ledger.take()[0];
        assert!(entry.line.name.len() <= 120 && entry.line.sender.client.len() <= 120);
    }
}
