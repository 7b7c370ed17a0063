//! The settings of the program: flags over environment over file over defaults, each remembering where it came from.

mod flags;
pub mod reference;
pub mod setting;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use postil::db::Location;
use postil::trace::price::PriceTable;

use crate::state::{Limits, Settings};
use crate::webhooks::network::Allowed;
pub use flags::Flags;
use setting::Setting;

/// The file that is both the defaults and their description.
pub const DEFAULT_FILE: &str = include_str!("../postil.default.toml");

/// The variable that names the configuration file.
pub const FILE_VARIABLE: &str = "POSTIL_CONFIG";

/// Variables that only an empty database is asked for; they are no settings.
pub const BOOTSTRAP_KEY: &str = "POSTIL_BOOTSTRAP_API_KEY";
/// See [`BOOTSTRAP_KEY`].
pub const BOOTSTRAP_ADMIN: &str = "POSTIL_BOOTSTRAP_ADMIN";

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

/// Everything that can be set, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// Where OTLP over gRPC is served, if it is.
    pub otlp_grpc: Option<SocketAddr>,
    /// The folder of the SQLite database.
    pub data: PathBuf,
    /// Where the data lives.
    pub location: Location,
    /// Limits of requests.
    pub limits: Limits,
    /// What handlers read.
    pub settings: Settings,
    /// How many connections may be open at a time.
    pub max_connections: usize,
    /// Threads that answer requests; 0: one a processor.
    pub worker_threads: usize,
    /// How long running requests may take to finish.
    pub shutdown_seconds: u64,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// The least important lines that are written.
    pub log_level: tracing::Level,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The default file.
    Default,
    /// A file of the operator.
    File(PathBuf),
    /// A variable of the environment.
    Variable(&'static str),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => write!(out, "the defaults"),
            Source::File(path) => write!(out, "the file {}", path.display()),
            Source::Variable(name) => write!(out, "the variable {name}"),
            Source::Flag(flag) => write!(out, "the flag --{flag}"),
        }
    }
}

/// Why the program does not start: sentences for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);

/// A value as it was given.
#[derive(Debug, Clone)]
struct Given {
    text: String,
    source: Source,
}

