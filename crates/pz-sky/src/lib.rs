//! The celestial sphere: positions as unit vectors, exact separations, sampling of caps, HEALPix cells and what
//! they cover.
//!
//! Pure functions; angles in degrees (ICRS) unless a name says otherwise; no files, no tables.

mod cap;
mod footprint;
mod healpix;
mod position;

pub use cap::point_in_cap;
pub use footprint::{Footprint, footprints};
pub use healpix::{Healpix, MAX_ORDER};
pub use position::{UnitVector, separation_deg};
