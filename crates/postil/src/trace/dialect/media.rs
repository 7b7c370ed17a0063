//! Parts that are not text: where each client puts the bytes of an image, a recording or a file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::node::Node;
use crate::media::{Reference, kind};
use crate::trace::model::{Media, MediaKind, MediaSource};

/// What OpenInference writes in place of content it was told to hide.
pub(crate) const HIDDEN: &str = "__REDACTED__";

/// The kind that a media type, or a word such as `image`, stands for.
pub(crate) fn kind_of(word: &str) -> MediaKind {
    match word.split(['/', '_', '-']).next().unwrap_or("") {
        "image" => MediaKind::Image,
        "audio" => MediaKind::Audio,
        "video" => MediaKind::Video,
        _ => MediaKind::File,
    }
}

/// Media at an address, which may be a data URL, a Langfuse media reference or a redaction mark.
pub(crate) fn from_url(url: &str, kind: MediaKind, mime: Option<&str>) -> Media {
    if url == HIDDEN {
        return Media { kind, mime: mime.map(str::to_owned), source: MediaSource::Redacted };
    }
    if let Some(rest) = url.strip_prefix("data:")
        && let Some((head, data)) = rest.split_once(',')
    {
        let declared = head.split(';').next().filter(|mime| !mime.is_empty()).or(mime);
        let data = if head.ends_with("base64") { data.to_owned() } else { STANDARD.encode(data) };
        let kind = declared.map_or(kind, |mime| if kind == MediaKind::File { kind_of(mime) } else { kind });
        return inline(kind, declared, data);
    }
    if let Some(reference) = Reference::parse(url) {
        return Media::kept(kind, mime, &reference);
    }
    if let Some(media) = langfuse_reference(url, kind) {
        return media;
    }
    if let Some(id) = url.strip_prefix("mlflow-attachment://") {
        // The bytes went to the MLflow server: the address means nothing elsewhere.
        let mime = id
            .split(['?', '&'])
            .find_map(|field| field.strip_prefix("content_type="))
            .map(|mime| mime.replace("%2F", "/"));
        let kind = mime.as_deref().map_or(kind, kind_of);
        let id = id.split('?').next().unwrap_or(id).to_owned();
        return Media { kind, mime, source: MediaSource::Ref { id } };
    }
    Media { kind, mime: mime.map(str::to_owned), source: MediaSource::Url { url: url.to_owned() } }
}

/// `@@@langfuseMedia:type=image/png|id=..|source=..@@@`: the bytes went to the client's media endpoint.
fn langfuse_reference(text: &str, kind: MediaKind) -> Option<Media> {
    let inner = text.strip_prefix("@@@langfuseMedia:")?.strip_suffix("@@@")?;
    let field = |name: &str| {
        inner.split('|').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name)).map(|(_, value)| value)
    };
    let mime = field("type");
    let id = field("id")?.to_owned();
    let kind = mime.map_or(kind, kind_of);
    Some(Media { kind, mime: mime.map(str::to_owned), source: MediaSource::Ref { id } })
}

/// Bytes in base64 that stand in the span itself, or what stands there for bytes that were cut out.
fn inline(kind: MediaKind, mime: Option<&str>, data: String) -> Media {
    match Reference::parse(&data) {
        Some(reference) => Media::kept(kind, mime, &reference),
        None => Media { kind, mime: mime.map(str::to_owned), source: MediaSource::Inline { data } },
    }
}

impl Media {
    /// Media that we keep. What the bytes are goes before what the client says they are.
    pub(crate) fn kept(kind: MediaKind, mime: Option<&str>, reference: &Reference) -> Media {
        let known = reference.content_type != kind::UNKNOWN;
        let mime = if known { Some(reference.content_type.as_str()) } else { mime };
        // A recording may lie in a container of films.
        let kind = match mime.map(kind_of) {
            Some(MediaKind::Video) if kind == MediaKind::Audio => MediaKind::Audio,
            Some(told) if known => told,
            _ => kind,
        };
        Media {
            kind,
            mime: mime.map(str::to_owned),
            source: MediaSource::Stored {
                url: Reference::address(&reference.sha256),
                sha256: reference.sha256.clone(),
                size: reference.size,
                content_type: reference.content_type.clone(),
            },
        }
    }
}

