//! What a program asks of a stream, in the words that dashboards use.

use serde::Deserialize;

use crate::pictures::{Form, View, WantedSize, Wish};

/// Quality of a stream that asks for none.
const QUALITY: u8 = 70;

/// The query of a stream: `?resolution=640x360&fps=15&compression=50`. What makes no sense is left out of account, as other
/// cameras do: a dashboard appends these without asking. `view` is our own word, so what is no view is an error.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Wanted {
    action: Option<String>,
    name: Option<String>,
    resolution: Option<String>,
    fps: Option<String>,
    compression: Option<String>,
    view: Option<String>,
}

/// What mjpg-streamer's `action` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Stream,
    Snapshot,
}

impl Wanted {
    pub(crate) fn action(&self) -> Option<Action> {
        match self.action.as_deref()? {
            "stream" => Some(Action::Stream),
            "snapshot" => Some(Action::Snapshot),
            _ => None,
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The view that is asked for.
    ///
    /// # Errors
    /// With the word that is none.
    pub(super) fn view(&self) -> Result<View, &str> {
        let word = self.view.as_deref();
        word.map_or(Ok(View::Picture), |word| View::by_name(word).ok_or(word))
    }

    pub(super) fn wish(&self) -> Wish {
        let size = self.resolution.as_deref().and_then(|text| {
            let (width, height) = text.split_once(['x', 'X'])?;
            let side = |text: &str| text.trim().parse::<u32>().ok().filter(|side| *side > 0);
            Some(WantedSize::Inside([side(width)?, side(height)?]))
        });
        let quality = self
            .compression
            .as_deref()
            .and_then(|text| text.parse::<u8>().ok())
            .filter(|quality| *quality <= 100);
        let fps = self
            .fps
            .as_deref()
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|fps| (0.01..=1000.0).contains(fps));
        Wish {
            view: self.view().unwrap_or_default(),
            form: Form::Jpeg,
            size: size.unwrap_or(WantedSize::Full),
            quality: quality.map_or(QUALITY, |quality| quality.max(1)),
            max_fps: fps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(resolution: &str, fps: &str, compression: &str) -> Wish {
        let some = |text: &str| Some(text.to_owned());
        Wanted {
            resolution: some(resolution),
            fps: some(fps),
            compression: some(compression),
            ..Wanted::default()
        }
        .wish()
    }

    #[test]
    fn the_words_of_dashboards_are_understood() {
        let wish = wish("320x240", "15", "30");
        assert_eq!(wish.size, WantedSize::Inside([320, 240]));
        assert_eq!((wish.max_fps, wish.quality), (Some(15.0), 30));
    }

    #[test]
    fn a_view_is_one_of_four_words() {
        let view = |word: Option<&str>| {
            let view = word.map(str::to_owned);
            Wanted {
                view,
                ..Wanted::default()
            }
            .view()
            .map_err(str::to_owned)
        };
        assert_eq!(view(None), Ok(View::Picture));
        assert_eq!(view(Some("depth")), Ok(View::Depth));
        assert_eq!(view(Some("dpeth")), Err("dpeth".to_owned()));
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        for text in ["", "x", "-1", "0x0", "1e999", "999999999999", "320x", "nan"] {
            let wish = wish(text, text, text);
            assert_eq!(
                (wish.size, wish.max_fps, wish.quality),
                (WantedSize::Full, None, QUALITY),
                "{text}"
            );
        }
    }
}
