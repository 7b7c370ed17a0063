//! How far large queues are, remembered for a moment: counting a hundred thousand items takes longer than a submission.

use std::collections::HashMap;
use std::sync::Mutex;

use postil::queue::Progress;

/// Queues of so many items are counted whenever somebody asks.
const SMALL: i64 = 5000;
/// For each item of a queue its numbers hold for so many microseconds: 10 seconds for 100,000.
const EACH: i64 = 100;
/// Who has not counted after so many microseconds has failed.
const PATIENCE: i64 = 60_000_000;
/// How many queues are remembered before all are forgotten.
const REMEMBERED: usize = 1000;

struct Counted {
    progress: Progress,
    until: i64,
    /// Since when somebody counts anew.
    counting: Option<i64>,
}

/// The numbers of large queues.
#[derive(Default)]
pub struct QueueProgress(Mutex<HashMap<String, Counted>>);

impl QueueProgress {
    /// What is remembered of a queue. None: count, and [`QueueProgress::remember`]. While one request counts, others are
    /// given the old numbers.
    pub fn get(&self, queue_id: &str, now: i64) -> Option<Progress> {
        let mut known = self.0.lock().ok()?;
        let counted = known.get_mut(queue_id)?;
        let others_count = counted.counting.is_some_and(|since| now - since < PATIENCE);
        if now < counted.until || others_count {
            return Some(counted.progress);
        }
        counted.counting = Some(now);
        None
    }

    /// Remembers what was counted, if the queue is large.
    pub fn remember(&self, queue_id: &str, now: i64, progress: Progress) {
        let Ok(mut known) = self.0.lock() else { return };
        if progress.total <= SMALL {
            known.remove(queue_id);
            return;
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let until = now.saturating_add(progress.total.saturating_mul(EACH));
        known.insert(queue_id.to_owned(), Counted { progress, until, counting: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(total: i64) -> Progress {
        Progress { total, ..Progress::default() }
    }

    #[test]
    fn small_queues_are_counted_every_time() {
        let known = QueueProgress::default();
        known.remember("q", 0, of(SMALL));
        assert_eq!(known.get("q", 0), None);
    }

    #[test]
    fn one_request_counts_a_large_queue_anew_and_the_others_do_not_wait() {
        let known = QueueProgress::default();
        known.remember("q", 0, of(100_000));
        assert_eq!(known.get("q", 9_999_999), Some(of(100_000)));
        assert_eq!(known.get("q", 10_000_000), None);
        assert_eq!(known.get("q", 10_000_001), Some(of(100_000)));
        known.remember("q", 10_000_002, of(100_001));
        assert_eq!(known.get("q", 10_000_003), Some(of(100_001)));
        known.get("q", 30_000_000);
        assert_eq!(known.get("q", 30_000_000 + PATIENCE), None, "who failed to count is not waited for");
    }
}
