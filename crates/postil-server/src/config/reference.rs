//! The description of every setting, read out of the commented default file: for `--help` and for the page
//! `docs/configuration.md`.

use super::setting::SETTINGS;
use super::{BOOTSTRAP_ADMIN, BOOTSTRAP_KEY, DEFAULT_FILE, FILE_VARIABLE};

/// What the default file says of one setting.
#[derive(Debug)]
pub struct Entry {
    /// Its path in the file, such as `log.level`.
    pub name: String,
    /// The comment above it, as one line.
    pub comment: String,
    /// Its default, as it is written on a command line.
    pub default: String,
}

impl Entry {
    /// The first sentence of the comment, without its full stop.
    pub fn summary(&self) -> &str {
        self.comment.split(". ").next().unwrap_or(&self.comment).trim_end_matches('.')
    }
}

/// Every setting of the default file, in its order.
pub fn entries() -> Vec<Entry> {
    let (mut entries, mut comment, mut group) = (Vec::new(), Vec::new(), String::new());
    for line in DEFAULT_FILE.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
        } else if let Some(name) = line.strip_prefix('[') {
            group = format!("{}.", name.trim_end_matches(']'));
        } else if let Some((name, value)) = line.split_once(" = ") {
            entries.push(Entry {
                name: format!("{group}{name}"),
                comment: comment.join(" "),
                default: value.trim_matches('"').to_owned(),
            });
        }
        if !line.starts_with('#') {
            comment.clear();
        }
    }
    entries
}

/// The page `docs/configuration.md`.
pub fn page() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         <!-- Generated from crates/postil-server/src/postil.default.toml by `make openapi`; edit that file. -->\n\n\
         A flag wins over a variable of the environment, that over the configuration file, that over the default.\n\
         A wrong value or an unknown setting stops the start and says where it came from and what is allowed.\n\
         `postil settings` prints the commented default file; `postil doctor` checks what is set.\n\n",
    );
    page.push_str("| setting | flag | variable | default | allowed |\n|---|---|---|---|---|\n");
    let entries = entries();
    for (setting, entry) in SETTINGS.iter().zip(&entries) {
        let default = if entry.default.is_empty() { String::new() } else { format!("`{}`", entry.default) };
        page.push_str(&format!(
            "| `{}` | `--{}` | `{}` | {default} | {} |\n",
            setting.name,
            setting.flag(),
            setting.variable,
            setting.allowed
        ));
    }
    page.push_str(&format!(
        "\nThe configuration file is named by `--config FILE` or `{FILE_VARIABLE}`; there is no other place where one is \
         looked for.\n\n## What each one does\n\n"
    ));
    for entry in &entries {
        page.push_str(&format!("**`{}`** {}\n\n", entry.name, entry.comment));
    }
    page.push_str(&format!(
        "## On an empty database\n\n\
         Two variables are read only while there is nobody yet, for containers and scripts:\n\n\
         - `{BOOTSTRAP_KEY}`: an API key with all scopes on the default project, of at least 20 characters.\n\
         - `{BOOTSTRAP_ADMIN}`: the first member, as `email:password`, who owns the workspace.\n\n\
         ## The default file\n\n```toml\n{DEFAULT_FILE}```\n"
    ));
    page
}

#[cfg(test)]
mod tests {
    use super::{SETTINGS, entries, page};

    #[test]
    fn the_default_file_describes_every_setting_in_the_order_of_the_table() {
        let described: Vec<_> = entries().into_iter().map(|entry| entry.name).collect();
        let known: Vec<_> = SETTINGS.iter().map(|setting| setting.name.to_owned()).collect();
        assert_eq!(described, known);
        assert!(entries().iter().all(|entry| entry.comment.len() > 20));
    }

    #[test]
    fn the_page_on_configuration_is_up_to_date() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let stored = std::fs::read_to_string(file).unwrap_or_default();
        assert!(stored == page(), "docs/configuration.md is stale: run `make openapi`");
    }
}
