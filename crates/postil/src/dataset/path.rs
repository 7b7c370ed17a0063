//! Where a dataset stands: `Project name/folder/…` (contract A.6).

use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::{Caller, ProjectRef, projects};

const MOST: usize = 500;
const MOST_FOLDERS: usize = 20;

/// A project and a folder in it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) project: ProjectRef,
    pub(super) folder: String,
}

/// Reads a path for a caller. Whoever reaches the whole workspace begins it with a project's name; whoever speaks to one
/// project may leave that out. An empty path is the top of the caller's project.
pub(super) fn resolve(tx: &mut Tx<'_>, caller: &Caller, path: &str) -> Result<Place> {
    let folders = folders(path)?;
    let Some(first) = folders.first() else {
        return Ok(Place { project: caller.project.clone(), folder: String::new() });
    };
    let known = projects::list(tx, caller)?;
    let same = |name: &str| name.to_lowercase() == first.to_lowercase();
    let named = known.into_iter().find(|project| same(&project.name) || same(&project.key));
    let only = super::bound(caller);
    match (named, only) {
        (Some(project), None) => Ok(Place { project: project.reference, folder: folders[1..].join("/") }),
        (Some(project), Some(only)) if project.reference.id == only => {
            Ok(Place { project: project.reference, folder: folders[1..].join("/") })
        }
        (_, Some(_)) => Ok(Place { project: caller.project.clone(), folder: folders.join("/") }),
        (None, None) => {
            let message =
                format!("path begins with the name of a project; this workspace has none with the name \"{first}\".");
            Err(Error::field("project_not_found", "path", message))
        }
    }
}

fn folders(path: &str) -> Result<Vec<String>> {
    let wrong = |message: String| Err(Error::field("invalid_path", "path", message));
    if path.chars().count() > MOST {
        return wrong(format!("path must be at most {MOST} characters long."));
    }
    let folders: Vec<_> =
        path.split('/').map(str::trim).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect();
    if folders.len() > MOST_FOLDERS {
        return wrong(format!("path must be at most {MOST_FOLDERS} folders deep."));
    }
    if folders.iter().any(|name| name == "." || name == ".." || name.chars().any(char::is_control)) {
        return wrong("path must be made of plain names, such as \"Project/folder\".".into());
    }
    Ok(folders)
}
