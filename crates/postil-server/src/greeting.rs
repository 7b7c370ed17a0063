//! What a start tells the person before the terminal: where it listens, how to get in, and how to send the first trace.

use std::net::SocketAddr;

use postil::human_review;
use postil::project::start::Home;
use postil::project::{Role, caller, key, member, operator, password, start};
use postil::{Clock, Error, Result, Tx};

use crate::config::{BOOTSTRAP_ADMIN, BOOTSTRAP_KEY};

/// What the environment brings for an empty database.
#[derive(Debug, Clone, Default)]
pub struct Bootstrap {
    /// An API key with all scopes.
    key: Option<String>,
    /// Email and password hash of the first member.
    admin: Option<(String, String)>,
}

/// The shortest key that is taken from the environment: shorter ones can be guessed.
const SHORTEST_KEY: usize = 20;

impl Bootstrap {
    /// Reads and checks the two variables.
    ///
    /// # Errors
    /// A sentence that names the variable, never its value.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Bootstrap> {
        let given = |name| variable(name).filter(|text| !text.is_empty());
        let key = given(BOOTSTRAP_KEY);
        if key.as_ref().is_some_and(|key| key.len() < SHORTEST_KEY || key.contains(|c: char| !c.is_ascii_graphic())) {
            let message = format!("{BOOTSTRAP_KEY} must be at least {SHORTEST_KEY} visible ASCII characters.");
            return Err(Error::invalid("invalid_setting", message));
        }
        let admin = given(BOOTSTRAP_ADMIN).map(|text| {
            let wrong = || Error::invalid("invalid_setting", format!("{BOOTSTRAP_ADMIN} must be email:password."));
            let (email, password) = text.split_once(':').ok_or_else(wrong)?;
            let hash = password::hash(password)
                .map_err(|cause| Error::invalid("invalid_setting", format!("{BOOTSTRAP_ADMIN}: {cause}")))?;
            Ok((email.to_owned(), hash))
        });
        Ok(Bootstrap { key, admin: admin.transpose()? })
    }

    /// Whether the environment names the first member: somebody else holds the password, so no link is shown.
    pub fn has_owner(&self) -> bool {
        self.admin.is_some()
    }
}

/// What the start brought into an empty database, and what is to be shown.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The default workspace and project.
    pub home: Home,
    /// The first API key, if this start made one; it is shown once.
    pub new_key: Option<String>,
    /// Whether this is the first start.
    pub is_first: bool,
    /// The token of a one-time sign-in link for the owner, if there is one.
    pub sign_in_token: Option<String>,
}

/// Makes the first workspace, project, key and owner where they are missing.
pub fn arrive(
    tx: &mut Tx<'_>,
    clock: &Clock,
    bootstrap: &Bootstrap,
    fresh_key: &str,
    wants_link: bool,
) -> Result<Arrival> {
    let home = human_review::home(tx, clock)?;
    let lacking = operator::lacking(tx, &home)?;
    let mut new_key = None;
    if lacking.keys {
        match &bootstrap.key {
            Some(token) => drop(start::bootstrap_key(tx, clock, &home, token)?),
            None => {
                insert_first_key(tx, clock, &home, fresh_key)?;
                new_key = Some(fresh_key.to_owned());
            }
        }
    }
    if lacking.members {
        let (email, hash) = match &bootstrap.admin {
            Some((email, hash)) => (email.as_str(), Some(hash.as_str())),
            None => ("owner@localhost", None),
        };
        member::add(tx, clock, &home.workspace_id, email, "Owner", hash, Some(Role::Owner))?;
    }
    let sign_in_token = match operator::owner(tx)? {
        Some(id) if wants_link || (lacking.members && !bootstrap.has_owner()) => {
            Some(member::sign_in_link(tx, clock, &id)?)
        }
        _ => None,
    };
    Ok(Arrival { home, new_key, is_first: lacking.keys || lacking.members, sign_in_token })
}

