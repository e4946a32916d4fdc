//! What may be set of the limits. Each is switched off by 0, but for the times, which end every wait.

use anyhow::bail;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};
use pz_model::api::RateLimits;

/// How much one client may ask of the service, and how slowly.
#[derive(Debug, Clone, Args)]
pub struct LimitSettings {
    /// Whether sign-ins, requests and upload starts are counted and refused when they are too many: `on`, or
    /// `off` for tests and measurements.
    #[arg(long, env = "PZ_RATE_LIMITS", default_value = "on", action = ArgAction::Set, value_parser = BoolishValueParser::new(), value_name = "on|off")]
    pub rate_limits: bool,

    /// Failed sign-ins a minute from one address, and for one username. 0 is no limit.
    #[arg(
        long,
        env = "PZ_SIGN_INS_PER_MINUTE",
        default_value_t = 5,
        value_name = "NUMBER"
    )]
    pub sign_ins_per_minute: u32,

    /// Failed sign-ins an hour from one address, and for one username. 0 is no limit.
    #[arg(
        long,
        env = "PZ_SIGN_INS_PER_HOUR",
        default_value_t = 30,
        value_name = "NUMBER"
    )]
    pub sign_ins_per_hour: u32,

    /// Requests a minute to the API from one address without valid credentials. 0 is no limit.
    #[arg(
        long,
        env = "PZ_ANONYMOUS_REQUESTS_PER_MINUTE",
        default_value_t = 120,
        value_name = "NUMBER"
    )]
    pub anonymous_requests_per_minute: u32,

    /// Requests a minute to the API by one user. 0 is no limit.
    #[arg(
        long,
        env = "PZ_REQUESTS_PER_MINUTE",
        default_value_t = 600,
        value_name = "NUMBER"
    )]
    pub requests_per_minute: u32,

    /// Uploads that one user may begin an hour, saved up for a day. 0 is no limit.
    #[arg(
        long,
        env = "PZ_UPLOAD_STARTS_PER_HOUR",
        default_value_t = 30,
        value_name = "NUMBER"
    )]
    pub upload_starts_per_hour: u32,

    /// Requests of one user that bring bytes of files at once. 0 is no limit.
    #[arg(long, env = "PZ_UPLOADS_AT_ONCE", default_value_t = 16, value_name = "NUMBER")]
    pub uploads_at_once: u32,

    /// Resumable uploads that one user may have unfinished. 0 is no limit.
    #[arg(
        long,
        env = "PZ_UNFINISHED_UPLOADS",
        default_value_t = 100,
        value_name = "NUMBER"
    )]
    pub unfinished_uploads: u32,

    /// Processes of one user that wait or run. 0 is no limit.
    #[arg(
        long,
        env = "PZ_PROCESSES_AT_ONCE",
        default_value_t = 20,
        value_name = "NUMBER"
    )]
    pub processes_at_once: u32,

    /// Streams of events that one user may have open. 0 is no limit.
    #[arg(
        long,
        env = "PZ_EVENT_STREAMS_AT_ONCE",
        default_value_t = 16,
        value_name = "NUMBER"
    )]
    pub event_streams_at_once: u32,

    /// Connections at once, over all addresses; further ones wait until one ends.
    #[arg(
        long,
        env = "PZ_MAX_CONNECTIONS",
        default_value_t = 4096,
        value_name = "NUMBER"
    )]
    pub max_connections: u32,

    /// Time that a client has to send the head of a request, in seconds.
    #[arg(long, env = "PZ_HEAD_TIMEOUT_S", default_value_t = 10, value_name = "SECONDS")]
    pub head_timeout_s: u32,

    /// Time that an idle connection is kept, in seconds.
    #[arg(long, env = "PZ_KEEP_ALIVE_S", default_value_t = 30, value_name = "SECONDS")]
    pub keep_alive_s: u32,

    /// Time in which the body of a request must have come; of one that brings a file, the longest silence
    /// between its bytes. In seconds.
    #[arg(long, env = "PZ_BODY_TIMEOUT_S", default_value_t = 30, value_name = "SECONDS")]
    pub body_timeout_s: u32,

    /// Time after which the connection of a client that takes no byte of its answer is closed, in seconds.
    #[arg(
        long,
        env = "PZ_WRITE_TIMEOUT_S",
        default_value_t = 60,
        value_name = "SECONDS"
    )]
    pub write_timeout_s: u32,
}

impl LimitSettings {
    /// Checks what can be checked without side effects.
    ///
    /// # Errors
    /// Names the setting, its value and the remedy.
    pub fn validate(&self) -> anyhow::Result<()> {
        for (key, value) in [
            ("max_connections", self.max_connections),
            ("head_timeout_s", self.head_timeout_s),
            ("keep_alive_s", self.keep_alive_s),
            ("body_timeout_s", self.body_timeout_s),
            ("write_timeout_s", self.write_timeout_s),
        ] {
            if value == 0 {
                bail!("{key} is 0: give at least 1");
            }
        }
        Ok(())
    }

    /// A rate, unless it is switched off.
    pub(crate) fn rate(&self, number: u32) -> Option<u32> {
        Some(number).filter(|&number| self.rate_limits && number > 0)
    }

    /// What clients are told of it.
    pub(crate) fn told(&self) -> RateLimits {
        let at_once = |number: u32| Some(number).filter(|&number| number > 0);
        RateLimits {
            requests_per_minute: self.rate(self.requests_per_minute),
            anonymous_requests_per_minute: self.rate(self.anonymous_requests_per_minute),
            sign_ins_per_minute: self.rate(self.sign_ins_per_minute),
            sign_ins_per_hour: self.rate(self.sign_ins_per_hour),
            upload_starts_per_hour: self.rate(self.upload_starts_per_hour),
            uploads_at_once: at_once(self.uploads_at_once),
            unfinished_uploads: at_once(self.unfinished_uploads),
            processes_at_once: at_once(self.processes_at_once),
            event_streams_at_once: at_once(self.event_streams_at_once),
        }
    }

    /// The values in force, by their keys.
    pub(crate) fn values(&self) -> Vec<(&'static str, Option<toml::Value>)> {
        let number = |value: u32| Some(toml::Value::Integer(i64::from(value)));
        vec![
            ("rate_limits", Some(toml::Value::Boolean(self.rate_limits))),
            ("sign_ins_per_minute", number(self.sign_ins_per_minute)),
            ("sign_ins_per_hour", number(self.sign_ins_per_hour)),
            (
                "anonymous_requests_per_minute",
                number(self.anonymous_requests_per_minute),
            ),
            ("requests_per_minute", number(self.requests_per_minute)),
            ("upload_starts_per_hour", number(self.upload_starts_per_hour)),
            ("uploads_at_once", number(self.uploads_at_once)),
            ("unfinished_uploads", number(self.unfinished_uploads)),
            ("processes_at_once", number(self.processes_at_once)),
            ("event_streams_at_once", number(self.event_streams_at_once)),
            ("max_connections", number(self.max_connections)),
            ("head_timeout_s", number(self.head_timeout_s)),
            ("keep_alive_s", number(self.keep_alive_s)),
            ("body_timeout_s", number(self.body_timeout_s)),
            ("write_timeout_s", number(self.write_timeout_s)),
        ]
    }
}
