//! `pz-server`: the service and the commands that look after it.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    match pz_server::commands::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "pz-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
