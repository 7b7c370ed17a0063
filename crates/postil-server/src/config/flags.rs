//! One flag for every setting, from the one table.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command, Error, FromArgMatches};

use super::FILE_VARIABLE;
use super::reference;
use super::setting::{SETTINGS, Setting};

/// What the command line says about settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// The values that were given, by the name of the setting.
    pub values: BTreeMap<&'static str, String>,
}

impl clap::Args for Flags {
    fn augment_args(command: Command) -> Command {
        let help = format!("The configuration file [environment: {FILE_VARIABLE}]");
        let mut command = command
            .next_help_heading("Settings")
            .arg(Arg::new("config").long("config").value_name("FILE").help(help).global(true));
        for (setting, entry) in SETTINGS.iter().zip(reference::entries()) {
            command = command.arg(flag(setting, &entry));
        }
        command.next_help_heading(None)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Flags::augment_args(command)
    }
}

fn flag(setting: &'static Setting, entry: &reference::Entry) -> Arg {
    let default = if entry.default.is_empty() { String::new() } else { format!(", default: {}", entry.default) };
    Arg::new(setting.name)
        .long(setting.flag())
        .value_name("VALUE")
        .help(format!("{} [environment: {}{default}]", entry.summary(), setting.variable))
        .allow_hyphen_values(true)
        .global(true)
        // The summary of `postil --help` would drown in them.
        .hide_short_help(!matches!(setting.name, "listen" | "otlp_grpc" | "data" | "database_url"))
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Flags, Error> {
        let mut flags = Flags::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let given = |name: &str| {
            matches.try_get_one::<String>(name).map_err(|cause| Error::raw(ErrorKind::InvalidValue, cause))
        };
        self.file = given("config")?.map(PathBuf::from);
        for setting in SETTINGS {
            if let Some(text) = given(setting.name)? {
                self.values.insert(setting.name, text.clone());
            }
        }
        Ok(())
    }
}
