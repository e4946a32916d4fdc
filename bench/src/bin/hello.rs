//! The least that actix-web can do: one answer of a few bytes, at the address given. The measure of what the
//! service adds to its framework.

use actix_web::{App, HttpServer, web};

async fn hello() -> &'static str {
    "hello"
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".into());
    HttpServer::new(|| App::new().default_service(web::to(hello)))
        .bind(address)?
        .run()
        .await
}
