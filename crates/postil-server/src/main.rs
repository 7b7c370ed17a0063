//! The `postil` program.

fn main() -> std::process::ExitCode {
    postil_server::cli::main()
}
