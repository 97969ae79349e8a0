//! "Did you mean …": the nearest of the known names.

/// The known name that is most like `given`, when it is like enough to be a slip of the finger.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (similarity(given, name), name))
        .filter(|(similarity, _)| *similarity >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

/// How much two names look alike, 0 to 1, without regard to case and separators.
pub fn similarity(a: &str, b: &str) -> f64 {
    let fold = |text: &str| text.to_lowercase().replace(['-', '_', ' ', '.'], "");
    let (a, b) = (fold(a), fold(b));
    strsim::normalized_damerau_levenshtein(&a, &b).max(contains_score(&a, &b))
}

/// A ready sentence for [`nearest`], or nothing.
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(given, known).map(|name| format!("did you mean `{name}`?"))
}

/// As [`did_you_mean`]; where nothing is near, lists what is known, up to eight names.
pub fn did_you_mean_or_list<'a>(given: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(sentence) = did_you_mean(given, known.clone()) {
        return Some(sentence);
    }
    let names: Vec<_> = known.into_iter().collect();
    let shown: Vec<_> = names.iter().take(8).map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => None,
        1..=8 => Some(format!("known here: {}", shown.join(", "))),
        n => Some(format!("known here: {} and {} more", shown.join(", "), n - 8)),
    }
}

/// A name that holds the other one whole (`order` in `orderId`) is a likely slip, too.
fn contains_score(a: &str, b: &str) -> f64 {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() >= 4 && long.contains(short) { 0.62 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        assert_eq!(nearest("getOrdr", ["getOrder", "createOrder"]), Some("getOrder"));
        assert_eq!(nearest("get_order", ["getOrder", "createOrder"]), Some("getOrder"));
        assert_eq!(nearest("zzz", ["getOrder"]), None);
    }

    #[test]
    fn nothing_near_lists_what_is_known() {
        let help = did_you_mean_or_list("zzz", ["a", "b"]).expect("two names are known");
        assert_eq!(help, "known here: `a`, `b`");
    }
}