/// The key that is shown on the first start. Administration is for people who sign in, so it has no such scope.
fn insert_first_key(tx: &mut Tx<'_>, clock: &Clock, home: &Home, token: &str) -> Result<()> {
    let new = key::NewKey {
        name: "first start".into(),
        workspace_id: home.workspace_id.clone(),
        project_id: Some(home.project.id.clone()),
        scopes: caller::SCOPES.iter().filter(|scope| **scope != "admin").map(ToString::to_string).collect(),
        permission_mode: "restricted".into(),
        access: "{}".into(),
        expires_at: None,
        created_by: "postil".into(),
    };
    key::insert(tx, clock, token, &new).map(drop)
}

/// The address a person types: an address for every interface is none.
pub fn base_url(public_url: Option<&str>, listening: SocketAddr) -> String {
    match public_url {
        Some(url) => url.to_owned(),
        None if listening.ip().is_unspecified() => format!("http://127.0.0.1:{}", listening.port()),
        None => format!("http://{listening}"),
    }
}

/// The page that takes the token of a one-time link.
pub fn sign_in_url(base: &str, token: &str) -> String {
    format!("{base}/sign-in#token={token}")
}

/// The lines of the greeting.
pub fn lines(arrival: &Arrival, base: &str) -> Vec<String> {
    let mut lines = vec![String::new(), format!("Postil is at      {base}")];
    if let Some(token) = &arrival.sign_in_token {
        lines.push(format!("Sign in (once)    {}", sign_in_url(base, token)));
    }
    if let Some(key) = &arrival.new_key {
        lines.extend([
            format!("API key           {key}"),
            "                  It is not shown again; `postil key create` makes another.".into(),
            String::new(),
            "Point an OpenTelemetry application at it:".into(),
            format!("  export OTEL_EXPORTER_OTLP_ENDPOINT={base}"),
            format!("  export OTEL_EXPORTER_OTLP_HEADERS=\"Authorization=Bearer%20{key}\""),
            "  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf".into(),
            String::new(),
            "Point an orq SDK at it (in code: server_url, serverURL):".into(),
            format!("  export ORQ_API_URL={base}"),
            format!("  export ORQ_API_KEY={key}"),
        ]);
    } else if arrival.is_first {
        lines.push(format!("API key           the one of {BOOTSTRAP_KEY}"));
    }
    lines.push(String::new());
    lines
}

#[cfg(test)]
mod tests {
    use super::{Bootstrap, base_url};

    fn read(name: &str, value: &str) -> Result<Bootstrap, String> {
        Bootstrap::read(|wanted| (wanted == name).then(|| value.to_owned())).map_err(|cause| cause.to_string())
    }

    #[test]
    fn a_weak_bootstrap_is_refused_by_name_and_never_by_value() {
        for (name, value) in [
            ("POSTIL_BOOTSTRAP_API_KEY", "hunter2"),
            ("POSTIL_BOOTSTRAP_API_KEY", "sk-orq-with spaces and more"),
            ("POSTIL_BOOTSTRAP_ADMIN", "hunter2"),
            ("POSTIL_BOOTSTRAP_ADMIN", "a@example.com:hunter2"),
        ] {
            let wrong = read(name, value).unwrap_err();
            assert!(wrong.contains(name) && !wrong.contains("hunter2"), "{wrong}");
        }
        assert!(read("POSTIL_BOOTSTRAP_ADMIN", "a@example.com:correct horse: battery").is_ok());
    }

    #[test]
    fn an_address_for_every_interface_is_shown_as_one_that_can_be_typed() {
        assert_eq!(base_url(None, "0.0.0.0:7700".parse().unwrap()), "http://127.0.0.1:7700");
        assert_eq!(base_url(None, "[::1]:7700".parse().unwrap()), "http://[::1]:7700");
        assert_eq!(base_url(Some("https://p.example.com"), "0.0.0.0:1".parse().unwrap()), "https://p.example.com");
    }
}
