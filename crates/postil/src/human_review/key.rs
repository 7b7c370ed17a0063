//! Keys for definitions whose makers chose none.

use super::store;
use crate::db::Tx;
use crate::error::Result;
use crate::id;

/// A key out of the title that nobody uses yet.
pub(super) fn fresh(tx: &mut Tx<'_>, project: i64, display_name: &str) -> Result<String> {
    let slug = slug(display_name);
    if !slug.is_empty() && !store::key_exists(tx, project, &slug)? {
        return Ok(slug);
    }
    let base = if slug.is_empty() { "review" } else { &slug };
    Ok(format!("{base}_{}", id::secret::<5>()))
}

fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.to_lowercase().chars().take(60) {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_key_is_made_from_the_title() {
        assert_eq!(slug("Star rating (1-5)"), "star_rating_1_5");
        assert_eq!(slug("  Ünïcode  "), "n_code");
        assert_eq!(slug("🙂"), "");
    }
}
