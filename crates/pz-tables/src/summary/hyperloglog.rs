//! How many different values there are, estimated in a few kilobytes. Must never depend on the order of the values
//! or on how often each occurs.
//!
//! P. Flajolet, É. Fusy, O. Gandouet and F. Meunier (2007), "`HyperLogLog`: the analysis of a near-optimal
//! cardinality estimation algorithm", with the 64-bit hash of S. Heule, M. Nunkesser and A. Hall (2013),
//! "`HyperLogLog` in Practice". The estimate is formula (algorithm 6) of O. Ertl (2017), "New cardinality estimation
//! algorithms for `HyperLogLog` sketches": it needs no table of biases and holds for any number of values. The
//! standard error is 1.04 / √m for m registers.

/// Registers of a sketch, at most: 2¹³ of one byte, for a standard error of 1.15 %.
const MAX_BITS: u32 = 13;

/// Hashes looked at together.
const WAITING: usize = 64;

/// A sketch of a set of hashes.
#[derive(Debug, Clone)]
pub(crate) struct HyperLogLog {
    registers: Vec<u8>,
    bits: u32,
    /// Smallest register, and how many have it: a hash that cannot raise it needs no look at its register.
    floor: u8,
    at_floor: usize,
    /// The lowest `floor` bits.
    floor_mask: u64,
}

impl HyperLogLog {
    /// With 2^`bits` registers.
    pub(crate) fn new(bits: u32) -> Self {
        let bits = bits.clamp(4, MAX_BITS);
        let registers = vec![0; 1 << bits];
        Self {
            at_floor: registers.len(),
            registers,
            bits,
            floor: 0,
            floor_mask: 0,
        }
    }

    /// Adds one value by its hash.
    #[inline]
    pub(crate) fn push_one(&mut self, hash: u64) {
        if hash & self.floor_mask == 0 {
            self.raise(hash);
        }
    }

    /// Adds values by their hashes, all bits of which must look random.
    #[inline]
    pub(crate) fn push(&mut self, hashes: impl Iterator<Item = u64>) {
        // Once every register holds r, only one hash in 2^r can matter. Those are collected without a branch, which
        // would be mispredicted each time.
        let mut waiting = [0; WAITING];
        let mut count = 0;
        for hash in hashes {
            if let Some(place) = waiting.get_mut(count % WAITING) {
                *place = hash;
            }
            count += usize::from(hash & self.floor_mask == 0);
            if count == WAITING {
                waiting.iter().for_each(|hash| self.raise(*hash));
                count = 0;
            }
        }
        waiting.iter().take(count).for_each(|hash| self.raise(*hash));
    }

    /// Register by the highest bits, rank by the zeros at the lower end of the others.
    fn raise(&mut self, hash: u64) {
        let rank = (hash.trailing_zeros().min(64 - self.bits) + 1) as u8;
        let Some(register) = self.registers.get_mut((hash >> (64 - self.bits)) as usize) else {
            return;
        };
        if rank <= *register {
            return;
        }
        let was_floor = *register == self.floor;
        *register = rank;
        if was_floor {
            self.at_floor -= 1;
            if self.at_floor == 0 {
                self.floor = self.registers.iter().min().copied().unwrap_or(0);
                self.at_floor = self.registers.iter().filter(|rank| **rank == self.floor).count();
                self.floor_mask = (1 << self.floor.min(63)) - 1;
            }
        }
    }

    /// The estimated number of different hashes.
    pub(crate) fn estimate(&self) -> u64 {
        let m = self.registers.len() as f64;
        let most = 64 - self.bits as usize;
        let mut counts = [0u32; 66];
        for rank in &self.registers {
            if let Some(count) = counts.get_mut(usize::from(*rank)) {
                *count += 1;
            }
        }
        let share = |rank: usize| f64::from(counts.get(rank).copied().unwrap_or(0)) / m;
        let mut z = tau(1.0 - share(most + 1));
        for rank in (1..=most).rev() {
            z = 0.5 * (z + share(rank));
        }
        z += sigma(share(0));
        (m / (2.0 * std::f64::consts::LN_2 * z)).round() as u64
    }
}

/// σ(x) = x + Σ x^(2^k) 2^(k−1), for k from 1.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut weight, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}

/// τ(x) = (1 − x − Σ (1 − x^(2^−k))² 2^−k) / 3, for k from 1.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut weight, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
}

/// Spreads the bits of a key over the whole word: the finalizer of `MurmurHash3` (A. Appleby 2011), a bijection.
#[inline]
pub(crate) fn mix(mut key: u64) -> u64 {
    key ^= key >> 33;
    key = key.wrapping_mul(0xff51_afd7_ed55_8ccd);
    key ^= key >> 33;
    key = key.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    key ^ (key >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_any_number_of_values_within_five_percent() {
        for n in [
            0u64, 1, 10, 1_001, 8_000, 20_000, 30_000, 50_000, 300_000, 3_000_000,
        ] {
            for kind in 0..3u64 {
                let mut sketch = HyperLogLog::new(13);
                for value in 0..n {
                    // Whole numbers in a row, numbers far apart, and floating-point numbers.
                    let key = match kind {
                        0 => value,
                        1 => value.wrapping_mul(1_000_003) << 20,
                        _ => (value as f64 * 0.001).to_bits(),
                    };
                    sketch.push([mix(key), mix(key)].into_iter());
                }
                let estimate = sketch.estimate() as f64;
                assert!(
                    (estimate - n as f64).abs() <= 0.05 * n as f64,
                    "{estimate} for {n} ({kind})"
                );
            }
        }
    }

    #[test]
    fn order_does_not_matter() {
        let (mut up, mut down) = (HyperLogLog::new(10), HyperLogLog::new(10));
        up.push((0..50_000).map(mix));
        down.push((0..50_000).rev().map(mix));
        assert_eq!(up.registers, down.registers);
        assert_eq!((up.floor, up.at_floor), (down.floor, down.at_floor));
    }

    #[test]
    fn hostile_hashes_are_harmless() {
        let mut sketch = HyperLogLog::new(13);
        sketch.push((0..1u64 << 13).map(|register| register << 51));
        assert!(sketch.estimate() > 1 << 60);
    }
}
