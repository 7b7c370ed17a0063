//! What API keys may do: from the words clients use to our scopes. Pure.
//!
//! Clients say `permission_mode` and, for restricted keys, one level for each domain:
//!
//! | they say | the key's scopes |
//! |---|---|
//! | `all` | ingest, annotate, read, admin |
//! | `read_only` | read |
//! | `restricted`, any domain `read` | read |
//! | `restricted`, `traces: write` | ingest, read |
//! | `restricted`, `annotations: write` | annotate, read |
//! | `restricted`, `administration: write` | admin, read |
//!
//! A level holds what stands below it, so `write` reads as well. A key that only writes is made with `scopes`.

use std::collections::BTreeMap;

use super::caller::SCOPES;
use crate::error::{Error, Result};

/// A domain of restricted keys.
#[derive(Debug, Clone, Copy)]
pub struct Domain {
    /// Its name in `access`.
    pub id: &'static str,
    /// Its name for people.
    pub display_name: &'static str,
    /// The scope that `write` gives.
    pub scope: &'static str,
    /// Whether it is about the workspace rather than about data.
    pub administrative: bool,
}

/// Every domain, in the order of the catalogue.
pub const DOMAINS: [Domain; 3] = [
    Domain { id: "administration", display_name: "Administration", scope: "admin", administrative: true },
    Domain { id: "annotations", display_name: "Annotations and feedback", scope: "annotate", administrative: false },
    Domain { id: "traces", display_name: "Traces", scope: "ingest", administrative: false },
];

/// What a key is asked to be allowed, in either language.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// `all`, `restricted`, `read_only`, or the same as an enumeration constant.
    pub permission_mode: Option<String>,
    /// Levels by domain.
    pub access: Option<BTreeMap<String, String>>,
    /// Our own scopes, in place of both.
    pub scopes: Option<Vec<String>>,
}

/// What a key is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Some of [`SCOPES`], in their order.
    pub scopes: Vec<String>,
    /// `all`, `restricted` or `read_only`.
    pub permission_mode: String,
    /// Levels by domain; empty unless restricted.
    pub levels: BTreeMap<String, String>,
}

impl Wanted {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.permission_mode.is_none() && self.access.is_none() && self.scopes.is_none()
    }

    /// What the words mean; a key of which nothing is said may do everything its creator may.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the field that cannot be understood.
    pub fn resolve(&self) -> Result<Access> {
        if let Some(scopes) = &self.scopes {
            if self.permission_mode.is_some() || self.access.is_some() {
                let message = "Give scopes, or permission_mode and access, not both.";
                return Err(Error::field("invalid_access", "scopes", message));
            }
            return of_scopes(scopes);
        }
        let implied = if self.access.is_some() { "restricted" } else { "all" };
        let said = self.permission_mode.as_deref().unwrap_or(implied);
        let mode = said.strip_prefix("PERMISSION_MODE_").map_or_else(|| said.to_owned(), str::to_lowercase);
        let scopes = match (mode.as_str(), &self.access) {
            ("all", _) => in_order(&SCOPES),
            ("read_only", _) => in_order(&["read"]),
            ("restricted", Some(levels)) => of_levels(levels)?,
            ("restricted", None) => {
                return Err(Error::field("invalid_access", "access", "A restricted key needs access, by domain."));
            }
            _ => {
                let message = format!("Invalid value: {said}. Valid options are: all, restricted, read_only.");
                return Err(Error::field("invalid_value", "permission_mode", message));
            }
        };
        let levels = if mode == "restricted" { self.access.clone().unwrap_or_default() } else { BTreeMap::new() };
        Ok(Access { scopes, permission_mode: mode, levels })
    }
}

fn of_levels(levels: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let mut scopes = Vec::new();
    for (id, level) in levels {
        let field = format!("access.{id}");
        if !["none", "read", "write"].contains(&level.as_str()) {
            let message = format!("Invalid value: {level}. Valid options are: none, read, write.");
            return Err(Error::field("invalid_value", field, message));
        }
        if level == "none" {
            continue;
        }
        let Some(domain) = DOMAINS.iter().find(|domain| domain.id == id) else {
            let known: Vec<_> = DOMAINS.iter().map(|domain| domain.id).collect();
            let message = format!("Invalid value: {id}. Valid options are: {}.", known.join(", "));
            return Err(Error::field("invalid_value", field, message));
        };
        scopes.push("read");
        if level == "write" {
            scopes.push(domain.scope);
        }
    }
    Ok(in_order(&scopes))
}

