//! What is published and subscribed, whether or not a server is there.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{ClientStatus, Mailbox};
use crate::wire::ToServer;
use crate::{SubscribeOptions, TopicType, Value};

/// Values of a topic of which every one is to arrive that may wait.
const MOST_WAITING: usize = 256;

/// Bytes or elements of a value: more would make a server cut the connection, again and again.
const LONGEST_VALUE: usize = 1 << 20;

/// Everything that a server must be told; numbers are places, and are never used twice.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    topics: Vec<Option<Topic>>,
    readers: Vec<Option<Reader>>,
    /// What changed since it was taken last, in its order.
    news: Vec<ToServer>,
    /// Topics with values that wait, each once.
    waiting: VecDeque<usize>,
    pub(super) status: ClientStatus,
    /// The client ends.
    pub(super) ends: bool,
}

#[derive(Debug)]
struct Topic {
    name: String,
    topic_type: TopicType,
    properties: Map<String, Json>,
    every: bool,
    /// The last value and its local time, for whoever connects later.
    retained: Option<(Value, i64)>,
    queue: VecDeque<(Value, i64)>,
}

#[derive(Debug)]
struct Reader {
    topics: Vec<String>,
    options: SubscribeOptions,
    mailbox: Arc<Mailbox>,
}

/// A value on its way: the topic's number, the value, its local time.
pub(super) type Outgoing = (i64, Value, i64);

impl Shelf {
    pub(super) fn publish(
        &mut self,
        name: &str,
        topic_type: TopicType,
        properties: Map<String, Json>,
        every: bool,
    ) -> usize {
        let topic = Topic {
            name: name.to_owned(),
            topic_type,
            properties,
            every,
            retained: None,
            queue: VecDeque::new(),
        };
        let number = self.topics.len();
        self.tell(topic.publish(number));
        self.topics.push(Some(topic));
        number
    }

    pub(super) fn unpublish(&mut self, number: usize) {
        if self.topics.get_mut(number).and_then(Option::take).is_some() {
            self.tell(ToServer::Unpublish { pubuid: number as i64 });
        }
    }

    pub(super) fn subscribe(&mut self, topics: Vec<String>, options: SubscribeOptions, mailbox: Arc<Mailbox>) -> usize {
        let reader = Reader {
            topics,
            options,
            mailbox,
        };
        let number = self.readers.len();
        self.tell(reader.subscribe(number));
        self.readers.push(Some(reader));
        number
    }

    pub(super) fn unsubscribe(&mut self, number: usize) {
        if self.readers.get_mut(number).and_then(Option::take).is_some() {
            self.tell(ToServer::Unsubscribe { subuid: number as i64 });
        }
    }

    /// A server that comes later is told everything anyway.
    fn tell(&mut self, message: ToServer) {
        if self.status.server.is_some() {
            self.news.push(message);
        }
    }

    /// Takes a value; false when it is refused.
    pub(super) fn set(&mut self, number: usize, value: Value, local_us: i64) -> bool {
        let Some(topic) = self.topics.get_mut(number).and_then(Option::as_mut) else {
            return false;
        };
        if !value.is_finite() || !topic.topic_type.fits(&value) || value.len() > LONGEST_VALUE {
            self.status.counts.refused += 1;
            return false;
        }
        let most = if topic.every { MOST_WAITING } else { 1 };
        if topic.queue.is_empty() {
            self.waiting.push_back(number);
        } else if topic.queue.len() == most {
            topic.queue.pop_front();
            // Without a server nothing is lost: it gets the last value when it comes.
            self.status.counts.dropped += u64::from(self.status.server.is_some());
        }
        topic.queue.push_back((value.clone(), local_us));
        topic.retained = Some((value, local_us));
        true
    }

    /// The server is gone, and with it its clocks.
    pub(super) fn disconnected(&mut self, why: String) {
        let status = &mut self.status;
        (status.server, status.own, status.since_us, status.protocol) = (None, None, None, None);
        (status.offset_us, status.time_sync) = (None, None);
        status.error = Some(why);
        self.news.clear();
    }

