//! Which microphones there are, and which one a name means.

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{Device, DeviceDirection};
use serde::Serialize;

use crate::failure::Failure;
use crate::usb;

/// ALSA's own device that leads to whatever is set up as the usual one.
const DEFAULT: &str = "default";

/// A microphone as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Microphone {
    /// What to write behind `mic:`.
    pub(crate) id: String,
    /// What it calls itself.
    pub(crate) name: String,
    /// ALSA's name for it.
    pub(crate) pcm: String,
    /// Its name on USB, the same wherever it is plugged in; absent for any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usb: Option<String>,
}

/// Lists the microphones of this machine.
///
/// # Errors
/// When ALSA cannot be used.
pub(crate) fn list() -> Result<Vec<Microphone>, Failure> {
    Ok(all()?.into_iter().map(|(microphone, _)| microphone).collect())
}

/// The list in words, or as one JSON object a line.
pub(crate) fn told(microphones: &[Microphone], json: bool) -> String {
    let line = |microphone: &Microphone| match json {
        true => serde_json::to_string(microphone).unwrap_or_default() + "\n",
        false => format!("{}\n  mic:{}\n  {}\n", microphone.name, microphone.id, microphone.pcm),
    };
    microphones.iter().map(line).collect()
}

/// Finds the one microphone that a name means.
///
/// # Errors
/// When there is none, or more than one.
pub(crate) fn find(name: &str) -> Result<Device, Failure> {
    let mut all = all()?;
    let microphones: Vec<Microphone> = all.iter().map(|(microphone, _)| microphone.clone()).collect();
    match pick(name, &microphones) {
        Ok(index) => Ok(all.swap_remove(index).1),
        // It may be there without being listed.
        Err(failure) if name == DEFAULT => host()?.default_input_device().ok_or(failure),
        Err(failure) => Err(failure),
    }
}

fn host() -> Result<cpal::Host, Failure> {
    cpal::host_from_id(cpal::HostId::Alsa).map_err(|error| Failure::of(DEFAULT, &error))
}

fn all() -> Result<Vec<(Microphone, Device)>, Failure> {
    let devices = host()?.devices().map_err(|error| Failure::of(DEFAULT, &error))?;
    let (usb_names, numbers) = (usb::names(), usb::numbers());
    let usb_name = |card: &str| usb_names.get(numbers.get(card)?).cloned();
    let microphones = devices.filter_map(|device| {
        let description = device.description().ok()?;
        let pcm = device.id().ok()?.id().to_owned();
        let hears = matches!(
            description.direction(),
            DeviceDirection::Input | DeviceDirection::Duplex | DeviceDirection::Unknown
        );
        if !hears {
            return None;
        }
        let microphone = listed(&pcm, description.name(), usb_name)?;
        Some((microphone, device))
    });
    let mut all: Vec<(Microphone, Device)> = microphones.collect();
    all.sort_by(|(one, _), (other, _)| (one.id != DEFAULT, &one.id).cmp(&(other.id != DEFAULT, &other.id)));
    all.dedup_by(|(one, _), (other, _)| one.id == other.id);
    Ok(all)
}

/// A device as it is listed; `None` for the many names that ALSA has for the same device, and for its plug-ins that are none.
fn listed(pcm: &str, name: &str, usb_name: impl Fn(&str) -> Option<String>) -> Option<Microphone> {
    const SAME: [&str; 12] = [
        "hw",
        "sysdefault",
        "front",
        "rear",
        "center_lfe",
        "side",
        "surround21",
        "surround51",
        "dsnoop",
        "dmix",
        "usbstream",
        "hdmi",
    ];
    const NO_DEVICES: [&str; 10] = [
        "null",
        "lavrate",
        "samplerate",
        "speexrate",
        "speex",
        "upmix",
        "vdownmix",
        "jack",
        "oss",
        "iec958",
    ];
    let (plugin, rest) = pcm.split_once(':').unwrap_or((pcm, ""));
    if SAME.contains(&plugin) || NO_DEVICES.contains(&plugin) || plugin.starts_with("surround") {
        return None;
    }
    let value = |key: &str| {
        rest.split(',')
            .find_map(|part| part.strip_prefix(key)?.strip_prefix('='))
    };
    let (id, usb) = match (plugin, value("CARD")) {
        // By its number a card is named twice.
        ("plughw", Some(card)) if card.parse::<u32>().is_ok() => return None,
        ("plughw", Some(card)) => {
            let first = value("DEV").is_none_or(|device| device == "0");
            let id = if first { card.to_owned() } else { pcm.to_owned() };
            (id, usb_name(card))
        }
        _ => (pcm.to_owned(), None),
    };
    Some(Microphone {
        id,
        name: name.to_owned(),
        pcm: pcm.to_owned(),
        usb,
    })
}

