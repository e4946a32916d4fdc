//! Events: what happens to the products and processes that the caller may see.
//!
//! A page listens with the browser's `EventSource` at [`Client::EVENTS_PATH`] and reads each message with
//! [`EventReader`]; elsewhere [`Client::events`] listens.

use pz_model::api::Event;

use crate::client::decode;
use crate::{Client, Error, Result};

/// Longest event that is read, in bytes.
const EVENT_MAX_BYTES: usize = 1 << 20;

impl Client {
    /// Where events are told, relative to the server's root.
    pub const EVENTS_PATH: &'static str = "/api/events/";
}

/// Puts the pieces of a stream of events together.
#[derive(Debug, Default)]
pub struct EventReader {
    bytes: Vec<u8>,
    last_id: Option<String>,
}

impl EventReader {
    /// Takes the next piece, as it comes from the network.
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next event that is complete.
    ///
    /// # Errors
    /// When its data are none of this API, or longer than any event.
    pub fn next_event(&mut self) -> Result<Option<Event>> {
        while let Some(end) = self.bytes.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
            let block = String::from_utf8_lossy(&block);
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let Some(id) = field("id: ") {
                self.last_id = Some(id.to_owned());
            }
            if let Some(data) = field("data: ") {
                return decode(data).map(Some);
            }
        }
        if self.bytes.len() > EVENT_MAX_BYTES {
            return Err(Error::Decode("an event without end".to_owned()));
        }
        Ok(None)
    }

    /// The number to resume from.
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }
}

/// A stream of events; dropped, it ends.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
pub struct Events {
    response: reqwest::Response,
    reader: EventReader,
}

#[cfg(not(target_arch = "wasm32"))]
impl Client {
    /// Listens from now on, or after the event with this number.
    pub async fn events(&self, after: Option<&str>) -> Result<Events> {
        let mut request = self.request(crate::transport::Method::Get, Self::EVENTS_PATH, &[])?;
        if let Some(id) = after {
            request.headers.push(("Last-Event-ID", id.to_owned()));
        }
        let response = self
            .transport()
            .builder(request)?
            .send()
            .await
            .map_err(crate::transport::network)?;
        if !response.status().is_success() {
            let mut answer = crate::transport::head(&response);
            answer.body = response.text().await.map_err(crate::transport::network)?;
            crate::client::successful(answer)?;
            return Err(Error::Decode("no stream of events".to_owned()));
        }
        Ok(Events {
            response,
            reader: EventReader::default(),
        })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Events {
    /// The next event; none when the server ends the stream.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(event) = self.reader.next_event()? {
                return Ok(Some(event));
            }
            match self.response.chunk().await.map_err(crate::transport::network)? {
                Some(piece) => self.reader.push(&piece),
                None => return Ok(None),
            }
        }
    }

    /// The number to resume from after a break.
    pub fn last_id(&self) -> Option<&str> {
        self.reader.last_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_from_pieces_of_any_size() {
        let stream = concat!(
            "retry: 2000\nid: 7\n\n: alive\nid: 8\n\n",
            "id: 9\nevent: process\ndata: {\"id\":9,\"at\":\"2026-11-20T09:31:47Z\",\"kind\":\"process\",",
            "\"product\":1,\"process\":2,\"payload\":{\"status\":\"Running\"}}\n\nid: 10\n"
        );
        for size in [1, 7, stream.len()] {
            let mut reader = EventReader::default();
            let mut events = Vec::new();
            for piece in stream.as_bytes().chunks(size) {
                reader.push(piece);
                while let Ok(Some(event)) = reader.next_event() {
                    events.push(event);
                }
            }
            assert_eq!(events.len(), 1);
            assert_eq!((events[0].id, events[0].process), (9, Some(2)));
            assert_eq!(reader.last_id(), Some("9"));
        }
        let mut reader = EventReader::default();
        reader.push(b"data: {\n\n");
        assert!(reader.next_event().is_err());
        reader.push(&vec![b'x'; EVENT_MAX_BYTES + 1]);
        assert!(reader.next_event().is_err());
    }
}
