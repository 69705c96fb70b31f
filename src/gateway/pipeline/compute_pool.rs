//! Where parsing and planning run, so that a large document never holds up the requests that
//! share its thread.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Jobs that may wait for a worker, for each worker; more are refused.
const QUEUE_PER_WORKER: usize = 64;

/// Runs work that computes, a bounded number of jobs at once. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct ComputePool {
    workers: Arc<Semaphore>,
    /// Running and waiting together.
    places: Arc<Semaphore>,
}

/// Why a job has no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NotComputed {
    /// Too many jobs wait already.
    Full,
    /// The job panicked.
    Panicked,
    /// It was not done by the request's deadline.
    Late,
}

// === impl ComputePool ===

impl ComputePool {
    /// One worker less than there are processors, so that input and output always find one.
    pub(super) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_workers(processors.saturating_sub(1).max(1))
    }

    fn with_workers(workers: usize) -> Self {
        Self {
            workers: Arc::new(Semaphore::new(workers)),
            places: Arc::new(Semaphore::new(workers * (1 + QUEUE_PER_WORKER))),
        }
    }

    /// Runs `job` when a worker is free. A job whose caller has gone before that never starts.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotComputed> {
        let _place = self.places.try_acquire().map_err(|_| NotComputed::Full)?;
        let worker = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| NotComputed::Full)?;
        let done = tokio::task::spawn_blocking(move || {
            let _worker = worker;
            job()
        });
        done.await.map_err(|_| NotComputed::Panicked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_one_job() {
        let pool = ComputePool::with_workers(1);
        assert_eq!(pool.run(|| -> u8 { panic!("on purpose") }).await, Err(NotComputed::Panicked));
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn refuses_what_would_wait_too_long() {
        let pool = ComputePool::with_workers(1);
        let places = pool.places.try_acquire_many(1 + QUEUE_PER_WORKER as u32).expect("nothing runs");
        assert_eq!(pool.run(|| 7).await, Err(NotComputed::Full));
        drop(places);
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }
}