fn of_scopes(given: &[String]) -> Result<Access> {
    for (at, scope) in given.iter().enumerate() {
        if !SCOPES.contains(&scope.as_str()) {
            let message = format!("Invalid value: {scope}. Valid options are: {}.", SCOPES.join(", "));
            return Err(Error::field("invalid_value", format!("scopes[{at}]"), message));
        }
    }
    if given.is_empty() {
        return Err(Error::field("invalid_value", "scopes", "A key needs at least one scope."));
    }
    let scopes = in_order(&given.iter().map(String::as_str).collect::<Vec<_>>());
    let permission_mode = match scopes.as_slice() {
        all if all.len() == SCOPES.len() => "all",
        [only] if only == "read" => "read_only",
        _ => "restricted",
    };
    let mut levels = BTreeMap::new();
    if permission_mode == "restricted" {
        let reads = scopes.iter().any(|scope| scope == "read");
        for domain in DOMAINS {
            let level = match scopes.iter().any(|scope| scope == domain.scope) {
                true => "write",
                false if reads => "read",
                false => "none",
            };
            levels.insert(domain.id.to_owned(), level.to_owned());
        }
    }
    Ok(Access { scopes, permission_mode: permission_mode.into(), levels })
}

fn in_order(wanted: &[&str]) -> Vec<String> {
    SCOPES.iter().filter(|scope| wanted.contains(scope)).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(mode: Option<&str>, access: &[(&str, &str)]) -> Wanted {
        let access =
            access.iter().map(|(id, level)| ((*id).to_owned(), (*level).to_owned())).collect::<BTreeMap<_, _>>();
        Wanted { permission_mode: mode.map(Into::into), access: (!access.is_empty()).then_some(access), scopes: None }
    }

    #[test]
    fn the_words_of_clients_become_scopes() {
        let none: &[(&str, &str)] = &[];
        for (mode, access, scopes) in [
            (None, none, "ingest annotate read admin"),
            (Some("all"), none, "ingest annotate read admin"),
            (Some("PERMISSION_MODE_ALL"), none, "ingest annotate read admin"),
            (Some("read_only"), none, "read"),
            (Some("PERMISSION_MODE_READ_ONLY"), none, "read"),
            (Some("restricted"), &[("traces", "write")][..], "ingest read"),
            (None, &[("annotations", "write"), ("traces", "none")], "annotate read"),
            (Some("restricted"), &[("administration", "read")], "read"),
            (Some("restricted"), &[("whatever", "none")], ""),
        ] {
            assert_eq!(wanted(mode, access).resolve().unwrap().scopes.join(" "), scopes, "{mode:?} {access:?}");
        }
    }

    #[test]
    fn words_that_mean_nothing_are_refused_by_name() {
        for (mode, access, field) in [
            (Some("restricted"), &[] as &[_], "access"),
            (Some("everything"), &[], "permission_mode"),
            (None, &[("traces", "rw")], "access.traces"),
            (None, &[("models", "read")], "access.models"),
        ] {
            match wanted(mode, access).resolve() {
                Err(Error::Invalid { field: Some(named), .. }) => assert_eq!(named, field),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn scopes_stand_alone() {
        let scopes = |list: &[&str]| Some(list.iter().map(ToString::to_string).collect());
        let ingest = Wanted { scopes: scopes(&["ingest"]), ..Wanted::default() }.resolve().unwrap();
        assert_eq!((ingest.scopes.join(" "), ingest.permission_mode.as_str()), ("ingest".into(), "restricted"));
        assert_eq!(ingest.levels["traces"], "write");
        assert_eq!(ingest.levels["annotations"], "none");
        assert!(Wanted { scopes: scopes(&["root"]), ..Wanted::default() }.resolve().is_err());
        assert!(Wanted { scopes: scopes(&[]), ..Wanted::default() }.resolve().is_err());
        assert!(Wanted { scopes: scopes(&["read"]), ..wanted(Some("all"), &[]) }.resolve().is_err());
    }
}
