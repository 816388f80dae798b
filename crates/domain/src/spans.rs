//! Rows gathered into spans, so that many rows are read in one call.

/// The spans (half-open, ascending) that cover `places`; rows nearer than `gap` share one.
#[must_use]
pub fn spans(places: impl IntoIterator<Item = u32>, gap: u32) -> Vec<(u32, u32)> {
    let mut sorted: Vec<u32> = places.into_iter().collect();
    sorted.sort_unstable();
    let mut found: Vec<(u32, u32)> = Vec::new();
    for place in sorted {
        match found.last_mut() {
            Some((_, end)) if place <= end.saturating_add(gap) => *end = (*end).max(place + 1),
            _ => found.push((place, place + 1)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn near_rows_share_a_span() {
        assert_eq!(spans([9, 1, 2, 2, 40], 5), [(1, 3), (9, 10), (40, 41)]);
        assert_eq!(spans([], 5), []);
    }

    proptest! {
        #[test]
        fn every_row_is_covered_once(places in proptest::collection::vec(0u32..500, 0..40), gap in 0u32..20) {
            let found = spans(places.clone(), gap);
            for place in places {
                prop_assert_eq!(found.iter().filter(|(first, end)| (*first..*end).contains(&place)).count(), 1);
            }
            prop_assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
