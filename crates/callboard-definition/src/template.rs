//! Path templates such as `/users/{id}/servers/{name}`.

/// The names between braces, in order.
pub(crate) fn placeholders(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// The template without the names: two paths with one shape compete for the same requests.
pub(crate) fn shape(path: &str) -> String {
    let mut shape = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, behind)) = after.split_once('}') else { break };
        shape.push_str(before);
        shape.push_str("{}");
        rest = behind;
    }
    shape.push_str(rest);
    shape
}

/// A name without regard to case and separators: `petId`, `pet_id` and `PetID` are most likely one parameter.
pub(crate) fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_template_come_in_order() {
        assert_eq!(placeholders("/a/{x}/b/{y}.{z}"), ["x", "y", "z"]);
        assert!(placeholders("/a/{x").is_empty());
        assert!(placeholders("").is_empty());
    }

    #[test]
    fn the_shape_forgets_the_names() {
        assert_eq!(shape("/a/{x}/b/{y}.json"), "/a/{}/b/{}.json");
        assert_eq!(shape("/a/{x"), "/a/{x");
    }

    #[test]
    fn spellings_of_one_name_fold_to_the_same() {
        assert_eq!(folded("pet_id"), folded("PetID"));
        assert_ne!(folded("pet_id"), folded("pet"));
    }
}
