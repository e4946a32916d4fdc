//! How much one client may ask of the service, and how slowly: rates per address and per user, throttled sign-ins,
//! uploads at once, times for heads, bodies and answers. Must never make one client pay for what another did when
//! it can tell them apart, and never hold more than a bounded memory of either.
//!
//! All of it holds per process; see `docs/decisions/0027-limits.md`.

pub(crate) mod body;
mod connection;
mod rate;
pub(crate) mod requests;
mod respond;
mod server;
mod settings;
pub(crate) mod sign_in;
mod slots;
pub(crate) mod uploads;

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use rand::RngExt;

pub(crate) use self::connection::Paced;
use self::rate::Rate;
pub(crate) use self::rate::Standing;
pub use self::server::{Server, listen, start};
pub use self::settings::LimitSettings;
pub(crate) use self::slots::{Slot, Slots};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Upload starts are saved up for a day: whoever has many files brings them one after the other.
const HOURS_SAVED: u32 = 24;

/// What a key is the key of; one rate may have several kinds.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) enum KeyKind {
    Address,
    User,
    Username,
    /// A username at an address.
    Pair,
}

/// The rates of one server and what they count by.
#[derive(Debug)]
pub(crate) struct Limits {
    anonymous: Option<Rate>,
    user: Option<Rate>,
    upload_starts: Option<Rate>,
    /// Of the shorter period and of the longer one; both must allow.
    sign_ins: Vec<Rate>,
    pub(crate) uploads: Slots,
    /// Its seeds are secret: nobody can make keys that fall together.
    hash: RandomState,
    clock: Instant,
    /// Makes what is remembered of a password useless elsewhere.
    pub(crate) password_key: [u8; 32],
}

impl Limits {
    pub(crate) fn new(settings: &LimitSettings) -> Self {
        let rate = |number, period, saved: u32| {
            let number = settings.rate(number)?;
            Some(Rate::new(number, period, number.saturating_mul(saved)))
        };
        let sign_ins = [
            rate(settings.sign_ins_per_minute, MINUTE, 1),
            rate(settings.sign_ins_per_hour, HOUR, 1),
        ];
        Self {
            anonymous: rate(settings.anonymous_requests_per_minute, MINUTE, 1),
            user: rate(settings.requests_per_minute, MINUTE, 1),
            upload_starts: rate(settings.upload_starts_per_hour, HOUR, HOURS_SAVED),
            sign_ins: sign_ins.into_iter().flatten().collect(),
            uploads: Slots::default(),
            hash: RandomState::new(),
            clock: Instant::now(),
            password_key: rand::rng().random(),
        }
    }

    /// Nanoseconds of the clock that all rates go by.
    fn now(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn key(&self, kind: KeyKind, of: impl std::hash::Hash) -> u64 {
        self.hash.hash_one((kind, of))
    }

    /// The key of an address; none of a request that has none (it came by a local socket).
    fn address_key(&self, address: Option<IpAddr>) -> Option<u64> {
        Some(self.key(KeyKind::Address, network(address?)))
    }
}

/// What one household or institution is given as its own: an IPv4 address, or the first half of an IPv6 one.
fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        // The first half of an address is never that small but for `::1` and its like.
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_client() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("2001:db8::1"));
    }
}
