//! The same work for each of many things, on all processors. The result does not depend on how many there are.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Fewer things are not worth a thread.
const WORTH_IT: usize = 8;

/// What `work` makes of each number below `count`, in order.
pub(crate) fn map<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    if count < WORTH_IT {
        return (0..count).map(work).collect();
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(count);
    let next = AtomicUsize::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < count);
    let some = || std::iter::from_fn(|| take().map(|at| (at, work(at)))).collect::<Vec<_>>();
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
        let mut done = some();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_come_in_order_however_many_work() {
        assert_eq!(super::map(1000, |at| at * 2), (0..1000).map(|at| at * 2).collect::<Vec<_>>());
        assert!(super::map(0, |at| at).is_empty());
    }
}
