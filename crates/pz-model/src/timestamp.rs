//! Points in time as the API writes them: UTC, ISO 8601, microseconds.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time in UTC with a resolution of one microsecond, the finest that every supported
/// database keeps.
///
/// Written as `2026-11-20T09:31:47.756983Z`; the fraction is left out when it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The current time, cut to microseconds.
    pub fn now() -> Self {
        Self::from(Utc::now())
    }

    /// The same instant as chrono's type, for arithmetic.
    pub fn to_utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Only the date, `YYYY-MM-DD` (UTC).
    pub fn date_text(self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }

    /// With a numeric offset and quotes left to the caller: `2026-11-20T09:37:37.146230+00:00`.
    pub fn to_offset_text(self) -> String {
        self.0.to_rfc3339_opts(self.precision(), false)
    }

    fn precision(self) -> SecondsFormat {
        if self.0.timestamp_subsec_micros() == 0 {
            SecondsFormat::Secs
        } else {
            SecondsFormat::Micros
        }
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.trunc_subsecs(6))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(self.precision(), true))
    }
}

impl FromStr for Timestamp {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(
            DateTime::parse_from_rfc3339(text)?.with_timezone(&Utc),
        ))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("UTC, ISO 8601, microseconds"))
            .examples([serde_json::json!("2026-11-20T09:31:47.756983Z")])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fraction_has_six_digits_or_is_absent() {
        let with: Timestamp = "2026-11-20T09:31:47.7569831Z".parse().unwrap();
        assert_eq!(with.to_string(), "2026-11-20T09:31:47.756983Z");
        let short: Timestamp = "2026-11-20T09:31:47.5Z".parse().unwrap();
        assert_eq!(short.to_string(), "2026-11-20T09:31:47.500000Z");
        let without: Timestamp = "2026-11-20T09:31:47Z".parse().unwrap();
        assert_eq!(without.to_string(), "2026-11-20T09:31:47Z");
        assert_eq!(without.to_offset_text(), "2026-11-20T09:31:47+00:00");
    }

    #[test]
    fn other_zones_are_read_as_utc() {
        let time: Timestamp = "2026-11-20T06:31:47-03:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-20T09:31:47Z");
    }
}
