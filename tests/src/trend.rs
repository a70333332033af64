//! Whether a row of measurements grows.

/// Standard deviations that hold 95 % of a normal distribution.
const Z: f64 = 1.96;

/// How fast something grows: the median of the slopes between all pairs of
/// points (Theil and Sen), which a few leaps do not move, and the interval in
/// which it is with a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// The median.
    pub slope: f64,
    /// The lower end of the interval.
    pub least: f64,
    /// The upper end of the interval.
    pub most: f64,
}

/// The trend of points `(x, y)`, no two of them with the same `x`. The interval
/// takes their deviations for independent: take medians of enough measurements
/// for points, not the measurements themselves.
///
/// # Panics
/// With fewer than three points.
#[must_use]
pub fn trend(points: &[(f64, f64)]) -> Trend {
    assert!(points.len() > 2, "{points:?} show no trend");
    let mut slopes = Vec::new();
    for (index, from) in points.iter().enumerate() {
        let later = &points[index + 1..];
        slopes.extend(later.iter().map(|to| (to.1 - from.1) / (to.0 - from.0)));
    }
    slopes.sort_by(f64::total_cmp);
    let (n, pairs) = (points.len() as f64, slopes.len() as f64);
    // The deviation of Kendall's count of pairs that rise, less those that fall.
    let within = Z * (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    let last = slopes.len() - 1;
    let least = ((pairs - within) / 2.0).max(0.0) as usize;
    let most = (((pairs + within) / 2.0) as usize).min(last);
    Trend {
        slope: median(&mut slopes),
        least: slopes[least],
        most: slopes[most],
    }
}

/// The value in the middle; of two in the middle, their mean.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_the_line_whatever_a_few_points_say() {
        let line = |x: usize| (x as f64, 7.0 + 3.0 * x as f64);
        let mut points: Vec<_> = (0..30).map(line).collect();
        assert_eq!(trend(&points).slope, 3.0);
        for (index, leap) in [(3, 1e6), (11, -1e6), (29, 1e6)] {
            points[index].1 = leap;
        }
        let Trend { slope, least, most } = trend(&points);
        assert!((slope - 3.0).abs() < 1e-9, "{slope}");
        assert!(least <= slope && slope <= most && most - least < 1.0);
    }

    #[test]
    fn what_only_varies_has_a_slope_of_zero_within_its_interval() {
        let saw = |x: usize| (x as f64, (x * 7 % 11) as f64);
        let Trend { slope, least, most } = trend(&(0..40).map(saw).collect::<Vec<_>>());
        assert!(slope.abs() < 0.01, "{slope}");
        assert!(least < 0.0 && 0.0 < most, "{least} to {most}");
    }

    #[test]
    fn the_interval_is_that_of_the_tables() {
        // An example of the textbooks (Sen 1968): of its 21 slopes the 4th and
        // the 18th are the ends.
        let x = [1.0, 2.0, 3.0, 4.0, 10.0, 12.0, 18.0];
        let y = [9.0, 15.0, 19.0, 20.0, 45.0, 55.0, 78.0];
        let points: Vec<_> = x.into_iter().zip(y).collect();
        let expected = Trend {
            slope: 4.0,
            least: 26.0 / 7.0,
            most: 35.0 / 8.0,
        };
        assert_eq!(trend(&points), expected);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        for (mut values, expected) in [
            (vec![5.0], 5.0),
            (vec![9.0, 1.0, 2.0], 2.0),
            (vec![4.0, 1.0, 3.0, 2.0], 2.5),
        ] {
            assert_eq!(median(&mut values), expected);
        }
    }
}