/// The values of all settings, before they are read.
struct Values(BTreeMap<&'static str, Given>);

impl Config {
    /// Collects and checks all settings.
    ///
    /// # Errors
    /// [`Wrong`] names the setting, where its value came from and what is allowed.
    pub fn load(flags: &Flags, variable: impl Fn(&str) -> Option<String>) -> Result<Config, Wrong> {
        let mut values = Values(BTreeMap::new());
        values.take_file(DEFAULT_FILE, &Source::Default)?;
        let file =
            flags.file.clone().or_else(|| variable(FILE_VARIABLE).filter(|text| !text.is_empty()).map(Into::into));
        if let Some(path) = file {
            let text = std::fs::read_to_string(&path).map_err(|cause| {
                Wrong(format!("The configuration file {} cannot be read: {cause}.", path.display()))
            })?;
            values.take_file(&text, &Source::File(path))?;
        }
        for setting in setting::SETTINGS {
            if let Some(text) = variable(setting.variable) {
                values.set(setting, text, Source::Variable(setting.variable));
            }
            if let Some(text) = flags.values.get(setting.name) {
                values.set(setting, text.clone(), Source::Flag(setting.flag()));
            }
        }
        values.read()
    }

    /// The file of the SQLite database in the data folder.
    pub fn sqlite_file(&self) -> PathBuf {
        sqlite_file(&self.data)
    }
}

fn sqlite_file(data: &Path) -> PathBuf {
    data.join("postil.db")
}

impl Values {
    fn set(&mut self, setting: &'static Setting, text: String, source: Source) {
        self.0.insert(setting.name, Given { text: text.trim().to_owned(), source });
    }

    fn take_file(&mut self, text: &str, source: &Source) -> Result<(), Wrong> {
        let table: toml::Table =
            text.parse().map_err(|cause| Wrong(format!("{source} is not valid TOML: {cause}").replace('\n', " ")))?;
        self.take_table("", &table, source)
    }

    fn take_table(&mut self, prefix: &str, table: &toml::Table, source: &Source) -> Result<(), Wrong> {
        for (key, value) in table {
            let name = format!("{prefix}{key}");
            let is_group = setting::SETTINGS.iter().any(|setting| setting.name.starts_with(&format!("{name}.")));
            match value {
                toml::Value::Table(inner) if is_group => self.take_table(&format!("{name}."), inner, source)?,
                _ => self.take_value(&name, value, source)?,
            }
        }
        Ok(())
    }

    fn take_value(&mut self, name: &str, value: &toml::Value, source: &Source) -> Result<(), Wrong> {
        let Some(setting) = Setting::find(name) else {
            let known: Vec<_> = setting::SETTINGS.iter().map(|setting| setting.name).collect();
            return Err(Wrong(format!("{source} sets {name}, which is no setting. Known are {}.", known.join(", "))));
        };
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            _ => return Err(Wrong(format!("{name} (from {source}) must be {}.", setting.allowed))),
        };
        self.set(setting, text, source.clone());
        Ok(())
    }

    /// One value, read; or the sentence that says what is wrong with it.
    fn get<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Wrong> {
        let (Some(setting), Some(given)) = (Setting::find(name), self.0.get(name)) else {
            return Err(Wrong(format!("The setting {name} has no default.")));
        };
        read(&given.text).ok_or_else(|| {
            let shown = if setting.secret { "its value".to_owned() } else { format!("\"{}\"", given.text) };
            Wrong(format!("{name}: {shown} from {} is not allowed. It must be {}.", given.source, setting.allowed))
        })
    }

    /// The prices of the operator's file, or those that come with the program.
    fn prices(&self) -> Result<PriceTable, Wrong> {
        let Some(given) = self.0.get("prices").filter(|given| !given.text.is_empty()) else {
            return Ok(PriceTable::built_in().clone());
        };
        let wrong = |what: String| Wrong(format!("prices: the file {} from {} {what}.", given.text, given.source));
        let text = std::fs::read_to_string(&given.text).map_err(|cause| wrong(format!("cannot be read: {cause}")))?;
        PriceTable::from_json(&text).map_err(|cause| wrong(format!("is no table of prices: {cause}")))
    }

    fn read(&self) -> Result<Config, Wrong> {
        let data = self.get("data", |text| (!text.is_empty()).then(|| PathBuf::from(text)))?;
        let database_url = self.get("database_url", |text| {
            let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
            (text.is_empty() || is_postgres).then(|| text.to_owned())
        })?;
        let location = if database_url.is_empty() {
            Location::Sqlite(sqlite_file(&data))
        } else {
            Location::Postgres(database_url)
        };
        let public_url =
            self.get("public_url", |text| if text.is_empty() { Some(None) } else { setting::url(text).map(Some) })?;
        let is_https = public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
        Ok(Config {
            listen: self.get("listen", setting::address)?,
            otlp_grpc: self.get("otlp_grpc", |text| match text {
                "off" => Some(None),
                _ => setting::address(text).map(Some),
            })?,
            data,
            location,
            limits: Limits {
                body: self.get("body_limit", setting::size)?,
                ingest_body: self.get("ingest_body_limit", setting::size)?,
            },
            settings: Settings {
                string_limit: self.get("string_limit", |text| setting::number(text, 1, 1_000_000))?,
                secure_cookies: self.get("secure_cookies", |text| match text {
                    "auto" => Some(is_https),
                    _ => text.parse().ok(),
                })?,
                public_url,
                prices: Arc::new(self.prices()?),
                webhook_networks: self.get("webhook_networks", Allowed::parse)?,
            },
            max_connections: self.get("max_connections", |text| setting::number(text, 16, 1_000_000))?,
            worker_threads: self.get("worker_threads", |text| setting::number(text, 0, 1024))?,
            shutdown_seconds: self.get("shutdown_seconds", |text| setting::number(text, 0, 3600))? as u64,
            log_format: self.get("log.format", |text| match text {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            })?,
            log_level: self.get("log.level", |text| match text {
                "error" | "warn" | "info" | "debug" | "trace" => text.parse().ok(),
                _ => None,
            })?,
        })
    }
}

#[cfg(test)]
mod tests;
