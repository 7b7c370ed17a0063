//! What wins, and what stops the start.

use std::collections::BTreeMap;
use std::io::Write;

use postil::db::Location;

use super::{Config, Flags, LogFormat};

fn load(flags: &[(&'static str, &str)], variables: &[(&str, &str)], file: Option<&str>) -> Result<Config, String> {
    let mut written = tempfile::NamedTempFile::new().unwrap();
    written.write_all(file.unwrap_or_default().as_bytes()).unwrap();
    let values: BTreeMap<_, _> = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let flags = Flags { file: file.map(|_| written.path().to_owned()), values };
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::load(&flags, variable)
        .map_err(|wrong| wrong.to_string().replace(&*written.path().to_string_lossy(), "FILE"))
}

#[test]
fn the_defaults_alone_are_a_whole_configuration() {
    let config = load(&[], &[], None).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:7700");
    assert_eq!(config.otlp_grpc.unwrap().to_string(), "127.0.0.1:4317");
    assert_eq!(config.limits.ingest_body, 16 << 20);
    assert_eq!(config.settings.string_limit, 3000);
    assert!(!config.settings.secure_cookies);
    assert!(matches!(config.location, Location::Sqlite(path) if path.ends_with("data/postil.db")));
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let file = Some("listen = \"127.0.0.1:1\"\notlp_grpc = \"127.0.0.1:1\"\n[log]\nformat = \"json\"\n");
    let variables = [("POSTIL_LISTEN", "127.0.0.1:2"), ("POSTIL_OTLP_GRPC", "off")];
    let config = load(&[("listen", "127.0.0.1:3")], &variables, file).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.otlp_grpc, None);
    assert_eq!(config.log_format, LogFormat::Json);
    assert_eq!(config.log_level, tracing::Level::INFO);
}

#[test]
fn a_wrong_value_is_named_with_its_source_and_what_is_allowed() {
    assert_eq!(
        load(&[], &[("POSTIL_LISTEN", "everywhere")], None).unwrap_err(),
        "listen: \"everywhere\" from the variable POSTIL_LISTEN is not allowed. It must be an address with a port, such as \
         127.0.0.1:7700."
    );
    assert_eq!(
        load(&[("log.level", "loud")], &[], None).unwrap_err(),
        "log.level: \"loud\" from the flag --log-level is not allowed. It must be error, warn, info, debug or trace."
    );
    assert_eq!(
        load(&[], &[], Some("string_limit = 0")).unwrap_err(),
        "string_limit: \"0\" from the file FILE is not allowed. It must be a whole number from 1 to 1000000."
    );
    assert_eq!(
        load(&[], &[], Some("listen = [1]")).unwrap_err(),
        "listen (from the file FILE) must be an address with a port, such as 127.0.0.1:7700."
    );
}

#[test]
fn an_unknown_setting_in_the_file_stops_the_start() {
    let wrong = load(&[], &[], Some("lisen = \"127.0.0.1:1\"")).unwrap_err();
    assert!(
        wrong.starts_with("the file FILE sets lisen, which is no setting. Known are listen, otlp_grpc,"),
        "{wrong}"
    );
    let nested = load(&[], &[], Some("[log]\ncolour = true")).unwrap_err();
    assert!(nested.contains("sets log.colour, which is no setting"), "{nested}");
    let group = load(&[], &[], Some("[listen]\nport = 1")).unwrap_err();
    assert!(group.starts_with("listen (from the file FILE) must be"), "{group}");
}

#[test]
fn a_secret_is_not_shown_when_it_is_wrong() {
    let wrong = load(&[], &[("DATABASE_URL", "mysql://root:hunter2@db")], None).unwrap_err();
    assert!(!wrong.contains("hunter2") && wrong.contains("DATABASE_URL"), "{wrong}");
}

#[test]
fn cookies_are_secure_by_themselves_when_the_public_url_is_https() {
    let secure = |variables: &[(&str, &str)]| load(&[], variables, None).unwrap().settings.secure_cookies;
    assert!(secure(&[("POSTIL_PUBLIC_URL", "https://postil.example.com/")]));
    assert!(!secure(&[("POSTIL_PUBLIC_URL", "http://postil.example.com")]));
    assert!(secure(&[("POSTIL_SECURE_COOKIES", "true")]));
}

#[test]
fn a_file_that_cannot_be_read_or_understood_stops_the_start() {
    let flags = Flags { file: Some("/nowhere/postil.toml".into()), ..Flags::default() };
    let missing = Config::load(&flags, |_| None).unwrap_err().to_string();
    assert!(missing.starts_with("The configuration file /nowhere/postil.toml cannot be read"), "{missing}");
    assert!(load(&[], &[], Some("listen = ")).unwrap_err().contains("is not valid TOML"));
}

#[test]
fn a_file_of_prices_replaces_the_built_in_ones_and_its_mistakes_are_named() {
    let mut written = tempfile::NamedTempFile::new().unwrap();
    let path = written.path().to_string_lossy().into_owned();
    let prices = |path: &str| load(&[], &[("POSTIL_PRICES", path)], None).map(|config| config.settings.prices);
    written.write_all(br#"{"models":[{"model":"house-1","input":1,"output":2}]}"#).unwrap();
    let table = prices(&path).unwrap();
    assert!(table.price("house-1").is_some() && table.price("gpt-4o").is_none());
    assert!(prices("").unwrap().price("gpt-4o").is_some());
    written.write_all(b"\n]").unwrap();
    let wrong = prices(&path).unwrap_err();
    let begin = format!("prices: the file {path} from the variable POSTIL_PRICES is no table of prices: ");
    assert!(wrong.starts_with(&begin) && wrong.contains("line 2"), "{wrong}");
    assert!(prices("/nowhere/prices.json").unwrap_err().contains("cannot be read"));
}