/// Bytes given as base64, as an address, as a byte string, or as a list of numbers.
pub(crate) fn from_bytes(node: &Node<'_>, kind: MediaKind, mime: Option<&str>) -> Option<Media> {
    let mime = mime.filter(|mime| !mime.is_empty());
    let inline = |data: String| inline(kind, mime, data);
    match node {
        Node::Text(text) if text.starts_with("data:") || text.starts_with("http") || text.starts_with("@@@") => {
            Some(from_url(text, kind, mime))
        }
        Node::Text(text) if text == HIDDEN => Some(from_url(text, kind, mime)),
        Node::Text(text) if !text.is_empty() => Some(inline(text.to_string())),
        Node::Bytes(bytes) => match std::str::from_utf8(bytes).ok().and_then(Reference::parse) {
            Some(reference) => Some(Media::kept(kind, mime, &reference)),
            None => Some(inline(STANDARD.encode(bytes))),
        },
        Node::List(items) if items.len() == 1 && items[0].text().is_some() => from_bytes(&items[0], kind, mime),
        Node::List(items) => Some(inline(STANDARD.encode(byte_list(items.iter())))),
        // A Node Buffer is {"type":"Buffer","data":[..]}; other byte arrays become {"0":137,"1":80,..}.
        Node::Map(pairs) => match node.get("data").or_else(|| node.get("url")) {
            Some(data @ (Node::List(_) | Node::Text(_))) => from_bytes(data, kind, mime),
            Some(_) => None,
            None if pairs.first().is_some_and(|(key, _)| key == "0") => {
                Some(inline(STANDARD.encode(byte_list(pairs.iter().map(|(_, value)| value)))))
            }
            None => None,
        },
        _ => None,
    }
}

fn byte_list<'n>(items: impl Iterator<Item = &'n Node<'n>>) -> Vec<u8> {
    items.filter_map(|item| item.count().and_then(|number| u8::try_from(number).ok())).collect()
}

/// Reads a part that its type says is media; `None` if the bytes are nowhere in it.
pub(crate) fn from_part(part: &Node<'_>, kind_name: &str) -> Option<Media> {
    let mime = ["mime_type", "mimeType", "mediaType", "media_type"].iter().find_map(|key| part.text_of(key));
    let kind = match part.text_of("modality") {
        Some(modality) => kind_of(modality),
        None => match kind_name {
            "image_url" | "image" | "input_image" => MediaKind::Image,
            "input_audio" | "audio" => MediaKind::Audio,
            "video" | "video_url" => MediaKind::Video,
            _ => mime.map_or(MediaKind::File, kind_of),
        },
    };
    let reference =
        |id: &str| Media { kind, mime: mime.map(str::to_owned), source: MediaSource::Ref { id: id.to_owned() } };
    // OpenAI: {"image_url": {"url": ..}} or {"image_url": ".."}.
    if let Some(holder) = part.first(&["image_url", "imageUrl", "video_url", "file_url"]) {
        let url = holder.text().or_else(|| holder.text_of("url"))?;
        return Some(from_url(url, kind, mime));
    }
    if let Some(holder) = part.first(&["input_audio", "audio"]).filter(|holder| holder.is_map()) {
        let mime = holder.text_of("format").map(|format| format!("audio/{format}"));
        return from_bytes(holder.get("data")?, MediaKind::Audio, mime.as_deref().or(Some("audio/*")));
    }
    if let Some(source) = part.get("source").filter(|source| source.is_map()) {
        let mime = source.text_of("media_type").or(mime);
        let kind = if kind == MediaKind::File { mime.map_or(kind, kind_of) } else { kind };
        if let Some(url) = source.text_of("url") {
            return Some(from_url(url, kind, mime));
        }
        if let Some(data) = source.get("data") {
            return from_bytes(data, kind, mime);
        }
        return source.text_of("file_id").map(reference);
    }
    if let Some(holder) = part.first(&["inline_data", "inlineData"]) {
        let mime = holder.text_of("mime_type").or_else(|| holder.text_of("mimeType"));
        return from_bytes(holder.get("data")?, mime.map_or(kind, kind_of), mime);
    }
    if let Some(holder) = part.get("file").filter(|holder| holder.is_map()) {
        return match holder.get("file_data") {
            Some(data) => from_bytes(data, kind, mime),
            None => holder.text_of("file_id").map(reference),
        };
    }
    if let Some(url) = part.text_of("uri").or_else(|| part.text_of("url")) {
        return Some(from_url(url, kind, mime));
    }
    if let Some(data) = part.first(&["content", "data", "image", "file_data", "base64"])
        && let Some(media) = from_bytes(data, kind, mime)
    {
        return Some(media);
    }
    part.text_of("file_id").or_else(|| part.text_of("id")).map(reference)
}
