#![no_main]

mod everything;

// Panics of decoders are caught where they happen; only what escapes is a finding.
libfuzzer_sys::fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| everything::with(bytes, "fuzz.hdf5"));
