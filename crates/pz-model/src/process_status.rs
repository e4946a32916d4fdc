//! The life of a process: the words clients compare, the finer phase, and which step may follow which.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a process is, in the words of the API. Work that waits is `Pending`: the Python library waits
/// only for `Pending` and `Running`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ProcessStatus {
    /// Submitted, and waiting for its turn.
    Pending,
    /// At work, or registering what it made.
    Running,
    /// Asked to stop, not stopped yet.
    Stopping,
    /// Stopped before its end.
    Stopped,
    /// Its product is published.
    Successful,
    /// It ended without a product.
    Failed,
}

impl ProcessStatus {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::Stopping,
        Self::Stopped,
        Self::Successful,
        Self::Failed,
    ];

    /// The word in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
        }
    }

    /// The status with exactly this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Nothing follows.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Stopped | Self::Successful | Self::Failed)
    }

    /// Whether a process with this status may get `next`. A process that was asked to stop is never
    /// successful any more.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => matches!(next, Self::Running | Self::Stopped | Self::Failed),
            Self::Running => matches!(next, Self::Stopping | Self::Successful | Self::Failed),
            Self::Stopping => matches!(next, Self::Stopped | Self::Failed),
            Self::Stopped | Self::Successful | Self::Failed => false,
        }
    }

    /// What stopping makes of it: what waits stops at once, what runs is asked to, anything else stays.
    pub const fn when_stopped(self) -> Self {
        match self {
            Self::Pending => Self::Stopped,
            Self::Running => Self::Stopping,
            other => other,
        }
    }
}

impl fmt::Display for ProcessStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a process is, more finely than its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProcessPhase {
    /// Accepted, not yet in the queue.
    Submitted,
    /// Waiting for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// Its output is being read and published.
    Registering,
    /// Over.
    Done,
}

impl ProcessPhase {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [
        Self::Submitted,
        Self::Queued,
        Self::Running,
        Self::Registering,
        Self::Done,
    ];

    /// The word in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Registering => "registering",
            Self::Done => "done",
        }
    }

    /// The phase with exactly this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == word)
    }

    /// Whether a process with this status can be in this phase.
    pub const fn fits(self, status: ProcessStatus) -> bool {
        match status {
            ProcessStatus::Pending => matches!(self, Self::Submitted | Self::Queued),
            ProcessStatus::Running | ProcessStatus::Stopping => {
                matches!(self, Self::Running | Self::Registering)
            }
            ProcessStatus::Stopped | ProcessStatus::Successful | ProcessStatus::Failed => {
                matches!(self, Self::Done)
            }
        }
    }
}

impl fmt::Display for ProcessPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_are_what_serde_writes() {
        for status in ProcessStatus::ALL {
            assert_eq!(ProcessStatus::from_word(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        for phase in ProcessPhase::ALL {
            assert_eq!(ProcessPhase::from_word(phase.as_str()), Some(phase));
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.as_str());
        }
        assert_eq!(ProcessStatus::from_word("Queued"), None);
        assert_eq!(ProcessStatus::from_word("pending"), None);
    }

    #[test]
    fn nothing_follows_an_end_and_nothing_succeeds_after_a_stop() {
        use ProcessStatus::*;
        for from in ProcessStatus::ALL {
            for to in ProcessStatus::ALL {
                assert!(!(from.is_final() && from.may_become(to)), "{from} {to}");
                assert!(!(from == to && from.may_become(to)), "{from}");
            }
            let stopped = from.when_stopped();
            assert!(stopped == from || from.may_become(stopped), "{from}");
            assert!(!stopped.may_become(Successful), "{from}");
        }
        assert!(!Pending.may_become(Successful));
        assert!(Running.may_become(Successful) && Stopping.may_become(Stopped));
    }

    #[test]
    fn every_status_has_a_phase_and_every_phase_a_status() {
        for status in ProcessStatus::ALL {
            assert!(ProcessPhase::ALL.into_iter().any(|phase| phase.fits(status)));
        }
        for phase in ProcessPhase::ALL {
            assert!(ProcessStatus::ALL.into_iter().any(|status| phase.fits(status)));
        }
        assert!(!ProcessPhase::Queued.fits(ProcessStatus::Running));
        assert!(!ProcessPhase::Running.fits(ProcessStatus::Stopped));
    }
}