/// Which of the microphones a name means: its id, ALSA's name or its name on USB, whole; or else a part of any of these.
fn pick(name: &str, microphones: &[Microphone]) -> Result<usize, Failure> {
    let (wanted, only_usb) = match name.strip_prefix("usb:") {
        Some(wanted) => (wanted.trim(), true),
        None => (name, false),
    };
    let candidates = || {
        microphones
            .iter()
            .enumerate()
            .filter(|(_, microphone)| !only_usb || microphone.usb.is_some())
    };
    let is_it = |microphone: &Microphone| {
        microphone.id == wanted || microphone.pcm == wanted || microphone.usb.as_deref() == Some(wanted)
    };
    let lower = wanted.to_lowercase();
    let is_like = |microphone: &Microphone| {
        let names = [Some(&microphone.id), Some(&microphone.name), microphone.usb.as_ref()];
        names
            .into_iter()
            .flatten()
            .any(|name| name.to_lowercase().contains(&lower))
    };
    let exactly: Vec<usize> = candidates()
        .filter(|(_, microphone)| is_it(microphone))
        .map(|(index, _)| index)
        .collect();
    let nearly: Vec<usize> = candidates()
        .filter(|(_, microphone)| is_like(microphone))
        .map(|(index, _)| index)
        .collect();
    let names = |indices: &mut dyn Iterator<Item = usize>| {
        let names: Vec<String> = indices.map(|index| format!("`{}`", microphones[index].id)).collect();
        names.join(", ")
    };
    match (exactly.as_slice(), nearly.as_slice()) {
        ([only], _) | ([], [only]) => Ok(*only),
        ([], []) => {
            let there = names(&mut candidates().map(|(index, _)| index));
            let hint = match there.as_str() {
                "" => "none is plugged in that ALSA can read; `bushbaby cameras` lists them".to_owned(),
                there => format!("there is {there}"),
            };
            Err(Failure::new(format!("microphone `{name}` is not there")).with_hint(hint))
        }
        ([], several) | (several, _) => {
            let there = names(&mut several.iter().copied());
            Err(Failure::new(format!("`{name}` means several microphones")).with_hint(format!("it fits {there}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn microphones() -> Vec<Microphone> {
        let usb_name = |card: &str| (card == "C920").then(|| "usb-046d_HD_Pro_Webcam_C920_A1-02".to_owned());
        let devices = [
            ("default", "Default Audio Device"),
            ("hw:CARD=C920,DEV=0", "HD Pro Webcam C920, USB Audio"),
            ("plughw:CARD=C920,DEV=0", "HD Pro Webcam C920, USB Audio"),
            ("plughw:CARD=1,DEV=0", "HD Pro Webcam C920, USB Audio"),
            ("plughw:CARD=PCH,DEV=2", "HDA Intel PCH, ALC3246 Analog"),
            ("null", "Discard all samples"),
            ("surround71:CARD=PCH,DEV=0", "HDA Intel PCH"),
            ("pulse", "PulseAudio Sound Server"),
        ];
        devices
            .iter()
            .filter_map(|(pcm, name)| listed(pcm, name, usb_name))
            .collect()
    }

    #[test]
    fn each_microphone_is_listed_once() {
        let ids: Vec<String> = microphones().into_iter().map(|microphone| microphone.id).collect();
        assert_eq!(ids, ["default", "C920", "plughw:CARD=PCH,DEV=2", "pulse"]);
    }

    #[test]
    fn a_name_means_one_microphone() {
        let all = microphones();
        let picked = |name: &str| pick(name, &all).map(|index| all[index].id.clone());
        assert_eq!(picked("default").unwrap(), "default");
        for name in [
            "C920",
            "usb:C920",
            "c920",
            "plughw:CARD=C920,DEV=0",
            "usb:usb-046d_HD_Pro_Webcam_C920_A1-02",
        ] {
            assert_eq!(picked(name).unwrap(), "C920", "{name}");
        }
        assert_eq!(picked("intel").unwrap(), "plughw:CARD=PCH,DEV=2");
    }

    #[test]
    fn a_name_that_means_none_or_several_is_told_with_those_there() {
        let told = |name: &str, all: &[Microphone]| {
            let Failure { message, hint } = pick(name, all).unwrap_err();
            format!("{message} ({})", hint.unwrap_or_default())
        };
        let all = microphones();
        assert_eq!(
            told("Yeti", &all),
            "microphone `Yeti` is not there (there is `default`, `C920`, `plughw:CARD=PCH,DEV=2`, `pulse`)"
        );
        assert_eq!(
            told("usb:PCH", &all),
            "microphone `usb:PCH` is not there (there is `C920`)"
        );
        assert_eq!(
            told("audio", &all),
            "`audio` means several microphones (it fits `default`, `C920`, `pulse`)"
        );
        assert!(told("x", &[]).contains("none is plugged in"));
    }
}
