//! What a model can tell apart, and the short names by which people ask for it.

/// The classes of a model, in the order of its scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    /// Whether the short names of [`FAMILIES`] are known too: they are AudioSet's.
    is_audioset: bool,
}

/// A sound that no class and no short name stands for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no sound that the model knows")]
pub struct UnknownSound {
    /// The name that was there.
    pub name: String,
}

/// A short name, the classes it means (the highest of their scores counts), and from where on it counts as heard.
struct Family {
    name: &'static str,
    classes: &'static [&'static str],
    threshold: f32,
}

/// From where on a class without a short name counts as heard.
pub const DEFAULT_THRESHOLD: f32 = 0.2;

const fn family(name: &'static str, threshold: f32, classes: &'static [&'static str]) -> Family {
    Family {
        name,
        classes,
        threshold,
    }
}

/// The short names. The threshold of `baby_cry` is chosen on recordings (docs/measurements.md).
const FAMILIES: &[Family] = &[
    family(
        "baby_cry",
        0.04,
        &["Baby cry, infant cry", "Crying, sobbing", "Whimper"],
    ),
    family("baby_laughter", 0.3, &["Baby laughter"]),
    family("smoke_alarm", 0.1, &["Smoke detector, smoke alarm", "Fire alarm"]),
    family(
        "alarm",
        0.2,
        &[
            "Alarm",
            "Alarm clock",
            "Buzzer",
            "Smoke detector, smoke alarm",
            "Fire alarm",
            "Car alarm",
        ],
    ),
    family("alarm_clock", 0.2, &["Alarm clock"]),
    family("car_alarm", 0.2, &["Car alarm"]),
    family("beep", 0.2, &["Beep, bleep"]),
    family("glass", 0.1, &["Glass", "Shatter", "Smash, crash"]),
    family("dog_bark", 0.2, &["Bark", "Bow-wow", "Yip", "Dog"]),
    family("cat", 0.3, &["Cat", "Meow", "Caterwaul"]),
    family(
        "siren",
        0.1,
        &[
            "Siren",
            "Civil defense siren",
            "Police car (siren)",
            "Ambulance (siren)",
            "Fire engine, fire truck (siren)",
            "Emergency vehicle",
        ],
    ),
    family(
        "speech",
        0.5,
        &[
            "Speech",
            "Male speech, man speaking",
            "Female speech, woman speaking",
            "Child speech, kid speaking",
            "Conversation",
            "Narration, monologue",
        ],
    ),
    family("scream", 0.1, &["Screaming"]),
    family("shout", 0.2, &["Shout", "Yell", "Children shouting"]),
    family(
        "laughter",
        0.3,
        &["Laughter", "Giggle", "Belly laugh", "Chuckle, chortle"],
    ),
    family("cough", 0.3, &["Cough"]),
    family("sneeze", 0.3, &["Sneeze"]),
    family("snoring", 0.3, &["Snoring"]),
    family("breathing", 0.3, &["Breathing", "Wheeze", "Gasp"]),
    family("footsteps", 0.3, &["Walk, footsteps"]),
    family("clapping", 0.3, &["Clapping", "Applause"]),
    family("doorbell", 0.1, &["Doorbell", "Ding-dong"]),
    family("knock", 0.1, &["Knock"]),
    family("door", 0.2, &["Door", "Slam"]),
    family("telephone", 0.3, &["Telephone", "Telephone bell ringing", "Ringtone"]),
    family("gunshot", 0.1, &["Gunshot, gunfire"]),
    family("explosion", 0.1, &["Explosion"]),
    family("thunder", 0.1, &["Thunder", "Thunderstorm"]),
    family("rain", 0.2, &["Rain", "Raindrop", "Rain on surface"]),
    family("water", 0.3, &["Water", "Water tap, faucet"]),
    family("fire", 0.1, &["Fire", "Crackle"]),
    family("car_horn", 0.1, &["Vehicle horn, car horn, honking"]),
    family("engine", 0.2, &["Engine"]),
    family("vacuum_cleaner", 0.3, &["Vacuum cleaner"]),
    family("drill", 0.1, &["Drill"]),
    family("chainsaw", 0.1, &["Chainsaw"]),
    family("music", 0.3, &["Music"]),
    family("bird", 0.3, &["Bird", "Bird vocalization, bird call, bird song"]),
    family("rooster", 0.3, &["Crowing, cock-a-doodle-doo"]),
];

impl Classes {
    /// The 527 classes of AudioSet, in the order of CED.
    pub fn audioset() -> Self {
        let names = include_str!("../models/classes.txt")
            .lines()
            .map(str::to_owned)
            .collect();
        Self {
            names,
            is_audioset: true,
        }
    }

    /// The classes of somebody's own model, in the order of its scores.
    pub fn own(names: Vec<String>) -> Self {
        Self {
            names,
            is_audioset: false,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Their names, in the order of the scores.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the classes that a name means: a short name, a class's own name, or that in small letters with `_` for all else
    /// (`church_bell`).
    ///
    /// # Errors
    /// [`UnknownSound`].
    pub fn find(&self, name: &str) -> Result<Vec<usize>, UnknownSound> {
        let wanted = slug(name);
        if let Some(family) = self.family(&wanted) {
            let is_in_it = |class: &String| family.classes.contains(&class.as_str());
            return Ok(self.places(is_in_it));
        }
        let found = self.places(|class| slug(class) == wanted);
        if wanted.is_empty() || found.is_empty() {
            return Err(UnknownSound { name: name.to_owned() });
        }
        Ok(found)
    }

    /// From where on that sound counts as heard, unless the file says otherwise.
    pub fn default_threshold(&self, name: &str) -> f32 {
        self.family(&slug(name))
            .map_or(DEFAULT_THRESHOLD, |family| family.threshold)
    }

    /// Every name that [`Classes::find`] knows, short names first.
    pub fn known(&self) -> Vec<String> {
        let short = FAMILIES
            .iter()
            .filter(|_| self.is_audioset)
            .map(|family| family.name.to_owned());
        short.chain(self.names.iter().map(|name| slug(name))).collect()
    }

    fn family(&self, slug: &str) -> Option<&'static Family> {
        FAMILIES.iter().find(|family| self.is_audioset && family.name == slug)
    }

    fn places(&self, is_meant: impl Fn(&String) -> bool) -> Vec<usize> {
        (0..self.names.len())
            .filter(|place| is_meant(&self.names[*place]))
            .collect()
    }
}

/// A name in small letters, with one `_` for whatever is no letter and no digit.
fn slug(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_name_means_classes_that_there_are() {
        let classes = Classes::audioset();
        assert_eq!(classes.len(), 527);
        for family in FAMILIES {
            assert_eq!(slug(family.name), family.name);
            assert_eq!(
                classes.find(family.name).unwrap().len(),
                family.classes.len(),
                "{}",
                family.name
            );
        }
    }

    #[test]
    fn a_class_is_found_by_its_own_name_however_it_is_written() {
        let classes = Classes::audioset();
        for name in ["Church bell", "church_bell", "church bell"] {
            assert_eq!(classes.names()[classes.find(name).unwrap()[0]], "Church bell");
        }
        assert_eq!(
            classes.find("baby_cri").unwrap_err().to_string(),
            "`baby_cri` is no sound that the model knows"
        );
        assert!(classes.find("").is_err() && classes.find("_").is_err());
    }

    #[test]
    fn own_classes_have_no_short_names_but_their_own() {
        let classes = Classes::own(vec!["baby_cry".to_owned(), "parrot".to_owned()]);
        assert_eq!(classes.find("baby_cry").unwrap(), [0]);
        assert!(classes.find("dog_bark").is_err());
        assert_eq!(classes.default_threshold("baby_cry"), DEFAULT_THRESHOLD);
    }
}