    /// Everything anew, for a server that knows nothing: messages, and the last value of each topic.
    pub(super) fn all(&mut self) -> (Vec<ToServer>, Vec<Outgoing>) {
        self.news.clear();
        self.waiting.clear();
        let mut messages: Vec<ToServer> = Vec::new();
        let mut values = Vec::new();
        for (number, topic) in self.topics.iter_mut().enumerate() {
            let Some(topic) = topic else { continue };
            messages.push(topic.publish(number));
            topic.queue.clear();
            values.extend(topic.retained.clone().map(|(value, at)| (number as i64, value, at)));
        }
        let readers = self.readers.iter().enumerate();
        messages.extend(readers.filter_map(|(number, reader)| Some(reader.as_ref()?.subscribe(number))));
        (messages, values)
    }

    /// What is new since the last time: messages, and the values that wait.
    pub(super) fn news(&mut self) -> (Vec<ToServer>, Vec<Outgoing>) {
        let messages = std::mem::take(&mut self.news);
        let mut values = Vec::new();
        while let Some(number) = self.waiting.pop_front() {
            let Some(topic) = self.topics.get_mut(number).and_then(Option::as_mut) else {
                continue;
            };
            values.extend(topic.queue.drain(..).map(|(value, at)| (number as i64, value, at)));
        }
        // As they were set, across topics.
        values.sort_by_key(|(_, _, at)| *at);
        (messages, values)
    }

    /// Those who read a topic.
    pub(super) fn mailboxes_of(&self, topic: &str) -> impl Iterator<Item = &Arc<Mailbox>> {
        let reads = move |reader: &&Reader| {
            !reader.options.topicsonly
                && reader.topics.iter().any(|name| match reader.options.prefix {
                    true => topic.starts_with(name.as_str()),
                    false => topic == name,
                })
        };
        self.readers
            .iter()
            .flatten()
            .filter(reads)
            .map(|reader| &reader.mailbox)
    }
}

impl Topic {
    fn publish(&self, number: usize) -> ToServer {
        ToServer::Publish {
            name: self.name.clone(),
            pubuid: number as i64,
            r#type: self.topic_type.as_str().to_owned(),
            properties: self.properties.clone(),
        }
    }
}

impl Reader {
    fn subscribe(&self, number: usize) -> ToServer {
        ToServer::Subscribe {
            topics: self.topics.clone(),
            subuid: number as i64,
            options: self.options,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(every: bool) -> (Shelf, usize) {
        let mut shelf = Shelf::default();
        let number = shelf.publish("/a", TopicType::DOUBLE, Map::new(), every);
        (shelf, number)
    }

    fn numbers(values: Vec<Outgoing>) -> Vec<f64> {
        values.into_iter().filter_map(|(_, value, _)| value.as_f64()).collect()
    }

    #[test]
    fn no_nan_and_no_foreign_type_gets_through() {
        let (mut shelf, number) = shelf(false);
        for value in [Value::Double(f64::NAN), Value::Double(f64::INFINITY), Value::Int(1)] {
            assert!(!shelf.set(number, value, 0));
        }
        assert!(shelf.set(number, Value::Double(1.0), 0));
        assert_eq!(shelf.status.counts.refused, 3);
        assert_eq!(numbers(shelf.news().1), [1.0]);
    }

    #[test]
    fn of_what_only_the_newest_matters_only_the_newest_waits() {
        let (mut shelf, number) = shelf(false);
        for value in [1.0, 2.0, 3.0] {
            shelf.set(number, Value::Double(value), 0);
        }
        assert_eq!(numbers(shelf.news().1), [3.0]);
        assert!(shelf.news().1.is_empty());
    }

    #[test]
    fn of_what_all_matters_the_oldest_go_first_and_are_counted() {
        let (mut shelf, number) = shelf(true);
        shelf.status.server = "127.0.0.1:5810".parse().ok();
        for value in 0..300 {
            shelf.set(number, Value::Double(f64::from(value)), i64::from(value));
        }
        let values = numbers(shelf.news().1);
        assert_eq!((values.len(), values[0], shelf.status.counts.dropped), (256, 44.0, 44));
    }

    #[test]
    fn who_comes_later_gets_the_last_value_once() {
        let (mut shelf, number) = shelf(true);
        for value in [1.0, 2.0] {
            shelf.set(number, Value::Double(value), 0);
        }
        let (messages, values) = shelf.all();
        assert_eq!((messages.len(), numbers(values)), (1, vec![2.0]));
        assert_eq!(shelf.news(), (Vec::new(), Vec::new()));
    }
}
