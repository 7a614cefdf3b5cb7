//! Measures things side by side, in one run.

use std::{error::Error, time::Instant};

/// Why something could not be measured.
pub type Failure = Box<dyn Error>;

/// One of the things that are measured: it runs once and returns how much that took, in whatever unit.
pub type Contender<'a> = Box<dyn FnMut() -> Result<f64, Failure> + 'a>;

/// Runs each contender once for nothing, then all of them in turn, `times` over, each round beginning with
/// another, so that what else the machine does meets all alike. Returns the median of each.
pub fn interleave<const N: usize>(
    times: usize,
    mut contenders: [Contender<'_>; N],
) -> Result<[f64; N], Failure> {
    for contender in &mut contenders {
        contender()?;
    }
    let mut taken: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(times));
    for round in 0..times {
        for turn in 0..N {
            let index = (round + turn) % N;
            taken[index].push(contenders[index]()?);
        }
    }
    Ok(taken.map(median))
}

/// The seconds that this takes.
pub fn seconds<T, E: Into<Failure>>(work: impl FnOnce() -> Result<T, E>) -> Result<f64, Failure> {
    let start = Instant::now();
    let done = work().map_err(Into::into)?;
    let taken = start.elapsed().as_secs_f64();
    // After the clock has been read.
    drop(done);
    Ok(taken)
}

/// The seconds that one of `times` calls takes.
pub fn each(times: u32, mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        call();
    }
    start.elapsed().as_secs_f64() / f64::from(times)
}

/// The value in the middle; of none, not a number.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn they_take_turns_and_the_first_round_does_not_count() {
        let order = RefCell::new(String::new());
        let contender = |name: char| -> Contender<'_> {
            let order = &order;
            let mut runs = 0.0;
            Box::new(move || {
                order.borrow_mut().push(name);
                runs += 1.0;
                Ok(runs)
            })
        };
        let medians = interleave(3, [contender('a'), contender('b')]).unwrap();
        assert_eq!(medians, [3.0, 3.0]);
        assert_eq!(order.borrow().as_str(), "ababbaab");
    }

    #[test]
    fn a_failure_ends_it() {
        let failing: Contender<'_> = Box::new(|| Err("no".into()));
        assert_eq!(interleave(3, [failing]).unwrap_err().to_string(), "no");
    }
}
