//! A closure on its way to a database thread, and its answer on the way back.

use tokio::sync::oneshot;

use super::tx::Tx;
use crate::error::{Error, Result};

/// What a database thread does with a waiting closure.
pub(super) trait Job: Send {
    /// Runs the closure, keeps what it returned, and says whether it wants to be committed. May be called again.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;
    /// Answers the caller: with what the closure returned, or with why it could not be committed.
    fn finish(self: Box<Self>, failure: Option<Error>);
}

/// What to do with the work of a closure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Commit,
    RollBack,
}

/// The one implementation of [`Job`].
pub(super) struct Work<T, F> {
    work: F,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, F> Work<T, F>
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
{
    pub(super) fn send(work: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T>>) {
        let (answer, receiver) = oneshot::channel();
        (Box::new(Work { work, result: None, answer }), receiver)
    }
}

impl<T, F> Job for Work<T, F>
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (self.work)(tx)));
        let result = caught.unwrap_or_else(|_| Err(Error::internal("a verb panicked inside its transaction")));
        let verdict = if result.is_ok() { Verdict::Commit } else { Verdict::RollBack };
        self.result = Some(result);
        verdict
    }

    fn finish(self: Box<Self>, failure: Option<Error>) {
        let result = match (failure, self.result) {
            (Some(failure), _) => Err(failure),
            (None, Some(result)) => result,
            (None, None) => Err(Error::internal("a verb was answered before it ran")),
        };
        // A caller that hung up no longer wants the answer; its work is committed all the same.
        drop(self.answer.send(result));
    }
}
