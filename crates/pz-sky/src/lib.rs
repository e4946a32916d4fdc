//! The celestial sphere: positions as unit vectors, exact separations, sampling of caps.
//!
//! Pure functions; angles in degrees (ICRS) unless a name says otherwise; no files, no tables.

mod cap;
mod position;

pub use cap::point_in_cap;
pub use position::{UnitVector, separation_deg};
