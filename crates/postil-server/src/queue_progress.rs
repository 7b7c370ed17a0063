//! How far large queues are, remembered for a moment: counting a hundred thousand items takes longer than a submission.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use postil::queue::{self, Progress, Queue, Team};
use postil::{Result, Tx};
use tokio::sync::Notify;

use crate::state::App;

/// Queues of so many items are counted whenever somebody asks.
const SMALL: i64 = 5000;
/// For each item of a queue its numbers hold for so many microseconds: 10 seconds for 100,000.
const EACH: i64 = 100;
/// How many queues are remembered before all are forgotten.
const REMEMBERED: usize = 1000;
/// A queue that grows and grows is counted so often.
const PAUSE: Duration = Duration::from_millis(250);

/// What is known of a queue.
enum Known {
    /// It is counted every time.
    Small,
    /// These numbers hold until then; later they are given out while [`in_background`] counts anew.
    Large(Team, i64),
}

/// The numbers of large queues.
#[derive(Default)]
pub struct QueueProgress {
    known: Mutex<HashMap<String, Known>>,
    /// Held while a queue is counted of which nothing is known, so that not everybody counts it who asks then.
    first: Mutex<()>,
    /// Queues whose numbers are old, or that have grown.
    old: Mutex<HashSet<String>>,
    wanted: Notify,
}

impl QueueProgress {
    /// How far a queue is, and one reviewer in it. What the reviewer did is always counted; the rest may be some seconds
    /// old in a large queue.
    pub fn of(&self, tx: &mut Tx<'_>, queue: &Queue, reviewer: &str, now: i64) -> Result<Progress> {
        let team = self.team(&queue.id, now, |queue_id| queue::count(tx, queue_id, now))?;
        queue::progress(tx, queue, team, reviewer)
    }

    /// Counts a queue in the background: it has grown, and whoever asks next is not to wait for that.
    pub fn count_soon(&self, queue_id: &str) {
        if self.old.lock().is_ok_and(|mut old| old.insert(queue_id.to_owned())) {
            self.wanted.notify_one();
        }
    }

    fn team(&self, queue_id: &str, now: i64, count: impl FnOnce(&str) -> Result<Team>) -> Result<Team> {
        if let Some(team) = self.remembered(queue_id, now) {
            return Ok(team);
        }
        // Nobody panics while they hold it, and if somebody did, nothing would be half done.
        let first = (!self.is_small(queue_id)).then(|| self.first.lock());
        if first.is_some()
            && let Some(team) = self.remembered(queue_id, now)
        {
            return Ok(team);
        }
        let team = count(queue_id)?;
        self.remember(queue_id, now, &team);
        Ok(team)
    }

    fn is_small(&self, queue_id: &str) -> bool {
        self.known.lock().is_ok_and(|known| matches!(known.get(queue_id), Some(Known::Small)))
    }

    fn remembered(&self, queue_id: &str, now: i64) -> Option<Team> {
        let known = self.known.lock().ok()?;
        let Some(Known::Large(team, until)) = known.get(queue_id) else { return None };
        if now >= *until {
            self.count_soon(queue_id);
        }
        Some(team.clone())
    }

    fn remember(&self, queue_id: &str, now: i64, team: &Team) {
        let Ok(mut known) = self.known.lock() else { return };
        if known.len() >= REMEMBERED && !known.contains_key(queue_id) {
            known.clear();
        }
        let is_small = team.total <= SMALL;
        let until = now.saturating_add(team.total.saturating_mul(EACH));
        let what = if is_small { Known::Small } else { Known::Large(team.clone(), until) };
        known.insert(queue_id.to_owned(), what);
    }

    fn take_old(&self) -> HashSet<String> {
        self.old.lock().map(|mut old| std::mem::take(&mut *old)).unwrap_or_default()
    }
}

/// Counts queues anew whose numbers are old, and those that have grown, until the server ends.
pub async fn in_background(app: App) {
    loop {
        tokio::select! {
            () = app.queue_progress.wanted.notified() => {}
            () = app.stopped() => return,
        }
        for queue_id in app.queue_progress.take_old() {
            let (id, now) = (queue_id.clone(), app.clock.now());
            match app.db.scan(move |tx| queue::count(tx, &id, now)).await {
                Ok(team) => app.queue_progress.remember(&queue_id, now, &team),
                Err(error) => {
                    tracing::warn!(%error, queue_id, "a queue was not counted; the next who asks tries again")
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = app.stopped() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(total: i64) -> Team {
        Team { total, ..Team::default() }
    }

    fn must_not_count(_: &str) -> Result<Team> {
        panic!("counted")
    }

    #[test]
    fn small_queues_are_counted_every_time() {
        let known = QueueProgress::default();
        assert_eq!(known.team("q", 0, |_| Ok(of(SMALL))).unwrap().total, SMALL);
        assert_eq!(known.team("q", 0, |_| Ok(of(3))).unwrap().total, 3);
        assert!(known.take_old().is_empty());
    }

    #[test]
    fn nobody_waits_for_numbers_of_a_large_queue_that_are_old() {
        let known = QueueProgress::default();
        assert_eq!(known.team("q", 0, |_| Ok(of(100_000))).unwrap(), of(100_000));
        assert_eq!(known.team("q", 9_999_999, must_not_count).unwrap(), of(100_000));
        assert!(known.take_old().is_empty());
        assert_eq!(known.team("q", 10_000_000, must_not_count).unwrap(), of(100_000));
        assert_eq!(known.take_old(), HashSet::from(["q".to_owned()]));
        known.remember("q", 10_000_001, &of(100_001));
        assert_eq!(known.team("q", 10_000_002, must_not_count).unwrap(), of(100_001));
        assert!(known.take_old().is_empty());
    }

    #[test]
    fn a_large_queue_is_counted_once_however_many_ask_first() {
        let (known, counts) = (QueueProgress::default(), std::sync::atomic::AtomicUsize::new(0));
        let together = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    let count = |_: &str| {
                        counts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        Ok(of(100_000))
                    };
                    assert_eq!(known.team("q", 0, count).unwrap(), of(100_000));
                });
            }
        });
        assert_eq!(counts.into_inner(), 1);
    }
}
