//! `pz-server`: the service and the commands that look after it.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives memory back soon after a peak, and allocates faster than the system's: see decision 28.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    match Box::pin(pz_server::commands::run()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "pz-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
