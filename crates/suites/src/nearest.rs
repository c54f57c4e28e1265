//! Which known name a misspelt one most likely stands for.

/// The most similar of `candidates`, if any is similar enough to have been meant; case counts
/// for nothing. Of equally similar ones, the first.
pub(crate) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Longer than any name, so not a misspelling: comparing would only cost time.
    const LONGEST: usize = 80;
    if written.is_empty() || written.len() > LONGEST {
        return None;
    }
    let folded = fold(written);
    let allowed = match folded.len() {
        0..=3 => 1,
        4..=8 => 2,
        9..=20 => 3,
        _ => 5,
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(folded.len()) <= allowed)
        .filter_map(|candidate| {
            let name = fold(candidate);
            // Most candidates are ruled out by what they are made of, which is quickly told.
            (difference(&folded, &name) <= allowed)
                .then(|| (strsim::osa_distance(&folded, &name), candidate))
        })
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many bytes of one name the other lacks, in whichever order; of ASCII names, never more than
/// the distance.
fn difference(one: &str, other: &str) -> usize {
    let mut surplus = [0_i16; 256];
    for byte in one.bytes() {
        surplus[usize::from(byte)] += 1;
    }
    for byte in other.bytes() {
        surplus[usize::from(byte)] -= 1;
    }
    let different: u16 = surplus.iter().map(|count| count.unsigned_abs()).sum();
    // What one has too much, less what it lacks, is the difference of the lengths.
    usize::from(different).midpoint(one.len().abs_diff(other.len()))
}

/// Without case, and with one sign for those that people take for one another.
fn fold(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            '-' | ' ' => '_',
            c => c.to_ascii_uppercase(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_or_another_case_is_recognised_and_another_word_is_not() {
        let names = ["NORMAL", "SECURE128", "SECURE192"];
        assert_eq!(nearest("NORMLA", names), Some("NORMAL"));
        assert_eq!(nearest("secure-128", names), Some("SECURE128"));
        assert_eq!(nearest("PARANOID", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn what_names_are_made_of_never_differs_more_than_the_names() {
        for (one, other) in [
            ("NORMAL", "NORMLA"),
            ("PFS", "PSF1"),
            ("", "AB"),
            ("AAB", "CCC"),
        ] {
            assert!(difference(one, other) <= strsim::osa_distance(one, other));
        }
        assert_eq!(difference("AAB", "ABC"), 1);
    }
}
