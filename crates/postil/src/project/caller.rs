//! Who calls, in which project, and what they may do there.

use crate::error::{Error, Result};

/// One thing a caller may be allowed to do in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Permission {
    /// Send traces, logs and metrics.
    Ingest = 1,
    /// Say what one thinks of a span: annotations, feedback, corrections.
    Annotate = 2,
    /// Read traces, annotations and definitions.
    Read = 4,
    /// Change what is asked: human reviews and their sets.
    Define = 8,
    /// Change who may do what: members, keys, projects, workspace.
    Admin = 16,
    /// Judge the items of annotation queues.
    Review = 32,
}

/// A set of [`Permission`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Permissions(u8);

impl Permissions {
    /// Everything.
    pub const ALL: Permissions = Permissions(63);

    /// The set of these.
    pub fn of(permissions: &[Permission]) -> Permissions {
        Permissions(permissions.iter().fold(0, |set, permission| set | *permission as u8))
    }

    /// The names of what the set holds, for screens.
    pub fn names(self) -> Vec<&'static str> {
        use Permission::{Admin, Annotate, Define, Ingest, Read, Review};
        let names = [
            (Ingest, "ingest"),
            (Annotate, "annotate"),
            (Review, "review"),
            (Read, "read"),
            (Define, "define"),
            (Admin, "admin"),
        ];
        names.into_iter().filter(|(permission, _)| self.has(*permission)).map(|(_, name)| name).collect()
    }

    /// Whether the set holds everything that `other` holds.
    pub fn covers(self, other: Permissions) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set holds `permission`.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & permission as u8 != 0
    }

    /// What an API key with these scopes may do. The scope `admin` holds everything but ingest and annotate, which a
    /// key must name.
    pub fn of_scopes(scopes: &[String]) -> Permissions {
        let mut set = Permissions::default();
        for scope in scopes {
            set.0 |= match scope.as_str() {
                "ingest" => Permission::Ingest as u8,
                "annotate" => Permission::Annotate as u8 | Permission::Review as u8,
                "read" => Permission::Read as u8,
                "admin" => Permission::Read as u8 | Permission::Define as u8 | Permission::Admin as u8,
                _ => 0,
            };
        }
        set
    }
}

/// The scopes an API key can have.
pub const SCOPES: [&str; 4] = ["ingest", "annotate", "read", "admin"];

/// What a member is in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Judges the items of annotation queues, and sees nothing else.
    Reviewer,
    /// Reads, annotates, sends traces and defines what is asked.
    Developer,
    /// Everything but handing over the workspace.
    Admin,
    /// Everything.
    Owner,
}

impl Role {
    /// Reads a role as it is stored and sent.
    pub fn parse(text: &str) -> Option<Role> {
        Some(match text {
            "viewer" => Role::Viewer,
            "reviewer" => Role::Reviewer,
            "developer" => Role::Developer,
            "admin" => Role::Admin,
            "owner" => Role::Owner,
            _ => return None,
        })
    }

    /// The role as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Reviewer => "reviewer",
            Role::Developer => "developer",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }

    /// What a member of this role may do.
    pub fn permissions(self) -> Permissions {
        use Permission::{Annotate, Define, Ingest, Read, Review};
        match self {
            Role::Viewer => Permissions::of(&[Read]),
            Role::Reviewer => Permissions::of(&[Review]),
            Role::Developer => Permissions::of(&[Read, Annotate, Review, Ingest, Define]),
            Role::Admin | Role::Owner => Permissions::ALL,
        }
    }
}

/// The project a call is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ProjectRef {
    /// The id that clients see.
    pub id: String,
    /// The small number that telemetry tables carry.
    pub number: i64,
}

/// Who does something: shown beside every change they make.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Actor {
    /// A program with an API key.
    Key {
        /// The key's id.
        id: String,
        /// The key's name.
        name: String,
    },
    /// A person who signed in.
    Member {
        /// The member's id.
        id: String,
        /// The member's name.
        name: String,
    },
}

impl Actor {
    /// The id for `created_by_id` and its like; never empty, as clients require.
    pub fn id(&self) -> &str {
        match self {
            Actor::Key { id, .. } | Actor::Member { id, .. } => id,
        }
    }

    /// The actor as the history stores it: `key:…` or `member:…`.
    pub fn reference(&self) -> String {
        match self {
            Actor::Key { id, .. } => format!("key:{id}"),
            Actor::Member { id, .. } => format!("member:{id}"),
        }
    }
}

/// An authenticated caller in the project they speak to. Every verb takes one.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Caller {
    /// The workspace they belong to; error texts name it.
    pub workspace_id: String,
    /// The project this call is about.
    pub project: ProjectRef,
    /// The one project this call reaches: of an API key that is bound to one, or of a member whose roles are given
    /// project by project. None when the caller speaks for the whole workspace.
    pub bound_to: Option<String>,
    /// Who they are.
    pub actor: Actor,
    /// What they may do in `project`.
    pub permissions: Permissions,
    /// The client's own name for itself, from `User-Agent`, at most 200 characters.
    pub client: Option<String>,
}

impl Caller {
    /// Refuses callers who may not do this.
    ///
    /// # Errors
    /// [`Error::Forbidden`] with what is missing.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.permissions.has(permission) {
            return Ok(());
        }
        let needed = match permission {
            Permission::Ingest => "send traces (scope ingest)",
            Permission::Annotate => "annotate (scope annotate)",
            Permission::Read => "read (scope read)",
            Permission::Define => "change human reviews (scope admin, role developer)",
            Permission::Review => "review (scope annotate, role reviewer)",
            Permission::Admin => "administer this workspace (scope admin, role admin)",
        };
        Err(Error::Forbidden(format!("You are not allowed to {needed} in this project.")))
    }

    /// Refuses callers who may not administer the whole workspace.
    pub fn require_workspace_admin(&self) -> Result<()> {
        self.require(Permission::Admin)?;
        if self.bound_to.is_some() {
            return Err(Error::Forbidden(
                "This needs a key or a role for the whole workspace, not for one project.".into(),
            ));
        }
        Ok(())
    }
}
